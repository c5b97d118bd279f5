"""RP3beta compared with walks over dense matrices."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp

from models.rp3beta import RP3Beta, RP3BetaConfig, StepWeighting
from models.testing import ModelContract, assert_refused, random_likes
from models.testing.contract import LIKES, N_ITEMS, USERS

WEIGHTED = random_likes(weighted=True)
DENSE = WEIGHTED.toarray().astype(np.float64)


class TestRP3Beta(ModelContract):
    model = RP3Beta
    config = RP3BetaConfig(n_neighbors=10)
    checkerboard_config = RP3BetaConfig(n_neighbors=40)


class TestP3Alpha(ModelContract):
    model = RP3Beta
    config = RP3BetaConfig(beta=0.0, alpha=1.7)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        RP3BetaConfig,
        ({"alpha": -0.1}, r"alpha must not be negative, got -0\.1"),
        ({"beta": -1.0}, r"beta must not be negative, got -1\.0"),
        ({"n_neighbors": 0}, "n_neighbors must be at least 1, got 0"),
        ({"weighting": "ratings"}, "weighting must be one of likes, weights, log, got 'ratings'"),
    )


def textbook(weights: np.ndarray, config: RP3BetaConfig) -> np.ndarray:
    """Return the similarities by all walks of two steps from item to item, (n_items, n_items)."""
    counts = {"likes": (weights > 0).astype(float), "weights": weights, "log": np.log(1 + weights)}[config.weighting]
    n_items = counts.shape[1]
    similarity = np.zeros((n_items, n_items))
    for h in range(n_items):
        for i in range(n_items):
            for u in np.flatnonzero(counts[:, h] * counts[:, i]):
                to_user = counts[u, h] / counts[:, h].sum()
                to_item = counts[u, i] / counts[u].sum()
                similarity[h, i] += (to_user * to_item) ** config.alpha / (counts[:, i] > 0).sum() ** config.beta
    np.fill_diagonal(similarity, 0)
    return similarity


@pytest.mark.parametrize("weighting", get_args(StepWeighting))
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (0.0, 0.4), (1.6, 1.3)])
def test_neighbours_and_scores_equal_walks_over_dense_matrices(
    weighting: StepWeighting, alpha: float, beta: float
) -> None:
    config = RP3BetaConfig(alpha=alpha, beta=beta, n_neighbors=N_ITEMS, weighting=weighting)
    expected = textbook(DENSE, config)
    np.testing.assert_allclose(RP3Beta(config).fit(WEIGHTED).scores(USERS), (DENSE > 0) @ expected, rtol=1e-4)
    few = RP3Beta(replace(config, n_neighbors=4)).fit(WEIGHTED)
    np.testing.assert_allclose(few.similarities, -np.sort(-expected, axis=1)[:, :4], rtol=1e-4)


def test_with_alpha_1_and_beta_0_the_probabilities_of_walks_sum_to_1() -> None:
    model = RP3Beta(RP3BetaConfig(alpha=1.0, beta=0.0, n_neighbors=N_ITEMS)).fit(LIKES)
    item = 2
    history = np.flatnonzero(LIKES.toarray()[:, item])
    stayed = sum(1 / len(history) / LIKES[[user]].nnz for user in history)  # walks that return to the item
    assert model.similarities[item].sum() + stayed == pytest.approx(1, rel=1e-5)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights must not be negative, got -2\.0; leave out what is not liked"):
        RP3Beta().fit(sp.csr_array([[1.0, -2.0], [1.0, 1.0]]))
