"""All iALS implementations minimise the same loss: its gradient is zero where their half-steps end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.benchmarks.ials_loss import Objective
from bench.benchmarks.problem import Factors, Problem
from bench.benchmarks.stopwatch import RunCompleteError, Stopwatch
from bench.benchmarks.tasks import Implementation, tasks_of
from evaluation.split import Fold
from models.ials import IALS, IALSConfig
from models.testing import random_likes

Dense = NDArray[np.float64]
CONTENDERS = tasks_of(["ials"])[0].implementations


def problem(n_factors: int = 3) -> Problem:
    likes = random_likes()
    fold = Fold(train=likes, users=np.arange(0), histories=likes[:0], held_out=likes[:0], fold_in=False)
    return Problem(fold=fold, threads=1, n_factors=n_factors, k=10)


def parts(objective: Objective, likes: Dense, factors: Factors) -> tuple[float, Dense, Dense]:
    """L and its gradients, from the dense matrix of all pairs."""
    X, Y = factors.users.astype(np.float64), factors.items.astype(np.float64)
    predicted = X @ Y.T
    weight, wanted = np.where(likes, 1.0, objective.unobserved_weight), likes.astype(np.float64)
    loss = (weight * (wanted - predicted) ** 2).sum() + objective.penalty * ((X**2).sum() + (Y**2).sum())
    slope = weight * (predicted - wanted)
    return float(loss), slope @ Y + objective.penalty * X, slope.T @ X + objective.penalty * Y


def fitted(implementation: Implementation, given: Problem, n_epochs: int = 400) -> Factors:
    watch = Stopwatch(max_laps=n_epochs)
    with pytest.raises(RunCompleteError):
        implementation.prepare(given)(watch)
    factors: Factors = watch.state
    return factors


def relative_gradient(objective: Objective, given: Problem, factors: Factors) -> float:
    """Gradient norm for the factors solved last, relative to the norm of the penalty's gradient."""
    _, of_users, of_items = parts(objective, given.fold.train.toarray() > 0, factors)
    shares = [
        np.linalg.norm(gradient) / (objective.penalty * np.linalg.norm(side))
        for gradient, side in ((of_users, factors.users), (of_items, factors.items))
    ]
    return float(min(shares))


def test_the_loss_is_the_sum_over_all_pairs() -> None:
    given = problem()
    objective = Objective.of(given.fold.train)
    rng = np.random.default_rng(0)
    n_users, n_items = given.fold.train.shape
    factors = Factors(*(rng.standard_normal((n, 3)).astype(np.float32) for n in (n_users, n_items)))
    expected, _, _ = parts(objective, given.fold.train.toarray() > 0, factors)
    assert objective.loss(given.fold.train, factors) == pytest.approx(expected, rel=1e-9)


def test_the_loss_equals_that_of_our_model() -> None:
    given = problem()
    objective = Objective.of(given.fold.train)
    config = IALSConfig(
        n_factors=3, reg=objective.reg, reg_exponent=0.0, unobserved_weight=objective.unobserved_weight, n_epochs=2
    )
    model = IALS(config).fit(given.fold.train)
    factors = Factors(model.user_factors, model.item_factors)
    assert objective.loss(given.fold.train, factors) == pytest.approx(model.loss(), rel=1e-5)


@pytest.mark.parametrize("implementation", CONTENDERS, ids=lambda implementation: implementation.name)
def test_every_implementation_minimises_the_loss(implementation: Implementation) -> None:
    """Many epochs, because a few steps of conjugate gradients are not exact."""
    if not implementation.is_installed:
        pytest.skip(f"{implementation.module} is not installed")
    given = problem()
    objective = Objective.of(given.fold.train)
    factors = fitted(implementation, given)
    assert np.abs(factors.users).max() > 0.01
    assert relative_gradient(objective, given, factors) < 1e-3
    for other in (
        replace(objective, penalty=1.1 * objective.penalty),
        replace(objective, unobserved_weight=1.1 * objective.unobserved_weight),
    ):
        assert relative_gradient(other, given, factors) > 1e-2
