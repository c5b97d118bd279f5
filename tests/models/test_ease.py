"""EASE compared with its definition: every column is a ridge regression on all other columns."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import models.memory
from models.ease import EASE, EASEConfig
from models.testing import ModelContract, assert_refused, random_likes
from models.testing.contract import LIKES, N_ITEMS, USERS

DENSE = (LIKES.toarray() > 0).astype(np.float64)


class TestEASE(ModelContract):
    model = EASE
    config = EASEConfig(reg=5.0)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        EASEConfig,
        ({"reg": 0.0}, r"reg must be positive, got 0\.0"),
        ({"dropout": 1.0}, r"dropout must be at least 0 and below 1, got 1\.0"),
        ({"dropout": -0.5}, r"dropout must be at least 0 and below 1, got -0\.5"),
    )


@pytest.mark.parametrize("config", [EASEConfig(reg=2.0), EASEConfig(reg=30.0, dropout=0.4)])
def test_every_column_is_a_ridge_regression_on_all_others(config: EASEConfig) -> None:
    share = config.dropout / (1 - config.dropout)
    expected = np.zeros((N_ITEMS, N_ITEMS))
    for item in range(N_ITEMS):
        others = np.delete(np.arange(N_ITEMS), item)
        x = DENSE[:, others]
        penalties = config.reg + share * (x**2).sum(axis=0)
        expected[others, item] = np.linalg.solve(x.T @ x + np.diag(penalties), x.T @ DENSE[:, item])
    model = EASE(config).fit(LIKES)
    np.testing.assert_allclose(model.weights, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(model.scores(USERS), DENSE @ expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("n_items", [63, 64, 65, 200])
def test_the_gramian_is_complete_for_any_number_of_items(n_items: int) -> None:
    likes = random_likes(30, n_items)
    dense = (likes.toarray() > 0).astype(np.float64)
    inverse = np.linalg.inv(dense.T @ dense + 10 * np.eye(n_items))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(EASE(EASEConfig(reg=10.0)).fit(likes).weights, expected, atol=1e-5)


def test_weights_of_likes_do_not_count() -> None:
    weighted = random_likes(weighted=True)
    assert (EASE().fit(weighted).scores(USERS) == EASE().fit(LIKES).scores(USERS)).all()


def test_a_catalogue_that_does_not_fit_into_memory_is_refused_with_both_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models.memory, "available_bytes", lambda: 399_000_000)
    one_like = sp.csr_array(([1.0], ([0], [9_999])), shape=(1, 10_000))
    with pytest.raises(
        MemoryError,
        match=r"ease needs 0\.40 GB of memory for 10,000 items, and 0\.40 GB are available; leave out rare items, or "
        r"choose a model that keeps only some neighbours, such as item2item or rp3beta",
    ):
        EASE().fit(one_like)


def test_a_penalty_too_small_for_float32_is_refused() -> None:
    twins = sp.csr_array(np.ones((3000, 2), np.float32))
    with pytest.raises(ValueError, match="the regularised Gramian is singular in float32 at item 1; raise reg"):
        EASE(EASEConfig(reg=1e-6)).fit(twins)
