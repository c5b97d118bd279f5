"""Ratings in folds: no leak of held-out or withheld ratings, and ranks comparable to those of models of likes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings

from evaluation import withholding
from evaluation.interactions import Interactions, Ratings
from evaluation.ranking import rank_held_out
from evaluation.split import Fold, Split, SplitOptions, split_likes
from tests.evaluation.test_split import OPTIONS, pairs

N_USERS, N_ITEMS = 60, 40


def rated(seed: int = 0) -> Interactions:
    """Ratings, of which 4 and more are likes; the timestamp of a rating is its row-major index."""
    rng = np.random.default_rng(seed)
    is_rated = rng.random((N_USERS, N_ITEMS)) < 0.4
    is_rated[:, 0] = is_rated[0] = True
    values = rng.integers(0, 6, is_rated.shape).astype(np.float32)
    values[:, 0] = values[0] = 5
    users, items = np.nonzero(is_rated)
    indptr = np.concatenate([[0], np.cumsum(is_rated.sum(axis=1))])
    matrix = sp.csr_array((values[is_rated], items.astype(np.int32), indptr), shape=is_rated.shape)
    is_liked = values[is_rated] >= 4
    likes = Interactions.from_rows("toy", users[is_liked], items[is_liked], timestamps=np.arange(is_liked.sum()))
    assert likes.matrix.shape == is_rated.shape
    return replace(likes, ratings=Ratings(matrix=matrix, timestamps=users * N_ITEMS + items))


def withheld_pairs(fold: Fold) -> set[tuple[int, int]]:
    assert fold.ratings is not None
    withheld = fold.ratings.withheld
    return set(zip(withheld.users.tolist(), withheld.items.tolist(), strict=True))


def seen_pairs(fold: Fold) -> set[tuple[int, int]]:
    assert fold.ratings is not None
    return pairs(fold.ratings.train.matrix) | pairs(fold.ratings.histories, fold.users)


def all_folds(split: Split) -> list[Fold]:
    return [*split.validation, split.test.open()]


@given(options=OPTIONS)
@settings(max_examples=30, deadline=None)
def test_no_fold_trains_on_held_out_withheld_or_test_ratings(options: SplitOptions) -> None:
    split = split_likes(rated(), options)
    test = split.test.open()
    sealed = withheld_pairs(test) | pairs(test.held_out, test.users)
    for fold in all_folds(split):
        assert not seen_pairs(fold) & (withheld_pairs(fold) | pairs(fold.held_out, fold.users))
        assert not fold.fold_in or not {u for u, _ in withheld_pairs(fold)} & set(fold.users.tolist())
    for fold in split.validation:
        assert not (seen_pairs(fold) | withheld_pairs(fold)) & sealed


def test_all_other_ratings_are_trained_on_including_low_ones_and_zeros() -> None:
    data = rated()
    assert data.ratings is not None
    test = split_likes(data, SplitOptions()).test.open()
    removed = withheld_pairs(test) | pairs(test.held_out, test.users)
    everything = pairs(data.ratings.matrix)
    assert test.ratings is not None
    assert pairs(test.ratings.train.matrix) == everything - removed
    assert (test.ratings.train.matrix.data == 0).any()
    assert len(withheld_pairs(test)) == round(0.05 * len(everything))


def test_ratings_and_timestamps_stay_with_their_pairs() -> None:
    data = rated()
    assert data.ratings is not None
    dense = data.ratings.matrix.toarray()
    for fold in all_folds(split_likes(data, SplitOptions())):
        assert fold.ratings is not None
        withheld, train = fold.ratings.withheld, fold.ratings.train
        assert withheld.timestamps is not None
        assert (withheld.ratings == dense[withheld.users, withheld.items]).all()
        assert (withheld.timestamps == withheld.users * N_ITEMS + withheld.items).all()
        rows, columns = train.matrix.nonzero() if (train.matrix.data != 0).all() else sp.coo_array(train.matrix).coords
        assert (train.matrix.data == dense[rows, columns]).all()
        assert train.timestamps is not None
        assert (train.timestamps == rows * N_ITEMS + columns).all()


def test_other_draws_and_seeds_withhold_other_ratings() -> None:
    first, second = split_likes(rated(), SplitOptions(draws=2)).validation
    again = split_likes(rated(), SplitOptions(draws=2)).validation[0]
    other = split_likes(rated(), SplitOptions(draws=2, seed=1)).validation[0]
    assert withheld_pairs(first) == withheld_pairs(again)
    assert withheld_pairs(first) != withheld_pairs(second)
    assert withheld_pairs(first) != withheld_pairs(other)


def test_the_number_of_withheld_ratings_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withholding, "MAX_WITHHELD", 7)
    for fold in all_folds(split_likes(rated(), SplitOptions())):
        assert len(withheld_pairs(fold)) == 7


def test_ratings_do_not_change_the_split_of_the_likes() -> None:
    data = rated()
    with_them, without = (split_likes(each, SplitOptions()) for each in (data, replace(data, ratings=None)))
    assert (with_them.test.hash, with_them.validation_hash) == (without.test.hash, without.validation_hash)


def test_models_of_ratings_are_ranked_against_the_same_items() -> None:
    """With equal scores, a held-out item has the same rank in both forms of the fold."""
    scores = np.random.default_rng(0).random((N_USERS, N_ITEMS), np.float32)
    for fold in all_folds(split_likes(rated(), SplitOptions())):
        as_likes = rank_held_out(lambda users: scores[users], fold)
        as_ratings = rank_held_out(lambda users: scores[users], fold.of_ratings)
        assert (as_likes.ranks == as_ratings.ranks).all()
        assert fold.of_ratings.train.nnz > fold.train.nnz


def test_a_fold_without_ratings_is_refused() -> None:
    fold = split_likes(replace(rated(), ratings=None), SplitOptions()).validation[0]
    with pytest.raises(ValueError, match="no ratings to learn from, only likes; give data with a rating column"):
        _ = fold.of_ratings
