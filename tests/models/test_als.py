"""ALS compared with dense algebra, on observed cells and on all cells."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import scipy.sparse as sp

from models.als import ALS, ALSConfig, Cells, Targets
from models.testing import FactorModelContract, assert_refused, random_likes
from models.testing.contract import USERS
from tests.models import textbook_als
from tests.models.grids import all_pairs

RATED = random_likes(weighted=True)
DENSE = RATED.toarray().astype(np.float64)
EXACT = [{"solver": "cholesky"}, {"solver": "cg", "tolerance": 1e-6}]


class TestAllCells(FactorModelContract):
    model = ALS
    config = ALSConfig(n_factors=6, n_epochs=3)
    checkerboard_config = ALSConfig(n_factors=2, reg=1.0)


class TestObservedCells(FactorModelContract):
    model = ALS
    config = ALSConfig(n_factors=6, n_epochs=3, cells="observed", reg=0.1, reg_exponent=1.0, solver="cholesky")
    is_personal = False  # from likes without ratings it learns that all users like all items


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        ALSConfig,
        ({"cells": "some"}, "cells must be one of all, observed, got 'some'"),
        ({"targets": "ratings"}, "targets must be one of likes, weights, got 'ratings'"),
        ({"reg": 0.0}, "reg must be positive, got 0.0"),
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
    )


def fitted(**settings: Any) -> ALS:
    return ALS(ALSConfig(**({"n_factors": 5, "n_epochs": 2, "reg": 0.5} | settings))).fit(RATED)


@pytest.mark.parametrize(
    ("solver", "cells", "targets", "reg_exponent", "n_factors"),
    all_pairs(EXACT, get_args(Cells), get_args(Targets), [0.0, 0.5, 1.0], [3, 20]),
)
def test_a_half_step_equals_dense_algebra(
    solver: dict[str, Any], cells: Cells, targets: Targets, reg_exponent: float, n_factors: int
) -> None:
    model = fitted(cells=cells, targets=targets, reg_exponent=reg_exponent, n_factors=n_factors, **solver)
    expected = textbook_als.solve(DENSE, model.item_factors.astype(np.float64), model.config)
    assert np.abs(model.user_factors - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.abs(model.fold_in(RATED) - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("cells", "targets", "reg_exponent"), all_pairs(get_args(Cells), get_args(Targets), [0.0, 1.0])
)
def test_the_loss_is_the_sum_over_the_cells(cells: Cells, targets: Targets, reg_exponent: float) -> None:
    model = fitted(cells=cells, targets=targets, reg_exponent=reg_exponent)
    naive = textbook_als.loss(
        DENSE, model.user_factors.astype(np.float64), model.item_factors.astype(np.float64), model.config
    )
    assert model.loss() == pytest.approx(naive, rel=1e-5)


@pytest.mark.parametrize("cells", get_args(Cells))
@pytest.mark.parametrize("reg_exponent", [0.0, 1.0])
def test_the_loss_never_rises(cells: Cells, reg_exponent: float) -> None:
    config = ALSConfig(n_factors=5, n_epochs=12, cells=cells, reg_exponent=reg_exponent, targets="weights")
    losses = ALS(config).fit(RATED, losses=True).loss_history
    assert (np.diff(losses) <= 1e-6 * losses[0]).all()


def test_all_cells_converge_to_the_truncated_svd_without_penalty() -> None:
    model = fitted(n_factors=4, n_epochs=200, reg=1e-4)
    u, s, v = np.linalg.svd(DENSE > 0)
    np.testing.assert_allclose(model.scores(USERS), (u[:, :4] * s[:4]) @ v[:4], atol=0.01)


def test_observed_cells_predict_held_out_ratings() -> None:
    rng = np.random.default_rng(0)
    ratings = rng.uniform(0.5, 1.5, (60, 2)) @ rng.uniform(0.5, 1.5, (2, 50))
    known = rng.random(ratings.shape) < 0.5
    config = ALSConfig(n_factors=2, n_epochs=30, cells="observed", targets="weights", reg=0.01)
    predicted = ALS(config).fit(sp.csr_array(ratings * known)).scores(np.arange(60))
    assert np.abs(predicted - ratings)[~known].max() < 0.1 * ratings.std()
