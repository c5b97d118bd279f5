"""Quality measures of benchmark results, the same for all implementations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.benchmarks.ials_loss import Objective
from bench.benchmarks.problem import Factors, Problem
from evaluation.metrics import Metric
from evaluation.ranking import rank_held_out

__all__ = ["METRIC", "Measure", "factors_metric", "identity", "loss", "neighbors_metric", "rmse", "share_of_best"]

Measure = Callable[[Problem, Any], float]

METRIC = Metric("mrr", 100)
_N_CHECKED_USERS = 200
_ROUNDING = 1e-4  #: relative; covers float32 sums in another order


def loss(problem: Problem, state: Factors) -> float:
    """The iALS loss, which all iALS implementations minimise."""
    return Objective.of(problem.fold.train).loss(problem.fold.train, state)


def factors_metric(problem: Problem, state: Factors) -> float:
    """METRIC of factors on the validation fold."""
    return _metric(problem, state.scores)


def neighbors_metric(problem: Problem, state: sp.csr_array) -> float:
    """METRIC of the scores history @ S on the validation fold, for item similarities S (n_items, n_items)."""

    def scores(users: NDArray[np.int64]) -> NDArray[np.float32]:
        dense: NDArray[np.float32] = (problem.fold.train[users] @ state).toarray().astype(np.float32)
        return dense

    return _metric(problem, scores)


def share_of_best(problem: Problem, state: NDArray[np.integer[Any]]) -> float:
    """Share of listed items that are among the k best unseen items of their user; below 1 only by rounding."""
    from bench.benchmarks.ours import shared_model

    model = shared_model(problem)
    rng = np.random.default_rng(problem.seed)
    users = rng.choice(len(state), size=min(_N_CHECKED_USERS, len(state)), replace=False)
    scores = model.scores(users).astype(np.float64)
    scores[problem.fold.train[users].nonzero()] = -np.inf
    k = min(state.shape[1], scores.shape[1])
    threshold = np.partition(scores, -k, axis=1)[:, -k, None]
    listed = np.take_along_axis(scores, state[users][:, :k].astype(np.int64), axis=1)
    return float((listed >= threshold - _ROUNDING * np.abs(threshold)).mean())


def identity(problem: Problem, state: float) -> float:
    """Return the state, which is the value of a metric already."""
    return state


def rmse(problem: Problem, state: NDArray[np.floating[Any]]) -> float:
    """RMSE of predicted ratings on the withheld ratings."""
    errors = np.asarray(state, np.float64) - problem.ratings.withheld.ratings
    return float(np.sqrt((errors**2).mean()))


def _metric(problem: Problem, scores: Callable[[NDArray[np.int64]], NDArray[np.float32]]) -> float:
    return float(METRIC.per_user(rank_held_out(scores, problem.fold)).mean())
