"""The conventions of several libraries on the same scores: arithmetic by hand, and our own metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from evaluation.conventions import CONVENTIONS, Convention, TieCounts, count_ties
from evaluation.metrics import average_precision, reciprocal_rank
from tests.evaluation.folds import RankingCase, make_fold, rank, ranking_cases

BY_LIBRARY = {convention.library: convention for convention in CONVENTIONS}


def counted(scores: list[list[float]], seen: list[list[int]], held_out: list[list[int]]) -> TieCounts:
    table = np.asarray(scores, np.float32)
    return count_ties(lambda users: table[users], make_fold(seen, held_out, table.shape[1]))


def test_ties_before_and_after_are_counted_without_seen_items() -> None:
    counts = counted([[5, 1, 1, 1, 9, 1, 5]], [[3, 6]], [[2]])
    assert (counts.higher.tolist(), counts.tied_before.tolist(), counts.tied_after.tolist()) == ([2], [1], [1])


def test_constant_scores_rank_by_the_tie_rule_of_the_library() -> None:
    counts = counted([[0, 0, 0, 0, 0]], [[]], [[1]])
    expected = {
        "mfbench": 1 / 3,
        "implicit": 1 / 4,
        "irspack": 1 / 2,
        "RecBole": 1 / 3,
        "LensKit": 1 / 3,
        "LightFM": 1 / 5,
        "Elliot": 1 / 3,
    }
    assert {name: c.mean_reciprocal_rank(counts, 100) for name, c in BY_LIBRARY.items()} == pytest.approx(expected)


def test_average_precision_has_the_divisor_of_the_library() -> None:
    # three held-out items at ranks 1, 2 and 4; a list of 2 can hold two of them
    counts = counted([[9, 8, 7, 6, 5]], [[]], [[0, 1, 3]])
    at_2 = {name: convention.mean_average_precision(counts, 2) for name, convention in BY_LIBRARY.items()}
    assert at_2["mfbench"] == pytest.approx((1 + 1) / 2)
    assert at_2["irspack"] == pytest.approx((1 + 1) / 3)
    assert BY_LIBRARY["mfbench"].mean_average_precision(counts, 4) == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_without_relevance_every_depth_counts() -> None:
    # one held-out item at rank 2: precisions 0, 1/2, 1/3
    counts = counted([[9, 8, 7]], [[]], [[1]])
    assert BY_LIBRARY["Elliot"].mean_average_precision(counts, 3) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)
    assert BY_LIBRARY["Elliot"].mean_average_precision(counts, 1) == 0


@given(ranking_cases(max_held_out=1))
@settings(deadline=None)  # the first example compiles
def test_our_convention_equals_our_metrics_for_one_held_out_item(case: RankingCase) -> None:
    ranks = rank(case.scores, case.seen, case.held_out)
    counts = counted(case.scores.tolist(), case.seen, case.held_out)
    ours = Convention("mfbench", "half", "min(k, n)")
    assert ours.mean_reciprocal_rank(counts, 5) == pytest.approx(reciprocal_rank(ranks, 5).mean())
    assert ours.mean_average_precision(counts, 3) == pytest.approx(average_precision(ranks, 3).mean())


def test_seen_items_count_if_they_may_return() -> None:
    table = np.asarray([[5, 1, 1, 1, 9, 1, 5]], np.float32)
    fold = replace(make_fold([[3, 6]], [[2]], 7), seen_may_return=True)
    counts = count_ties(lambda users: table[users], fold)
    assert (counts.higher.tolist(), counts.tied_before.tolist(), counts.tied_after.tolist()) == ([3], [1], [2])
