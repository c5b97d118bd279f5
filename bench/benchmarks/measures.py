"""Looking at what implementations made: one measure for all of them, ours and none of theirs."""

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

__all__ = ["METRIC", "Look", "factors_metric", "itself", "loss", "neighbors_metric", "rmse", "share_of_best"]

Look = Callable[[Problem, Any], float]

METRIC = Metric("mrr", 100)
_N_CHECKED_USERS = 200
_ROUNDING = 1e-4  #: relative; float32 sums in another order


def loss(problem: Problem, state: Factors) -> float:
    """The loss that all implementations minimise."""
    return Objective.of(problem.fold.train).loss(problem.fold.train, state)


def factors_metric(problem: Problem, state: Factors) -> float:
    """The metric of factors on the validation likes."""
    return _metric(problem, state.scores)


def neighbors_metric(problem: Problem, state: sp.csr_array) -> float:
    """The metric of S (n_items, n_items), a user's scores being the history times S, on the validation likes."""

    def scores(users: NDArray[np.int64]) -> NDArray[np.float32]:
        dense: NDArray[np.float32] = (problem.fold.train[users] @ state).toarray().astype(np.float32)
        return dense

    return _metric(problem, scores)


def share_of_best(problem: Problem, state: NDArray[np.integer[Any]]) -> float:
    """The share of listed items that are among the k best unseen ones of their user; 1 but for rounding."""
    from bench.benchmarks.ours import shared_model

    model = shared_model(problem)
    rng = np.random.default_rng(problem.seed)
    users = rng.choice(len(state), size=min(_N_CHECKED_USERS, len(state)), replace=False)
    scores = model.scores(users).astype(np.float64)
    scores[problem.fold.train[users].nonzero()] = -np.inf
    k = min(state.shape[1], scores.shape[1])
    bar = np.partition(scores, -k, axis=1)[:, -k, None]
    listed = np.take_along_axis(scores, state[users][:, :k].astype(np.int64), axis=1)
    return float((listed >= bar - _ROUNDING * np.abs(bar)).mean())


def itself(problem: Problem, state: float) -> float:
    """A state that is a metric's value already."""
    return state


def rmse(problem: Problem, state: NDArray[np.floating[Any]]) -> float:
    """Of predicted ratings against those withheld."""
    errors = np.asarray(state, np.float64) - problem.ratings.withheld.ratings
    return float(np.sqrt((errors**2).mean()))


def _metric(problem: Problem, scores: Callable[[NDArray[np.int64]], NDArray[np.float32]]) -> float:
    return float(METRIC.per_user(rank_held_out(scores, problem.fold)).mean())
