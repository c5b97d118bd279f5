"""Overlap of ranked lists: arithmetic by hand, published numbers, an independent package, and properties."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import Literal

import numba
import numpy as np
import pytest
import ranked_overlap
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.overlap import (
    MEASURES,
    RankedLists,
    jaccard,
    kendall_similarity,
    overlap,
    persistence,
    rank_biased_overlap,
)
from tests.evaluation.textbook_overlap import Groups, all_orders, kendall_distance

SET_MEASURES = (overlap, jaccard)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Starting parallel threads takes far longer than comparing a few lists."""
    n_threads = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(n_threads)


def lists(*rows: list[int]) -> RankedLists:
    width = max(map(len, rows))
    return RankedLists.without_ties([row + [-1] * (width - len(row)) for row in rows])


def tied(groups: Groups) -> RankedLists:
    """One ranking with ties."""
    items = [item for group in groups for item in group]
    scores = [-rank for rank, group in enumerate(groups) for _ in group]
    return RankedLists.from_scores([items], [scores])


def rbo(
    a: RankedLists, b: RankedLists, p: float, *, ties: Literal["averaged", "corrected"] = "averaged"
) -> tuple[float, float]:
    k = max(a.items.shape[1], b.items.shape[1])
    value = rank_biased_overlap(a, b, k, p, ties=ties)
    return float(value.extrapolated[0]), float(value.residual[0])


@st.composite
def rankings(draw: st.DrawFn, *, n_items: int = 9, max_size: int = 6) -> list[int]:
    return draw(st.permutations(range(n_items)))[: draw(st.integers(1, max_size))]


@st.composite
def rankings_with_ties(draw: st.DrawFn, size: int = 4) -> Groups:
    items = draw(st.permutations(range(7)))[:size]
    cuts = sorted(draw(st.sets(st.integers(1, size - 1))))
    return [items[i:j] for i, j in zip([0, *cuts], [*cuts, size], strict=True)]


def test_overlap_and_jaccard_by_hand() -> None:
    a, b = lists([1, 2, 3, 4], [1, 2]), lists([3, 9, 1, 8], [2, 7, 5])
    assert overlap(a, b, 4) == pytest.approx([2 / 4, 1 / 3])
    assert overlap(a, b, 1) == pytest.approx([0, 0])
    assert jaccard(a, b, 4) == pytest.approx([2 / 6, 1 / 4])


def test_empty_lists_equal_only_each_other() -> None:
    nothing, something = lists([], [1], [1]).rows(np.array([0])), lists([1])
    for measure in MEASURES.values():
        assert measure(nothing, nothing, 1) == pytest.approx([1])
        assert measure(nothing, something, 1) == pytest.approx([0])


def test_rbo_of_two_swapped_items_by_hand() -> None:
    # A_1 = 0, A_2 = 1, and 1 at every depth beyond
    p = 0.9
    assert rbo(lists([1, 2]), lists([2, 1]), p)[0] == pytest.approx((1 - p) / p * (p**2 + p**3 / (1 - p)))


def test_the_residual_of_equal_lists_by_hand() -> None:
    # minimum: nothing more in common; maximum: everything; the difference is the sum over d > 2 of p^d (1 - 2/d)
    p = 0.8
    beyond = p**3 / (1 - p) - 2 * (log(1 / (1 - p)) - p - p**2 / 2)
    assert rbo(lists([1, 2]), lists([1, 2]), p)[1] == pytest.approx((1 - p) / p * beyond)


@given(rankings(), rankings(), st.floats(0.1, 0.99))
@settings(deadline=None)  # the first example of each test compiles
def test_rbo_without_ties_equals_that_of_an_independent_package(a: list[int], b: list[int], p: float) -> None:
    n = min(len(a), len(b))  # for different lengths the package has another formula
    a, b = a[:n], b[:n]
    assert rbo(lists(a), lists(b), p)[0] == pytest.approx(ranked_overlap.rbo(a, b, p))


@given(rankings_with_ties(), rankings_with_ties(), st.sampled_from([0.5, 0.9, 0.98]))
@settings(max_examples=30, deadline=None)
def test_rbo_with_ties_is_the_mean_over_all_ways_to_break_them(a: Groups, b: Groups, p: float) -> None:
    every = [ranked_overlap.rbo(x, y, p) for x in all_orders(a) for y in all_orders(b)]
    assert rbo(tied(a), tied(b), p)[0] == pytest.approx(np.mean(every))


# rankings, p, then extrapolated and residual of RBO^a and of RBO^b, from the test data of Corsi & Urbano 2024
PUBLISHED: list[tuple[Groups, Groups, float, tuple[float, float], tuple[float, float]]] = [
    (
        [[3], [1, 5, 7], [9]],
        [[1, 9], [7], [3], [4]],
        0.930093081332594,
        (0.678580739450433, 0.484543086103469),
        (0.684614956129899, 0.484543086103469),
    ),
    (
        [[2], [5], [3], [1, 4]],
        [[5], [8], [2], [3, 9]],
        0.968922741966306,
        (0.580994268838527, 0.720749884090985),
        (0.583518284931614, 0.720749884090985),
    ),
    (
        [[3, 6], [2, 7], [10]],
        [[3, 6, 7, 10], [1, 2]],
        0.965413635276732,
        (0.92051534467649, 0.615064167117501),
        (0.956844651806714, 0.615064167117501),
    ),
    (
        [[13], [4], [1, 2, 5, 6]],
        [[11], [14], [1], [5, 6], [3, 12], [8]],
        0.936646766367491,
        (0.400042334962327, 0.495958440512111),
        (0.410333982781949, 0.495958440512111),
    ),
    (
        [[1], [15], [2, 3, 4]],
        [[1], [12, 15], [4], [6], [2, 3, 13], [5, 8]],
        0.921692836285129,
        (0.777489600166133, 0.396886098346461),
        (0.800689415509001, 0.398576396747791),
    ),
    (
        [[5], [1, 2, 3, 4, 6]],
        [[14], [11], [1, 2, 3, 6, 8, 9, 10, 13]],
        0.989677000181474,
        (0.506338899449639, 0.838353245469876),
        (0.538239342563821, 0.839008805319671),
    ),
]


@pytest.mark.parametrize(("a", "b", "p", "averaged", "corrected"), PUBLISHED)
def test_rbo_with_ties_and_different_lengths_is_as_published(
    a: Groups, b: Groups, p: float, averaged: tuple[float, float], corrected: tuple[float, float]
) -> None:
    for one, other in ((a, b), (b, a)):
        assert rbo(tied(one), tied(other), p) == pytest.approx(averaged)
        assert rbo(tied(one), tied(other), p, ties="corrected") == pytest.approx(corrected)


@given(rankings_with_ties(), st.integers(1, 4))
@settings(deadline=None)
def test_a_list_with_ties_is_1_with_itself_except_under_averaged_ties(a: Groups, k: int) -> None:
    for measure in MEASURES.values():
        assert measure(tied(a), tied(a), k) == pytest.approx([1])
    if any(len(group) > 1 for group in a):
        assert rbo(tied(a), tied(a), 0.9)[0] < 1


@pytest.mark.parametrize("k", [10, 100])
def test_persistence_gives_the_first_k_ranks_86_percent_of_the_weight(k: int) -> None:
    p = persistence(k)
    harmonic = sum(p**i / i for i in range(1, k))
    weight = 1 - p ** (k - 1) + (1 - p) / p * k * (log(1 / (1 - p)) - harmonic)
    assert weight == pytest.approx(0.855, abs=0.005)


def test_tau_by_hand() -> None:
    # the only pair is in opposite order: K = 1; max K = 2*2 + (1 + 1)/2
    assert kendall_similarity(lists([1, 2]), lists([2, 1]), 2) == pytest.approx([1 - 1 / 5])
    # (1, 2) and (1, 3) agree, 2 and 3 are in one list each: K = 1
    assert kendall_similarity(lists([1, 2]), lists([1, 3]), 2) == pytest.approx([1 - 1 / 5])


@given(rankings(), rankings())
@settings(deadline=None)
def test_tau_equals_the_four_cases_of_the_paper(a: list[int], b: list[int]) -> None:
    most = kendall_distance(a, [item + 100 for item in b])  # the distance of disjoint lists is the maximum
    width = max(len(a), len(b))
    found = kendall_similarity(lists(a), lists(b), width)
    assert found == pytest.approx([1 - kendall_distance(a, b) / most])


def test_a_tie_in_one_list_costs_half_a_pair() -> None:
    # 1 and 2 tie only in the first list: K = 1/2; max K = 2*2 + (1 + 1)/2
    assert kendall_similarity(tied([[1, 2]]), tied([[1], [2]]), 2) == pytest.approx([1 - 0.5 / 5])


@given(rankings(), rankings(), st.integers(1, 7))
@settings(deadline=None)
def test_every_measure_is_symmetric_and_between_0_and_1(a: list[int], b: list[int], k: int) -> None:
    for measure in MEASURES.values():
        (there,), (back,) = measure(lists(a), lists(b), k), measure(lists(b), lists(a), k)
        assert there == pytest.approx(back)
        assert -1e-9 <= there <= 1 + 1e-9


@given(rankings(), st.integers(1, 7))
@settings(deadline=None)
def test_a_list_is_1_with_itself_and_0_with_a_disjoint_one(a: list[int], k: int) -> None:
    for measure in MEASURES.values():
        assert measure(lists(a), lists(a), k) == pytest.approx([1])
        assert measure(lists(a), lists([item + 100 for item in a]), k) == pytest.approx([0])


@given(rankings(max_size=6), st.randoms())
@settings(deadline=None)
def test_set_measures_do_not_depend_on_the_order(a: list[int], random: object) -> None:
    shuffled = list(a)
    random.shuffle(shuffled)
    other = [0, 3, 5, 11]
    for measure in SET_MEASURES:
        assert measure(lists(a), lists(other), 6) == measure(lists(shuffled), lists(other), 6)


def test_a_tie_group_that_is_cut_ends_at_the_cut() -> None:
    cut = tied([[1], [2, 3, 4]]).first(3)
    assert (cut.tops.tolist(), cut.bottoms.tolist()) == ([[1, 2, 2]], [[1, 3, 3]])


def test_each_row_is_compared_with_the_same_row() -> None:
    a, b = lists([1, 2, 3], [4, 5, 6], [7, 8]), lists([3, 2, 1], [7, 8, 9], [7, 1])
    for measure in MEASURES.values():
        one_by_one = [measure(a.rows(np.array([i])), b.rows(np.array([i])), 3)[0] for i in range(3)]
        assert measure(a, b, 3) == pytest.approx(one_by_one)


def test_invalid_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="compared row by row, got 1 and 2 of them"):
        overlap(lists([1]), lists([1], [2]), 1)
    with pytest.raises(ValueError, match="p must be between 0 and 1, got 1"):
        rank_biased_overlap(lists([1]), lists([1]), 1, 1)
    with pytest.raises(ValueError, match=r"two tables of one shape, got \(1, 2\) and \(1, 1\)"):
        RankedLists.from_scores([[1, 2]], [[1]])
