"""Ranks by inner products equal ranks by all scores, although most scores are not computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from evaluation import factor_ranking, ranking
from evaluation.factor_ranking import rank_by_factors
from evaluation.fold import Fold
from evaluation.ranking import HeldOutRanks, NonFiniteScoresError, rank_held_out
from tests.evaluation.folds import RankingCase, make_fold, ranking_cases

examples = settings(deadline=None, max_examples=150)  # the first example compiles the kernel


def assert_same(x: NDArray[np.float32], y: NDArray[np.float32], fold: Fold, *, threads: int = 1) -> HeldOutRanks:
    ranks = rank_by_factors(x, y, fold, threads=threads)
    expected = rank_held_out(lambda users: x[users] @ y.T, fold)
    assert ranks.ranks.tolist() == expected.ranks.tolist()
    assert ranks.tie_share == expected.tie_share
    return ranks


@examples
@given(ranking_cases(), st.integers(1, 4), st.data())
def test_ranks_equal_those_of_all_scores(case: RankingCase, n_factors: int, data: st.DataObject) -> None:
    n_users, n_items = case.scores.shape
    small = st.integers(-2, 2).map(float)  # products are exact, and many tie
    x = data.draw(arrays(np.float32, (n_users, n_factors), elements=small))
    y = data.draw(arrays(np.float32, (n_items, n_factors), elements=small))
    assert_same(x, y, make_fold(case.seen, case.held_out, n_items))


@pytest.mark.parametrize("threads", [1, 3])
def test_most_scores_are_not_computed_if_few_item_vectors_are_long(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    n_users, n_items = 300, 2000
    y = (rng.integers(-3, 4, (n_items, 8)) * 2.0 ** rng.integers(-9, 1, (n_items, 1))).astype(np.float32)
    x = rng.integers(-3, 4, (n_users, 8)).astype(np.float32)
    best = np.argsort(-(x @ y.T), axis=1, kind="stable")
    held_out = best[np.arange(n_users), rng.integers(0, 60, n_users)]
    fold = make_fold(
        [row[row != h].tolist() for row, h in zip(best[:, ::9], held_out, strict=True)], held_out[:, None], n_items
    )
    computed: list[int] = []
    blocks = factor_ranking.rank_blocks

    def counting(scores, rows, *rest, **how):
        return blocks(lambda block: (found := scores(block), computed.append(found.size))[0], rows, *rest, **how)

    monkeypatch.setattr(factor_ranking, "rank_blocks", counting)
    monkeypatch.setattr(ranking, "BLOCK_ROWS", 16)
    monkeypatch.setattr(ranking, "BLOCK_BYTES", 1)
    assert_same(x, y, fold, threads=threads)
    assert len(computed) == -(-n_users // 16)
    assert sum(computed) < n_users * n_items / 2


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 3e38])
def test_vectors_whose_product_is_not_finite_are_refused(number: float) -> None:
    y = np.array([[3], [2], [number]], np.float32)
    with pytest.raises(NonFiniteScoresError, match="NaN or infinity among the scores that rank 1 held-out items"):
        rank_by_factors(np.full((1, 1), 2, np.float32), y, make_fold([[]], [[0]], 3))


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e20])
def test_vectors_of_any_length_are_ranked(scale: float) -> None:
    y = (np.arange(6, 0, -1)[:, None] * np.float32(scale)).astype(np.float32)
    assert rank_by_factors(np.ones((1, 1), np.float32), y, make_fold([[1]], [[4]], 6)).ranks.tolist() == [4]
