"""Metrics: arithmetic by hand, textbook versions on ranked lists, and properties."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.metrics import PER_USER, REPORTED, InvalidMetricError, Metric, formula
from tests.evaluation import textbook
from tests.evaluation.folds import RankingCase, held_out_ranks, rank, ranking_cases

examples = settings(deadline=None, max_examples=150)  # the first example compiles the kernel

# one held-out item; three; four, two of which are in a tie of four items at ranks 2 to 5; none within 10
RANKS = held_out_ranks([4], [1, 3, 20], [3, 4, 7, 10], [11])
BY_HAND = {
    "mrr": [1 / 4, 1 / 1, 1 / 3, 0],
    "map": [
        1 / 1 * (1 / 4),
        1 / 3 * (1 / 1 + 2 / 3),
        1 / 4 * (1 / 3 + 2 / 4 + 3 / 7 + 4 / 10),
        0,
    ],
    "hr": [1, 1, 1, 0],
    "ndcg": [
        1 / log2(1 + 4),
        (1 / log2(1 + 1) + 1 / log2(1 + 3)) / (1 / log2(2) + 1 / log2(3) + 1 / log2(4)),
        (1 / log2(1 + 3) + 1 / log2(1 + 4) + 1 / log2(1 + 7) + 1 / log2(1 + 10))
        / (1 / log2(2) + 1 / log2(3) + 1 / log2(4) + 1 / log2(5)),
        0,
    ],
    "recall": [1 / 1, 2 / 3, 4 / 4, 0],
    "precision": [1 / 10, 2 / 10, 4 / 10, 0],
}
TWINS: dict[str, Callable[[list[int], set[int], int], float]] = {
    "mrr": textbook.reciprocal_rank,
    "map": textbook.average_precision,
    "hr": textbook.hit_rate,
    "ndcg": textbook.ndcg,
    "recall": textbook.recall,
    "precision": textbook.precision,
}


@pytest.mark.parametrize("name", PER_USER)
def test_values_equal_arithmetic_by_hand(name: str) -> None:
    assert Metric(name, 10).per_user(RANKS) == pytest.approx(BY_HAND[name], abs=1e-15)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("map", 1 / 2 * (1 / 1)), ("ndcg", (1 / log2(2)) / (1 / log2(2) + 1 / log2(3))), ("recall", 1 / 3)],
)
def test_a_short_list_is_compared_with_the_best_possible_one(name: str, expected: float) -> None:
    assert Metric(name, 2).per_user(held_out_ranks([1, 3, 4])).tolist() == [expected]


@pytest.mark.parametrize("name", PER_USER)
def test_rank_k_is_a_hit_and_k_plus_a_half_is_not(name: str) -> None:
    inside, outside = Metric(name, 3).per_user(held_out_ranks([3], [3.5]))
    assert inside > 0
    assert outside == 0


@examples
@given(case=ranking_cases(ties=False), k=st.integers(1, 14))
def test_values_equal_those_of_ranked_lists(case: RankingCase, k: int) -> None:
    ranks = rank(case.scores, case.seen, case.held_out)
    for name in PER_USER:
        expected = [
            TWINS[name](textbook.unseen_best_first(scores, seen), set(held_out), k)
            for scores, seen, held_out in zip(case.scores.tolist(), case.seen, case.held_out, strict=True)
        ]
        assert Metric(name, k).per_user(ranks) == pytest.approx(expected, abs=1e-12), name


@examples
@given(case=ranking_cases(), k=st.integers(1, 14))
def test_values_lie_between_0_and_1_with_ties(case: RankingCase, k: int) -> None:
    ranks = rank(case.scores, case.seen, case.held_out)
    for name in PER_USER:
        values = Metric(name, k).per_user(ranks)
        assert values.dtype == np.float64, name
        assert values.shape == (len(case.held_out),), name
        assert (values >= 0).all(), name
        assert (values <= 1 + 1e-12).all(), name


@pytest.mark.parametrize("name", PER_USER)
def test_held_out_items_at_the_top_score_1(name: str) -> None:
    for n in (1, 3, 12):
        assert Metric(name, n).per_user(held_out_ranks(range(1, n + 1))) == pytest.approx([1])


@examples
@given(case=ranking_cases(), k=st.integers(1, 10))
def test_metrics_without_k_in_the_divisor_never_fall_as_k_grows(case: RankingCase, k: int) -> None:
    ranks = rank(case.scores, case.seen, case.held_out)
    for name in ("mrr", "hr", "recall"):
        assert (Metric(name, k + 1).per_user(ranks) >= Metric(name, k).per_user(ranks)).all(), name


@examples
@given(ranking_cases(max_held_out=1), st.integers(1, 30))
def test_average_precision_equals_reciprocal_rank_for_one_held_out_item(case: RankingCase, k: int) -> None:
    ranks = rank(case.scores, case.seen, case.held_out)
    assert Metric("map", k).per_user(ranks).tolist() == Metric("mrr", k).per_user(ranks).tolist()


def test_constant_scores_earn_nothing() -> None:
    n_items = 1001
    ranks = rank(np.zeros((1, n_items)), [[]], [[0]])
    assert all(metric.per_user(ranks).tolist() == [0] for metric in REPORTED)


@pytest.mark.parametrize(
    ("text", "name", "k"), [("mrr@100", "mrr", 100), ("MAP@30", "map", 30), (" Recall@5 ", "recall", 5)]
)
def test_metrics_are_parsed_in_any_case(text: str, name: str, k: int) -> None:
    assert Metric.parse(text) == Metric(name, k)


@pytest.mark.parametrize("metric", REPORTED, ids=str)
def test_text_label_and_key_of_a_metric_agree(metric: Metric) -> None:
    assert Metric.parse(str(metric)) == metric
    assert Metric.parse(metric.label) == metric
    assert metric.key == str(metric).replace("@", "_at_")


def test_metrics_have_readable_labels() -> None:
    assert [str(metric) for metric in REPORTED][:2] == ["mrr@100", "map@30"]
    assert [metric.label for metric in REPORTED][-2:] == ["Recall@100", "Precision@10"]
    assert Metric.parse("ndcg@10").label == "NDCG@10"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "mmr@10",
            "Unknown metric 'mmr'. Choose one of: mrr, map, hr, ndcg, recall, precision. Did you mean 'mrr'?",
        ),
        ("auc@10", "Unknown metric 'auc'. Choose one of: mrr, map, hr, ndcg, recall, precision."),
        ("", "Unknown metric ''. Choose one of: mrr, map, hr, ndcg, recall, precision."),
        ("mrr", "Metric 'mrr' needs a whole number after an @, such as mrr@10"),
        ("mrr@", "Metric 'mrr@' needs a whole number after an @, such as mrr@10"),
        ("mrr@ten", "Metric 'mrr@ten' needs a whole number after an @, such as mrr@10"),
        ("mrr@-5", "Metric 'mrr@-5' needs a whole number after an @, such as mrr@10"),
        ("mrr@1.5", "Metric 'mrr@1.5' needs a whole number after an @, such as mrr@10"),
        ("mrr@0", "The k of a metric must be at least 1, got mrr@0"),
    ],
)
def test_invalid_metrics_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidMetricError) as raised:
        Metric.parse(text)
    assert str(raised.value) == message


@pytest.mark.parametrize("name", PER_USER)
def test_every_metric_has_a_formula(name: str) -> None:
    short = "AP" if name == "map" else "RR" if name == "mrr" else Metric(name, 1).label.partition("@")[0]
    assert formula(name).startswith(f"{short}@k = ")
