"""Adapters of implicit to the benchmarks.

Its documentation recommends OpenBLAS on one thread, which is how its processes are started.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from bench.benchmarks.ials_loss import INIT_SCALE, Objective
from bench.benchmarks.ours import shared_model
from bench.benchmarks.problem import Factors, Problem, Run
from bench.benchmarks.stopwatch import Stopwatch

__all__ = ["fit_bpr", "fit_ials", "fit_item2item", "recommend"]

_ENDLESS = 1_000_000  #: epochs; the stopwatch ends the fit


def fit_ials(problem: Problem) -> Run:
    """iALS with conjugate gradients, its default and by far its fastest solver."""
    from implicit.als import AlternatingLeastSquares

    likes = sp.csr_matrix(problem.fold.train)
    objective = Objective.of(problem.fold.train)

    def run(watch: Stopwatch) -> None:
        model = AlternatingLeastSquares(
            factors=problem.n_factors,
            alpha=1 / objective.unobserved_weight,
            regularization=objective.penalty / objective.unobserved_weight,
            iterations=_ENDLESS,
            num_threads=problem.threads,
            use_gpu=False,
        )
        _set_initial_factors(model, problem)
        watch.start()
        model.fit(likes, show_progress=False, callback=_lap_after_epoch(watch, model))

    return run


def fit_bpr(problem: Problem, *, learning_rate: float, regularization: float) -> Run:
    from implicit.bpr import BayesianPersonalizedRanking

    likes = sp.csr_matrix(problem.fold.train)

    def run(watch: Stopwatch) -> None:
        model = BayesianPersonalizedRanking(
            factors=problem.n_factors,
            learning_rate=learning_rate,
            regularization=regularization,
            iterations=_ENDLESS,
            num_threads=problem.threads,
            random_state=problem.seed,
            use_gpu=False,
        )
        watch.start()
        model.fit(likes, show_progress=False, callback=_lap_after_epoch(watch, model))

    return run


def fit_item2item(problem: Problem) -> Run:
    from implicit.nearest_neighbours import CosineRecommender

    likes = sp.csr_matrix(problem.fold.train)

    def run(watch: Stopwatch) -> None:
        # K includes the item itself
        model = CosineRecommender(K=problem.k + 1, num_threads=problem.threads)
        watch.start()
        model.fit(likes, show_progress=False)
        watch.lap(lambda: _without_diagonal(model.similarity))

    return run


def recommend(problem: Problem) -> Run:
    """Top-k lists of all users, without seen items."""
    from implicit.als import AlternatingLeastSquares

    shared = shared_model(problem)
    likes = sp.csr_matrix(problem.fold.train)
    users = np.arange(likes.shape[0])
    model = AlternatingLeastSquares(factors=problem.n_factors, num_threads=problem.threads, use_gpu=False)
    model.user_factors, model.item_factors = shared.user_factors, shared.item_factors

    def run(watch: Stopwatch) -> None:
        watch.start()
        items, _ = model.recommend(users, likes, N=problem.k)
        watch.lap(lambda: items)

    return run


def _set_initial_factors(model: Any, problem: Problem) -> None:
    """Start with normal vectors as the other implementations do; its own initial factors are uniform and positive."""
    rng = np.random.default_rng(problem.seed)
    scale = np.float32(INIT_SCALE / np.sqrt(problem.n_factors))
    n_users, n_items = problem.fold.train.shape
    model.user_factors = rng.standard_normal((n_users, problem.n_factors), np.float32) * scale
    model.item_factors = rng.standard_normal((n_items, problem.n_factors), np.float32) * scale


def _lap_after_epoch(watch: Stopwatch, model: Any) -> Any:
    def lap(*_: Any) -> None:
        watch.lap(lambda: Factors(model.user_factors, model.item_factors))

    return lap


def _without_diagonal(similarity: Any) -> sp.csr_array:
    matrix = sp.coo_array(similarity)
    is_other = matrix.row != matrix.col
    return sp.csr_array((matrix.data[is_other], (matrix.row[is_other], matrix.col[is_other])), shape=matrix.shape)
