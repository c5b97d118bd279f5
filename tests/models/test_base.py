"""What Recommender does for every model: it checks input and makes lists. Tested once, not once for each model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from models.base import NotFittedError, Recommender
from models.ials import IALS, IALSConfig
from models.item2item import Item2Item
from models.popularity import Popularity
from models.random import Random
from models.svd import SVD, SVDConfig
from models.testing import random_likes
from models.testing.contract import (
    HEAVY_USER,
    LIKES,
    N_ITEMS,
    N_USERS,
    UNSEEN_BY_HEAVY_USER,
    USERS,
    assert_equal,
    sorted_scores,
)

POPULARITY = Popularity().fit(LIKES)


def of_scores() -> Recommender[Any]:
    return Item2Item()


def of_vectors() -> Recommender[Any]:
    return SVD(SVDConfig(n_factors=6))


@pytest.fixture(scope="module", params=[of_scores, of_vectors])
def fitted(request: pytest.FixtureRequest) -> Recommender[Any]:
    """Return a fitted model for each of the two ways to make lists: from all scores, and from vectors by blocks."""
    return request.param().fit(LIKES)


# lists


def test_seen_items_may_be_given(fitted: Recommender[Any]) -> None:
    seen = random_likes(seed=5)
    assert_equal(fitted.recommend(USERS, N_ITEMS, seen=seen), sorted_scores(fitted.scores(USERS), seen))
    with pytest.raises(ValueError, match=f"seen has {N_USERS} rows for 1 queries"):
        fitted.recommend([0], seen=seen)


def test_a_list_longer_than_what_remains_ends_in_minus_one(fitted: Recommender[Any]) -> None:
    best = fitted.recommend(HEAVY_USER, 6)
    assert sorted(best.items[0, :3].tolist()) == UNSEEN_BY_HEAVY_USER
    assert best.items[0, 3:].tolist() == [-1, -1, -1]
    assert best.scores[0, 3:].tolist() == [-np.inf] * 3
    longer = fitted.recommend(USERS, N_ITEMS + 5, seen="include")
    assert (longer.items[:, N_ITEMS:] == -1).all()


def test_only_allowed_items_are_recommended(fitted: Recommender[Any]) -> None:
    allowed = [1, 4, 7, 24]
    items = fitted.recommend(USERS, 10, allowed=allowed).items
    assert set(np.unique(items)) <= {-1, *allowed}
    assert (fitted.recommend(USERS, 10, allowed=[]).items == -1).all()


def test_excluded_items_are_never_recommended(fitted: Recommender[Any]) -> None:
    excluded = [1, 4, 7, 24]
    assert not np.isin(fitted.recommend(USERS, N_ITEMS, seen="include", excluded=excluded).items, excluded).any()
    both = fitted.recommend(USERS, 5, allowed=[1, 2], excluded=[1], seen="include").items
    assert both.tolist() == [[2, -1, -1, -1, -1]] * N_USERS


def test_given_items_are_ranked_by_their_scores(fitted: Recommender[Any]) -> None:
    chosen = np.array([7, 0, 24, 5])
    ranked = fitted.rank_items(2, chosen)
    scores = fitted.scores([2])[0, chosen]
    order = np.argsort(-scores, kind="stable")
    assert ranked.items.tolist() == [chosen[order].tolist()]
    assert ranked.scores.tolist() == [scores[order].tolist()]


def test_seen_items_are_left_out_of_unsorted_histories_too(fitted: Recommender[Any]) -> None:
    history = sp.csr_array((np.ones(4, np.float32), np.array([9, 2, 9, 1]), np.array([0, 4])), shape=(1, N_ITEMS))
    assert not np.isin(fitted.recommend(history, N_ITEMS).items, [9, 2, 1]).any()
    assert history.indices.tolist() == [9, 2, 9, 1]


def test_one_user_is_queried_by_a_number_or_a_list(fitted: Recommender[Any]) -> None:
    assert_equal(fitted.recommend(2, 4), fitted.recommend([2], 4))
    assert fitted.recommend(2, 4).items.shape == (1, 4)


def test_list_options_without_a_meaning_are_refused(fitted: Recommender[Any]) -> None:
    for k in (0, -1):
        with pytest.raises(ValueError, match=f"k must be at least 1, got {k}"):
            fitted.recommend([0], k)
        with pytest.raises(ValueError, match=f"k must be at least 1, got {k}"):
            fitted.similar_items([0], k)
    with pytest.raises(ValueError, match="seen must be 'exclude' or 'include', got 'no'"):
        fitted.recommend([0], seen="no")  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("new", [of_scores, of_vectors])
def test_a_model_that_is_not_fitted_says_so(new: Any, tmp_path: Path) -> None:
    model = new()
    queries = [
        lambda: model.scores([0]),
        lambda: model.recommend([0]),
        lambda: model.recommend(LIKES, 3),
        lambda: model.similar_items([0]),
        lambda: model.rank_items(0, [1]),
        lambda: model.save(tmp_path),
        lambda: model.continue_fit(LIKES),
    ]
    if isinstance(model, SVD):
        queries += [lambda: model.fold_in(LIKES), lambda: model.fold_in_items(LIKES)]
    for query in queries:
        with pytest.raises(NotFittedError, match="is not fitted; call fit"):
            query()


# input


def test_the_format_of_the_matrix_does_not_matter(fitted: Recommender[Any]) -> None:
    backwards = LIKES.astype(np.float64)
    for row in range(N_USERS):
        part = slice(backwards.indptr[row], backwards.indptr[row + 1])
        backwards.indices[part] = backwards.indices[part][::-1].copy()
    backwards.has_sorted_indices = False
    new = type(fitted)(fitted.config)
    for train in (backwards, LIKES.tocoo()):
        assert_equal(new.fit(train).recommend(USERS, 5), fitted.recommend(USERS, 5))


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (np.ones((3, 3)), r"train must be a two-dimensional SciPy sparse matrix, got shape \(3, 3\) of float64"),
        (None, "train must be a two-dimensional SciPy sparse matrix, got NoneType"),
        (sp.csr_array((0, 4)), r"train must have at least one user and one item, got shape \(0, 4\)"),
        (sp.csr_array([[1.0, np.nan], [np.inf, 0]]), "weights of train must be finite; 2 are not"),
    ],
    ids=["dense", "none", "empty", "not finite"],
)
def test_training_data_of_another_kind_are_refused(train: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Popularity().fit(train)


def test_a_fit_does_not_continue_with_fewer_users_or_items() -> None:
    for smaller in (LIKES[:-1], LIKES[:, :-1]):
        with pytest.raises(ValueError, match=r"smaller than the \(40, 25\) that popularity was fitted on"):
            POPULARITY.continue_fit(smaller)


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ([-1], f"users must be from 0 to {N_USERS - 1}, got -1 to -1"),
        ([0, N_USERS], f"users must be from 0 to {N_USERS - 1}, got 0 to {N_USERS}"),
        ([0.5], r"users must be whole numbers in one dimension, got shape \(1,\) of float64"),
        ([[0, 1]], r"users must be whole numbers in one dimension, got shape \(1, 2\) of int64"),
        ([True], r"users must be whole numbers in one dimension, got shape \(1,\) of bool"),
        (LIKES[:, :4], f"histories have 4 items, the model was fitted on {N_ITEMS}"),
    ],
    ids=["negative", "unknown", "fraction", "two dimensions", "mask", "histories of other items"],
)
def test_users_that_do_not_exist_are_refused(users: Any, message: str) -> None:
    for query in (POPULARITY.scores, POPULARITY.recommend):
        with pytest.raises(ValueError, match=message):
            query(users)


def test_items_that_do_not_exist_are_refused() -> None:
    message = f"must be from 0 to {N_ITEMS - 1}, got {N_ITEMS} to {N_ITEMS}"
    with pytest.raises(ValueError, match=f"items {message}"):
        POPULARITY.similar_items([N_ITEMS])
    with pytest.raises(ValueError, match=f"items {message}"):
        POPULARITY.rank_items(0, [N_ITEMS])
    with pytest.raises(ValueError, match=f"allowed {message}"):
        POPULARITY.recommend([0], allowed=[N_ITEMS])
    with pytest.raises(ValueError, match=f"excluded {message}"):
        POPULARITY.recommend([0], excluded=[N_ITEMS])


# progress and disk


def test_progress_is_shown_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    model = IALS(IALSConfig(n_factors=2, n_epochs=3))
    model.fit(LIKES)
    assert capsys.readouterr().err == ""
    model.fit(LIKES, progress=True)
    assert "3/3" in capsys.readouterr().err
    Popularity().fit(LIKES, progress=True)
    assert "1/1" in capsys.readouterr().err


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    POPULARITY.save(tmp_path)
    with pytest.raises(ValueError, match="holds a model 'popularity' of format 1; expected 'random'"):
        Random.load(tmp_path)
