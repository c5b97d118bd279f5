"""Adapters of our models to the benchmarks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from bench.benchmarks.ials_loss import INIT_SCALE, Objective
from bench.benchmarks.problem import Factors, Problem, Run
from bench.benchmarks.stopwatch import Stopwatch
from evaluation.metrics import Metric
from models.factor_model import FactorModel
from studies.registry import load_spec
from studies.training_data import features_of_fold
from studies.trial import rank_by

__all__ = ["fit_ials", "fit_item2item", "fit_pairwise", "fit_ratings", "rank", "recommend", "shared_model"]

_ENDLESS = 1_000_000  #: epochs; the stopwatch ends the fit
_EPOCHS_BEFORE_RANKING = 3


def fit_ials(problem: Problem, *, solver: str) -> Run:
    """iALS; the exact solver without overrelaxation, because it sets the target, the others with the default."""
    objective = Objective.of(problem.fold.train)
    config: dict[str, Any] = {
        "n_factors": problem.n_factors,
        "solver": solver,
        "reg": objective.reg,
        "reg_exponent": 0.0,
        "unobserved_weight": objective.unobserved_weight,
        "init_scale": INIT_SCALE,
    }
    config |= {"relaxation": 1.0} if solver == "cholesky" else {}
    return _fit("ials", config, problem)


def fit_pairwise(problem: Problem, *, model: str, **config: Any) -> Run:
    """BPR, WARP or the hybrid model with its defaults, except for ``config``."""
    return _fit(model, {"n_factors": problem.n_factors, **config}, problem)


def fit_item2item(problem: Problem) -> Run:
    model_type = load_spec("item2item").model
    config = model_type.config_type(similarity="cosine", n_neighbors=problem.k)

    def run(watch: Stopwatch) -> None:
        model: Any = model_type(config, seed=problem.seed, threads=problem.threads)
        watch.start()
        model.fit(problem.fold.train)
        watch.lap(lambda: _neighbor_matrix(model.neighbors, model.similarities))

    return run


def fit_ratings(problem: Problem, *, model: str, **config: Any) -> Run:
    """A model of ratings with its defaults, except for ``config``; the state is its predictions of withheld ratings."""
    model_type: Any = load_spec(model).model
    ratings = problem.ratings

    def run(watch: Stopwatch) -> None:
        fitted = model_type(model_type.config_type(**config), seed=problem.seed, threads=problem.threads)
        watch.start()
        fitted.fit(ratings.train.matrix)
        watch.lap(lambda: fitted.predict(ratings.withheld.users, ratings.withheld.items))

    return run


def recommend(problem: Problem) -> Run:
    """Top-k lists of all users, without seen items."""
    model = shared_model(problem)
    users = np.arange(problem.fold.train.shape[0])

    def run(watch: Stopwatch) -> None:
        watch.start()
        lists = model.recommend(users, problem.k)
        watch.lap(lambda: lists.items)

    return run


def rank(problem: Problem) -> Run:
    """Ranks of the held-out items, and their metric."""
    model = shared_model(problem)
    metric = Metric("map", problem.k)

    def run(watch: Stopwatch) -> None:
        watch.start()
        value = float(metric.per_user(rank_by(model, problem.fold)).mean())
        watch.lap(lambda: value)

    return run


def shared_model(problem: Problem) -> FactorModel[Any]:
    """Fit the model whose factors all implementations of lists and ranks use; every process fits the same one."""
    spec = load_spec("ials")
    config = replace(spec.model.config_type(), n_factors=problem.n_factors, n_epochs=_EPOCHS_BEFORE_RANKING)
    model: Any = spec.model(config, seed=problem.seed, threads=problem.threads).fit(problem.fold.train)
    return model


def _fit(name: str, config: dict[str, Any], problem: Problem) -> Run:
    model_type = load_spec(name).model

    def run(watch: Stopwatch) -> None:
        model: Any = model_type(
            model_type.config_type(**config, n_epochs=_ENDLESS), seed=problem.seed, threads=problem.threads
        )
        watch.start()
        for _ in model.fit_epochs(problem.fold.train, features=features_of_fold(model, problem.fold)):
            watch.lap(lambda: Factors(model.user_factors, model.item_factors))

    return run


def _neighbor_matrix(neighbors: Any, similarities: Any) -> sp.csr_array:
    """Item similarities S, so that history @ S are the scores."""
    n_items = len(neighbors)
    rows, columns = np.nonzero(neighbors >= 0)
    cells = rows, neighbors[rows, columns]
    return sp.csr_array((similarities[rows, columns], cells), shape=(n_items, n_items))
