"""A sample of a grid is small and leaves out no pair of values."""

from __future__ import annotations

from itertools import combinations, product

from tests.models.grids import all_pairs


def test_any_two_values_meet_in_few_combinations() -> None:
    choices = ("abc", [0, 1], "xyz", [2.0, 3.0, 5.0], "mno")
    sample = all_pairs(*choices)
    for one, other in combinations(range(len(choices)), 2):
        assert {(row[one], row[other]) for row in sample} == set(product(choices[one], choices[other]))
    assert len(sample) <= 15  # of 162


def test_two_parameters_are_combined_in_full() -> None:
    assert sorted(all_pairs([1, 2], [3, 4, 5])) == list(product([1, 2], [3, 4, 5]))
