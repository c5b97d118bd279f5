"""Beyond-accuracy metrics: arithmetic by hand, and loops over pairs."""

from __future__ import annotations

from itertools import combinations
from math import log2, sqrt

import numpy as np
import pytest

from evaluation import beyond_accuracy
from evaluation.beyond_accuracy import coverage, gini, intra_list_diversity, novelty, popularity
from tests.evaluation.folds import csr

LISTS = np.array([[0, 1], [0, 2], [0, -1]], np.int32)


def test_coverage_counts_the_items_of_all_lists() -> None:
    assert coverage(LISTS, 5) == pytest.approx(3 / 5)


def test_gini_by_hand() -> None:
    # shown 0, 0, 1, 1, 3 times: the sum of (2i - 6) shown_i over 5 * 5
    assert gini(LISTS, 5) == pytest.approx((0 * 1 + 2 * 1 + 4 * 3) / (5 * 5))


def test_gini_is_0_for_equal_exposure_and_nearly_1_for_a_single_item() -> None:
    assert gini(np.arange(10, dtype=np.int32)[None], 10) == pytest.approx(0)
    assert gini(np.zeros((4, 1), np.int32), 100) == pytest.approx(99 / 100)
    assert gini(np.full((2, 3), -1, np.int32), 4) == 0


def test_popularity_and_novelty_are_means_without_the_padding() -> None:
    n_likes = np.array([8, 4, 1, 0])
    assert popularity(LISTS, n_likes, 16) == pytest.approx([(8 + 4) / 2 / 16, (8 + 1) / 2 / 16, 8 / 16])
    assert novelty(LISTS, n_likes, 16) == pytest.approx([(1 + 2) / 2, (1 + 4) / 2, 1])
    assert novelty(np.array([[3]], np.int32), n_likes, 16) == pytest.approx([log2(16)])


def test_diversity_by_hand() -> None:
    train = csr([[0, 1], [0, 1], [0, 2]], 4)
    # cosines: (0, 1) 2 / sqrt(3 * 2), (0, 2) 1 / sqrt(3), (1, 2) 0
    lists = np.array([[0, 1, 2], [0, 3, -1], [1, -1, -1]], np.int32)
    expected = [1 - (2 / sqrt(6) + 1 / sqrt(3) + 0) / 3, 1, np.nan]
    assert intra_list_diversity(lists, train) == pytest.approx(expected, nan_ok=True)


def test_diversity_equals_a_loop_over_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond_accuracy, "BLOCK_ROWS", 3)
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(rng.random(12) < 0.4).tolist() for _ in range(30)]
    train = csr(rows, 12)
    lists = np.array([rng.permutation(12)[:5] for _ in range(8)], np.int32)
    columns = train.toarray()
    columns = columns / np.maximum(np.linalg.norm(columns, axis=0), 1)
    slow = [1 - np.mean([columns[:, i] @ columns[:, j] for i, j in combinations(row, 2)]) for row in lists]
    assert intra_list_diversity(lists, train) == pytest.approx(slow)
