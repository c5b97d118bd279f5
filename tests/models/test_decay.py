"""Likes that count less with age."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from models.base import Recommender
from models.decay import decayed
from models.ials import IALS
from models.item2item import Item2Item
from models.logistic_mf import LogisticMF
from models.svd import SVD
from models.testing import random_likes
from models.user_knn import UserKNN

DAY = 86_400
LIKES = random_likes()
USERS = np.arange(LIKES.shape[0])
NOW = np.full(LIKES.nnz, 40 * DAY)
MODELS: list[tuple[type[Recommender[Any]], dict[str, Any]]] = [
    (IALS, {"n_factors": 4, "alpha": 2.0}),
    (Item2Item, {"weighting": "likes"}),
    (Item2Item, {"weighting": "bm25", "similarity": "cooccurrence"}),
    (LogisticMF, {"n_factors": 4, "n_epochs": 3}),
    (SVD, {"n_factors": 4}),
    (UserKNN, {"n_neighbors": 5}),
]


def test_a_like_counts_half_after_a_half_life_and_a_quarter_after_two() -> None:
    likes = sp.csr_array(([1.0, 3.0, 1.0, 8.0], [0, 1, 0, 1], [0, 2, 4]), shape=(2, 2))
    days = np.array([90, 80, 70, 50])
    weights = decayed(likes, days * DAY, 10.0).data
    assert weights.tolist() == [1, 3 / 2, 1 / 4, 8 / 16]
    assert (decayed(likes, days * DAY, 1e-3).data > 0).all()
    assert likes.data.tolist() == [1, 3, 1, 8]


@pytest.mark.parametrize(("model", "settings"), MODELS)
def test_likes_of_the_same_age_count_as_without_a_half_life(
    model: type[Recommender[Any]], settings: dict[str, Any]
) -> None:
    plain = model(model.config_type(**settings)).fit(LIKES)
    timed = model(model.config_type(**settings, half_life_days=3.0)).fit(LIKES, timestamps=NOW)
    np.testing.assert_array_equal(timed.scores(USERS), plain.scores(USERS))


@pytest.mark.parametrize(("model", "settings"), MODELS)
def test_recent_likes_count_more(model: type[Recommender[Any]], settings: dict[str, Any]) -> None:
    """Two groups of users and items; one user belongs to both, and to the second one more recently."""
    groups = np.kron(np.eye(2), np.ones((12, 12))) * (np.random.default_rng(0).random((24, 24)) < 0.7)
    groups[0] = np.tile(np.arange(12) < 6, 2)
    likes = sp.csr_array(groups.astype(np.float32))
    rest = slice(likes.indptr[1], likes.nnz)
    last = (likes.indices >= 12) * 100 * DAY
    last[rest] = 100 * DAY
    first = 100 * DAY - last
    first[rest] = 100 * DAY

    def lead(times: np.ndarray[Any, Any]) -> float:
        """Return the mean score of the first group's unseen items less that of the second's, for the user of both."""
        config = model.config_type(**settings, half_life_days=20.0)
        scores = model(config).fit(likes, timestamps=times).scores([0])[0]
        return float(scores[6:12].mean() - scores[18:24].mean())

    assert lead(first) > lead(last)


@pytest.mark.parametrize(("model", "settings"), MODELS)
def test_a_half_life_must_be_positive_and_needs_timestamps(
    model: type[Recommender[Any]], settings: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=f"{model.name} needs the timestamps of likes for a half-life"):
        model(model.config_type(**settings, half_life_days=3.0)).fit(LIKES)
    with pytest.raises(ValueError, match=r"half_life_days must be positive, got 0\.0"):
        model.config_type(**settings, half_life_days=0.0)
