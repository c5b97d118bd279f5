"""user_knn compared with the dense algebra of item2item, with users in the place of items."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp

from models.neighbors import Similarity
from models.testing import ModelContract, assert_refused, random_likes
from models.testing.contract import LIKES, N_ITEMS, N_USERS, USERS
from models.user_knn import UserKNN, UserKNNConfig
from models.weighting import Weighting
from tests.models import textbook_item2item
from tests.models.grids import all_pairs

WEIGHTED = random_likes(weighted=True)
DENSE = WEIGHTED.toarray().astype(np.float64)


class TestCosine(ModelContract):
    model = UserKNN
    config = UserKNNConfig(n_neighbors=10)
    checkerboard_config = UserKNNConfig(n_neighbors=40)
    histories_equal_users = False  #: the nearest neighbour of a user's history is the user


class TestPearson(ModelContract):
    model = UserKNN
    config = UserKNNConfig(similarity="pearson", weighting="bm25")
    histories_equal_users = False


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        UserKNNConfig,
        ({"similarity": "jaccard"}, "similarity must be one of cooccurrence, cosine, pearson, got 'jaccard'"),
        ({"weighting": "idf"}, "weighting must be one of likes, weights, log, tfidf, bm25, got 'idf'"),
        ({"n_neighbors": 0}, "n_neighbors must be at least 1, got 0"),
        ({"shrinkage": -1.0}, r"shrinkage must not be negative, got -1\.0"),
    )


@pytest.mark.parametrize(
    ("similarity", "weighting", "shrinkage", "k"),
    all_pairs(get_args(Similarity), get_args(Weighting), [0.0, 3.5], [3, N_USERS + 10]),
)
def test_scores_equal_dense_algebra(similarity: Similarity, weighting: Weighting, shrinkage: float, k: int) -> None:
    config = UserKNNConfig(similarity=similarity, weighting=weighting, shrinkage=shrinkage, n_neighbors=k)
    near = np.zeros((N_USERS, N_USERS))
    clear = np.ones(N_USERS, bool)
    for user, neighbours in enumerate(textbook_item2item.neighbors(DENSE.T, replace(config, n_neighbors=N_USERS))):
        for other, value in neighbours[:k]:
            near[user, other] = value
        if len(neighbours) > k:  # float32 may swap two that are nearly equal
            clear[user] = neighbours[k - 1][1] > neighbours[k][1] * 1.001
    assert clear.sum() >= 5
    np.testing.assert_allclose(
        UserKNN(config).fit(WEIGHTED).scores(USERS[clear]), (near @ (DENSE > 0))[clear], rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("similarity", get_args(Similarity))
@pytest.mark.parametrize("weighting", get_args(Weighting))
def test_a_history_is_scored_like_its_user_but_with_the_user_as_a_neighbour(
    similarity: Similarity, weighting: Weighting
) -> None:
    config = UserKNNConfig(similarity=similarity, weighting=weighting, n_neighbors=N_USERS)
    model = UserKNN(config).fit(WEIGHTED)
    users = np.array([1, 8])
    twice = sp.vstack([WEIGHTED[users], WEIGHTED[users]]).tocsr()
    itself = UserKNN(UserKNNConfig(similarity=similarity, weighting=weighting, n_neighbors=1)).fit(WEIGHTED)
    assert (model.scores(twice)[:2] == model.scores(twice)[2:]).all()
    if similarity == "cosine":  # only the user itself has similarity 1
        np.testing.assert_allclose(itself.scores(WEIGHTED[users]), DENSE[users] > 0, rtol=1e-4)
        np.testing.assert_allclose(
            model.scores(WEIGHTED[users]), model.scores(users) + (DENSE[users] > 0), rtol=1e-3, atol=1e-5
        )


def test_items_are_similar_by_the_cosine_of_their_likes() -> None:
    columns = (DENSE > 0).astype(float)
    lengths = np.linalg.norm(columns, axis=0)
    cosine = columns.T @ columns / np.outer(lengths, lengths).clip(1e-30)
    similar = UserKNN().fit(WEIGHTED).similar_items(np.arange(N_ITEMS), 5)
    for item in range(N_ITEMS):
        expected = np.sort(np.delete(cosine[item], item))[::-1][:5]
        assert similar.scores[item][expected > 0] == pytest.approx(expected[expected > 0], rel=1e-5)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights must not be negative, got -2\.0; leave out what is not liked"):
        UserKNN().fit(sp.csr_array([[1.0, -2.0], [1.0, 1.0]]))


def test_weights_of_likes_do_not_count_by_default() -> None:
    assert (UserKNN().fit(WEIGHTED).scores(USERS) == UserKNN().fit(LIKES).scores(USERS)).all()
