"""iALS compared with dense algebra, and tests of its behaviour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from models.ials import IALS, IALSConfig
from models.row_solvers import SOLVERS, Solver
from models.testing import FactorModelContract, assert_refused, random_likes
from models.testing.contract import LIKES, USERS
from tests.models import textbook_ials
from tests.models.grids import all_pairs

WEIGHTED = random_likes(weighted=True)
DENSE = WEIGHTED.toarray().astype(np.float64)


class TestCholesky(FactorModelContract):
    model = IALS
    config = IALSConfig(n_factors=6, n_epochs=3, solver="cholesky")


class TestSubspace(FactorModelContract):
    model = IALS
    config = IALSConfig(n_factors=6, n_epochs=3, solver="subspace", block_size=4)
    histories_equal_users = False  # a user's vector is not solved exactly
    checkerboard_config = IALSConfig(n_factors=6, solver="subspace")


class TestConjugateGradient(FactorModelContract):
    model = IALS
    config = IALSConfig(n_factors=6, n_epochs=3, tolerance=1e-6)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        IALSConfig,
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
        ({"n_epochs": 0}, "n_epochs must be at least 1, got 0"),
        ({"reg": 0.0}, "reg must be positive, got 0.0"),
        ({"reg": float("nan")}, "reg must be positive, got nan"),
        ({"epsilon": -1.0}, r"epsilon must be positive, got -1.0"),
        ({"init_scale": 0.0}, "init_scale must be positive, got 0.0"),
        ({"unobserved_weight": 0.0}, "unobserved_weight must be above 0 and at most 1, got 0.0"),
        ({"unobserved_weight": 1.5}, "unobserved_weight must be above 0 and at most 1, got 1.5"),
        ({"alpha": -1.0}, "alpha must not be negative, got -1.0"),
        ({"tolerance": 0.0}, r"tolerance must be positive, got 0\.0"),
        ({"relaxation": 2.0}, "relaxation must be above 0 and below 2, got 2.0"),
        ({"block_size": 0}, "block_size must be at least 1, got 0"),
        ({"solver": "qr"}, "solver must be one of cholesky, cg, subspace, got 'qr'"),
        ({"confidence": "square"}, "confidence must be one of linear, log, got 'square'"),
    )


def fitted(likes: sp.csr_array = WEIGHTED, *, threads: int | None = None, **settings: Any) -> IALS:
    return IALS(IALSConfig(**({"n_factors": 5, "n_epochs": 2} | settings)), threads=threads).fit(likes)


EXACT = [
    {"solver": "cholesky"},
    {"solver": "cg", "tolerance": 1e-6},
    {"solver": "subspace", "block_size": 64, "tolerance": 1e-6},  # one block of all factors; folds in by cg
]


@pytest.mark.parametrize(
    ("solver", "n_factors", "confidence", "unobserved_weight", "reg_exponent"),
    # rows have 3 to 22 likes: with these n_factors both systems occur, dual and primal, and tiles both full and not
    all_pairs(EXACT, [3, 16, 33], ["linear", "log"], [0.05, 0.5, 1.0], [0.0, 0.5, 1.0]),
)
def test_a_half_step_equals_dense_algebra(
    solver: dict[str, Any], n_factors: int, confidence: str, unobserved_weight: float, reg_exponent: float
) -> None:
    model = fitted(
        n_factors=n_factors,
        confidence=confidence,
        alpha=0.7,
        epsilon=2.0,
        reg=0.01,
        unobserved_weight=unobserved_weight,
        reg_exponent=reg_exponent,
        n_epochs=1,
        **solver,
    )
    expected = textbook_ials.solve(
        DENSE,
        model.item_factors.astype(np.float64),
        textbook_ials.penalties(DENSE, model.config)[0],
        model.config,
    )
    assert np.abs(model.user_factors - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.abs(model.fold_in(WEIGHTED) - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("solver", EXACT, ids=lambda settings: settings["solver"])
@pytest.mark.parametrize("relaxation", [0.8, 1.0, 1.5])
def test_epochs_equal_dense_algebra(solver: dict[str, Any], relaxation: float) -> None:
    config = IALSConfig(n_factors=5, n_epochs=3, alpha=0.5, relaxation=relaxation, **solver)
    model = IALS(config)
    model._start(WEIGHTED)
    items = model.item_factors.astype(np.float64)
    of_users, of_items = textbook_ials.penalties(DENSE, config)
    users = textbook_ials.solve(DENSE, items, of_users, config)
    items = textbook_ials.solve(DENSE.T, users, of_items, config)
    users = solution = textbook_ials.solve(DENSE, items, of_users, config)
    for _ in range(2):
        items = items + relaxation * (textbook_ials.solve(DENSE.T, users, of_items, config) - items)
        solution = textbook_ials.solve(DENSE, items, of_users, config)
        users = users + relaxation * (solution - users)
    np.testing.assert_allclose(model.fit(WEIGHTED).scores(USERS), solution @ items.T, atol=1e-4)


@pytest.mark.parametrize("solver", SOLVERS)
def test_relaxation_reaches_the_same_loss_in_fewer_epochs(solver: Solver) -> None:
    likes = random_likes(120, 90, density=0.1)
    plain = fitted(likes, n_factors=10, n_epochs=16, relaxation=1.0, solver=solver).loss()
    assert fitted(likes, n_factors=10, n_epochs=10, relaxation=1.5, solver=solver).loss() <= plain


@pytest.mark.parametrize("settings", [{"solver": "cg"}, {"solver": "subspace", "block_size": 7}], ids=str)
@pytest.mark.parametrize("penalty", [{}, {"alpha": 3.0}, {"reg": 1e-4, "unobserved_weight": 0.05}], ids=str)
def test_every_solver_reaches_the_loss_of_the_exact_one(settings: dict[str, Any], penalty: dict[str, Any]) -> None:
    likes = random_likes(120, 90, density=0.1, weighted=True)
    exact = fitted(likes, n_factors=20, n_epochs=12, solver="cholesky", **penalty).loss()
    assert fitted(likes, n_factors=20, n_epochs=12, **settings, **penalty).loss() <= 1.005 * exact


def test_item_factors_are_in_their_principal_axes() -> None:
    model = fitted()
    np.testing.assert_allclose(
        model.item_factors.T @ model.item_factors, np.diag(model.item_spectrum), atol=1e-5 * model.item_spectrum.max()
    )


@pytest.mark.parametrize("settings", [{}, {"alpha": 2.0}, {"reg_exponent": 0.0, "unobserved_weight": 1.0}])
def test_the_loss_is_the_sum_over_all_pairs(settings: dict[str, Any]) -> None:
    model = fitted(**settings)
    naive = textbook_ials.loss(
        DENSE, model.user_factors.astype(np.float64), model.item_factors.astype(np.float64), model.config
    )
    assert model.loss() == pytest.approx(naive, rel=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"alpha": 5.0},
        {"reg": 1e-4, "reg_exponent": 0.0},
        {"n_factors": 30},
        {"solver": "cholesky"},
        {"solver": "subspace", "block_size": 2},
    ],
    ids=str,
)
def test_the_loss_never_rises(settings: dict[str, Any]) -> None:
    model = IALS(IALSConfig(**({"n_factors": 5, "n_epochs": 12} | settings)))
    losses = [model.loss() for _ in model.fit_epochs(WEIGHTED)]
    assert (np.diff(losses) <= 1e-6 * losses[0]).all()
    assert losses[-1] < losses[0]


def test_a_fitted_users_vector_is_the_fold_in_of_the_history() -> None:
    model = fitted(solver="cholesky")
    np.testing.assert_allclose(model.fold_in(WEIGHTED), model.user_factors, rtol=1e-5, atol=1e-6)
    nearly = fitted(n_epochs=10)
    np.testing.assert_allclose(nearly.fold_in(WEIGHTED), nearly.user_factors, atol=0.02)


def test_a_changed_history_changes_the_vector_towards_the_new_like() -> None:
    model = fitted(LIKES)
    history = LIKES[[7]].tolil()
    item = int(np.flatnonzero(LIKES[[7]].toarray()[0] == 0)[0])
    history[0, item] = 1
    assert model.scores(sp.csr_array(history))[0, item] > model.scores([7])[0, item]


@pytest.mark.bits
@pytest.mark.parametrize("solver", SOLVERS)
def test_factors_are_bit_equal_on_any_number_of_threads(solver: Solver) -> None:
    likes = random_likes(300, 200, weighted=True)
    one, two = (fitted(likes, n_factors=17, alpha=0.3, solver=solver, threads=threads) for threads in (1, 2))
    assert (one.user_factors == two.user_factors).all()
    assert (one.item_factors == two.item_factors).all()


@pytest.mark.parametrize(("solver", "reg", "alpha"), all_pairs(SOLVERS, [1e-6, 1e4], [0.0, 1e3]))
def test_factors_are_finite_for_extreme_settings(solver: Solver, reg: float, alpha: float) -> None:
    model = fitted(n_factors=40, reg=reg, alpha=alpha, n_epochs=8, solver=solver)  # more factors than items
    assert np.isfinite(model.user_factors).all()
    assert np.isfinite(model.item_factors).all()


def test_tiny_penalties_reconstruct_the_likes() -> None:
    model = fitted(LIKES, n_factors=25, reg=1e-7, unobserved_weight=1.0, n_epochs=20)
    np.testing.assert_allclose(model.scores(USERS), LIKES.toarray(), atol=0.02)


def test_a_continued_fit_starts_where_the_first_one_ended() -> None:
    at_once = IALS(IALSConfig(n_factors=5, n_epochs=6, relaxation=1.0, solver="cholesky")).fit(WEIGHTED)
    in_two = IALS(replace(at_once.config, n_epochs=3)).fit(WEIGHTED).continue_fit(WEIGHTED)
    np.testing.assert_allclose(in_two.scores(USERS), at_once.scores(USERS), atol=1e-4)


def test_a_continued_fit_keeps_the_fitted_vectors() -> None:
    model = fitted(n_epochs=6)
    before = model.loss()
    epochs = model.continue_epochs(WEIGHTED)
    next(epochs)
    assert model.loss() <= before * (1 + 1e-6)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights must not be negative, got -2\.0; leave out what is not liked"):
        fitted(sp.csr_array([[1.0, -2.0], [1.0, 1.0]]))
