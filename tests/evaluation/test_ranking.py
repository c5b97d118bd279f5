"""Ranks of held-out items: compared with sorting, by hand, and invariances."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.ranking import HeldOutRanks, NonFiniteScoresError, decode_ranks, encode_ranks, pool_draws, rank_held_out
from evaluation.split import Fold
from tests.evaluation import textbook
from tests.evaluation.folds import RankingCase, csr, held_out_ranks, make_fold, rank, ranking_cases

examples = settings(deadline=None, max_examples=150)  # the first example compiles the kernel


@examples
@given(ranking_cases(), st.integers(1, 6))
def test_ranks_equal_those_of_sorting(case: RankingCase, block_rows: int) -> None:
    ranks = rank(case.scores, case.seen, case.held_out, block_rows=block_rows)
    expected = [
        textbook.held_out_ranks(scores, seen, held_out)
        for scores, seen, held_out in zip(case.scores.tolist(), case.seen, case.held_out, strict=True)
    ]
    assert ranks.ranks.tolist() == list(itertools.chain(*expected))
    assert ranks.n_held_out.tolist() == [len(row) for row in expected]


@examples
@given(ranking_cases())
def test_tie_share_equals_a_count(case: RankingCase) -> None:
    shares = [
        textbook.tie_share(scores, seen, target)
        for scores, seen, held_out in zip(case.scores.tolist(), case.seen, case.held_out, strict=True)
        for target in held_out
    ]
    assert rank(case.scores, case.seen, case.held_out).tie_share == pytest.approx(sum(shares) / len(shares))


def test_ranks_of_many_users_and_items_equal_those_of_sorting() -> None:
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 60, size=(40, 501)).astype(np.float32)
    items = [rng.permutation(501) for _ in range(40)]
    n_held_out, n_seen = rng.integers(1, 5, 40), rng.integers(0, 300, 40)
    held_out = [row[:h].tolist() for row, h in zip(items, n_held_out, strict=True)]
    seen = [row[h : h + s].tolist() for row, h, s in zip(items, n_held_out, n_seen, strict=True)]
    expected = [textbook.held_out_ranks(*row) for row in zip(scores.tolist(), seen, held_out, strict=True)]
    assert rank(scores, seen, held_out).ranks.tolist() == list(itertools.chain(*expected))


def test_a_rank_counts_better_items_and_half_the_ties() -> None:
    # item 0 is held out; 1 and 2 score higher, 3 and 4 tie, 5 scores lower
    assert rank([[5, 9, 7, 5, 5, 1]], [[]], [[0]]).ranks.tolist() == [1 + 2 + 2 / 2]


def test_seen_items_never_count() -> None:
    assert rank([[5, 9, 7, 5, 5, 1]], [[1, 3]], [[0]]).ranks.tolist() == [1 + 1 + 1 / 2]


@examples
@given(ranking_cases(), st.randoms(use_true_random=False))
def test_scores_of_seen_items_do_not_matter(case: RankingCase, random: Random) -> None:
    changed = case.scores.copy()
    for row, seen in zip(changed, case.seen, strict=True):
        row[seen] = [random.choice([-3e38, 0.5, 2.0, 3e38]) for _ in seen]
    before, after = rank(case.scores, case.seen, case.held_out), rank(changed, case.seen, case.held_out)
    assert before.ranks.tolist() == after.ranks.tolist()
    assert before.tie_share == after.tie_share


def test_other_held_out_items_of_a_user_count_as_unseen() -> None:
    assert rank([[5, 9, 7, 1]], [[]], [[0, 1, 2]]).ranks.tolist() == [1, 2, 3]


@pytest.mark.parametrize("n_items", [2, 3, 8, 101])
def test_equal_scores_give_the_middle_rank(n_items: int) -> None:
    ranks = rank(np.zeros((1, n_items)), [[0]], [[n_items - 1]])
    n_unseen = n_items - 1
    assert ranks.ranks.tolist() == [(1 + n_unseen) / 2]
    assert ranks.tie_share == (1.0 if n_unseen > 1 else 0.0)


def test_the_rank_in_a_tie_is_the_mean_over_all_orders() -> None:
    scores, seen, held_out = [3, 2, 2, 2, 2, 1, 2], {6}, {1, 4}
    tied, sums = [1, 2, 3, 4], []
    for order in itertools.permutations(tied):
        ranked = [0, *order, 5]
        sums.append(sum(ranked.index(item) + 1 for item in held_out))
    ranks = rank([scores], [list(seen)], [list(held_out)]).ranks
    assert ranks.sum() == sum(sums) / math.factorial(len(tied))


def test_tied_held_out_items_of_a_user_get_different_ranks() -> None:
    assert rank(np.zeros((2, 7)), [[], [6]], [[0, 1, 2], [0, 1]]).ranks.tolist() == [3, 4, 5, 3, 4]


@examples
@given(ranking_cases())
def test_the_ith_held_out_item_has_at_least_rank_i(case: RankingCase) -> None:
    ranks = rank(case.scores, case.seen, case.held_out)
    assert (ranks.ranks >= ranks.positions).all()
    assert (ranks.ranks <= case.scores.shape[1]).all()


@examples
@given(ranking_cases(), st.randoms(use_true_random=False))
def test_renumbering_the_items_changes_nothing(case: RankingCase, random: Random) -> None:
    new = list(range(case.scores.shape[1]))
    random.shuffle(new)
    moved = np.empty_like(case.scores)
    moved[:, new] = case.scores
    seen, held_out = ([[new[item] for item in row] for row in rows] for rows in (case.seen, case.held_out))
    assert rank(moved, seen, held_out).ranks.tolist() == rank(case.scores, case.seen, case.held_out).ranks.tolist()


@examples
@given(ranking_cases(), st.integers(-100, 100))
def test_adding_a_constant_to_scores_changes_nothing(case: RankingCase, constant: int) -> None:
    before = rank(case.scores, case.seen, case.held_out)
    assert rank(case.scores + constant, case.seen, case.held_out).ranks.tolist() == before.ranks.tolist()


def test_ranks_do_not_depend_on_threads() -> None:
    rng = np.random.default_rng(0)
    scores, items = rng.random((50, 9), np.float32), np.array([rng.permutation(9) for _ in range(50)])
    fold = make_fold(items[:, :3].tolist(), items[:, 3:5].tolist(), 9)
    one, several = (rank_held_out(lambda users: scores[users], fold, threads=n, block_rows=7).ranks for n in (1, 3))
    assert several.tolist() == one.tolist()


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("where", "block_rows"), [(0, 1), (1, 2), (2, 1)], ids=["held out", "seen", "other"])
def test_scores_that_are_not_finite_are_refused(score: float, where: int, block_rows: int) -> None:
    scores = np.ones((2, 4))
    scores[1, where] = score
    with pytest.raises(NonFiniteScoresError, match="NaN or infinity among the scores that rank 1 held-out items"):
        rank(scores, [[], [1]], [[0], [0]], block_rows=block_rows)


def test_scores_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"scores of 1 users for 3 items have shape \(1, 2\)"):
        rank_held_out(lambda users: np.ones((len(users), 2), np.float32), make_fold([[1]], [[0]], 3))


@pytest.mark.parametrize("block_rows", [2, None])
def test_models_score_the_users_of_the_fold(block_rows: int | None) -> None:
    scores = np.random.default_rng(0).random((10, 4), np.float32)
    fold = make_fold([[0], [1], [2]], [[1], [2], [3]], 4)
    later = Fold(
        train=scores, users=np.array([2, 5, 9]), histories=fold.histories, held_out=fold.held_out, fold_in=False
    )
    ranks = rank_held_out(lambda users: scores[users], later, block_rows=block_rows)
    assert ranks.users.tolist() == [2, 5, 9]
    assert ranks.ranks.tolist() == rank(scores[[2, 5, 9]], [[0], [1], [2]], [[1], [2], [3]]).ranks.tolist()


@pytest.mark.parametrize("block_rows", [2, None])
def test_models_score_the_histories_of_cold_start_users(block_rows: int | None) -> None:
    weights = np.random.default_rng(0).random((4, 4), np.float32)
    seen, held_out = [[0], [1, 3], [2]], [[1], [2], [3]]
    histories = csr(seen, 4)
    fold = Fold(train=histories, users=np.arange(3), histories=histories, held_out=csr(held_out, 4), fold_in=True)
    ranks = rank_held_out(lambda rows: rows @ weights, fold, block_rows=block_rows)
    assert ranks.ranks.tolist() == rank(histories @ weights, seen, held_out).ranks.tolist()


def test_scores_may_have_any_memory_order_and_indices_any_width() -> None:
    scores = np.random.default_rng(0).random((3, 5))
    fold = make_fold([[0], [1], [2]], [[1], [2], [3]], 5)
    for matrix in (fold.histories, fold.held_out):
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int32)
    ranks = rank_held_out(lambda users: np.asfortranarray(scores[users]), fold)
    assert ranks.ranks.tolist() == rank(scores, [[0], [1], [2]], [[1], [2], [3]]).ranks.tolist()


def test_ranking_leaves_the_fold_and_the_scores_unchanged() -> None:
    scores = np.random.default_rng(0).random((2, 5), np.float32)
    fold = make_fold([[0], [1]], [[1], [2, 3]], 5)
    before = scores.copy(), fold.histories.copy(), fold.held_out.copy()
    rank_held_out(lambda users: scores, fold)
    assert (scores == before[0]).all()
    assert (fold.histories != before[1]).nnz == 0
    assert (fold.held_out != before[2]).nnz == 0


@given(st.lists(st.integers(2, 2**31 - 1)))
def test_encoding_ranks_is_lossless(doubled: list[int]) -> None:
    ranks = np.array(doubled, np.float64) / 2
    text = encode_ranks(ranks)
    assert text.isascii()
    assert decode_ranks(text).tolist() == ranks.tolist()


def test_encoded_ranks_are_short() -> None:
    ranks = np.random.default_rng(0).integers(1, 3000, 5000).astype(np.float64)
    assert len(encode_ranks(ranks)) < 3 * len(ranks)


@pytest.mark.parametrize("text", ["", "no base64!", "AAAA", encode_ranks(np.ones(3))[:-8]])
def test_text_without_encoded_ranks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a text written by encode_ranks"):
        decode_ranks(text)


def test_pooled_draws_keep_every_row() -> None:
    first, second = held_out_ranks([1], [2, 7]), held_out_ranks([3, 4], [9.5])
    pooled = pool_draws([first, second])
    assert pooled.users.tolist() == [0, 1, 0, 1]
    assert pooled.indptr.tolist() == [0, 1, 3, 5, 6]
    assert pooled.ranks.tolist() == [1, 2, 7, 3, 4, 9.5]


def test_the_tie_share_of_pooled_draws_weights_all_held_out_items_equally() -> None:
    tied, distinct = rank(np.zeros((1, 4)), [[]], [[0]]), rank([[1, 2, 3, 4]], [[]], [[0, 1, 2]])
    assert pool_draws([tied, distinct]).tie_share == (1 * 1 + 3 * 0) / 4


def test_ranks_of_another_fold_are_refused() -> None:
    with pytest.raises(ValueError, match="does not divide 2 ranks among 1 users"):
        HeldOutRanks(users=np.arange(1), indptr=np.array([0, 1]), ranks=np.ones(2), tie_share=0.0)


def test_users_without_a_held_out_item_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one held-out item"):
        held_out_ranks([1], [])


def test_importing_does_not_load_numba() -> None:
    modules = "ranking", "factor_ranking", "metrics", "overlap", "significance", "split", "rating_errors"
    code = f"import sys, {', '.join(f'evaluation.{module}' for module in modules)}; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
