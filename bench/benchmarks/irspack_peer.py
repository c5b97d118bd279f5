"""Adapters of irspack to the benchmarks."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.benchmarks.ials_loss import INIT_SCALE, Objective
from bench.benchmarks.ours import shared_model
from bench.benchmarks.problem import Factors, Problem, Run
from bench.benchmarks.stopwatch import Stopwatch

__all__ = ["fit_ials", "fit_item2item", "rank"]


def fit_ials(problem: Problem, *, solver: str) -> Run:
    from irspack import IALSRecommender

    objective = Objective.of(problem.fold.train)
    likes = sp.csr_matrix(problem.fold.train)
    weighted = sp.csr_matrix(
        (np.full(likes.nnz, 1 - objective.unobserved_weight), likes.indices, likes.indptr), shape=likes.shape
    )
    model = IALSRecommender(
        weighted,
        n_components=problem.n_factors,
        alpha0=objective.unobserved_weight,
        reg=objective.penalty,
        nu=0.0,
        init_std=INIT_SCALE,
        solver_type=solver,
        loss_type="ORIGINAL",
        random_seed=problem.seed,
        n_threads=problem.threads,
    )

    def run(watch: Stopwatch) -> None:
        watch.start()
        model.start_learning()
        core = model.trainer_as_ials.core_trainer
        while True:
            model.run_epoch()
            watch.lap(lambda: Factors(core.user, core.item))

    return run


def fit_item2item(problem: Problem) -> Run:
    from irspack import CosineKNNRecommender

    likes = sp.csr_matrix(problem.fold.train)

    def run(watch: Stopwatch) -> None:
        # top_k includes the item itself, which it then removes
        model = CosineKNNRecommender(likes, top_k=problem.k + 1, normalize=True, n_threads=problem.threads)
        watch.start()
        model.learn()
        watch.lap(lambda: sp.csr_array(model.W))

    return run


def rank(problem: Problem) -> Run:
    """MAP by its Evaluator, which sorts the top k of each user instead of counting ranks."""
    from irspack import Evaluator

    shared, fold = shared_model(problem), problem.fold
    evaluator = Evaluator(
        sp.csr_matrix(fold.held_out),
        cutoff=problem.k,
        target_metric="map",
        masked_interactions=sp.csr_matrix(fold.histories),
        n_threads=problem.threads,
    )
    scorer: Any = _Scorer(Factors(shared.user_factors[fold.users], shared.item_factors))

    def run(watch: Stopwatch) -> None:
        watch.start()
        value = float(evaluator.get_score(scorer)["map"])
        watch.lap(lambda: value)

    return run


class _Scorer:
    """The part of a model that the Evaluator uses."""

    def __init__(self, factors: Factors) -> None:
        self._factors = factors
        self.n_users, self.n_items = len(factors.users), len(factors.items)

    def get_score_block(self, begin: int, end: int) -> NDArray[np.float32]:
        return self._factors.scores(np.arange(begin, end))
