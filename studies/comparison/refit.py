"""One configuration under one seed, fitted on all data but the test set, and evaluated for a comparison."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.conventions import TieCounts, count_ties
from evaluation.fold import Fold
from evaluation.overlap import RankedLists
from evaluation.ranking import HeldOutRanks
from evaluation.rating_errors import RatingErrors
from models.base import Recommender
from models.factor_model import FactorModel
from studies.comparison.entrants import Entrant
from studies.training_data import errors_of, features_of_fold, suited
from studies.trial import rank_by, warm_up

__all__ = ["DEPTH", "Refit", "fit_on", "lists_on", "recommend_lists", "refit"]

DEPTH = 100  #: length of the lists that are compared
SERVED = 10  #: recommendations of one request whose latency is measured
BATCH_USERS = 1000
SINGLE_REQUESTS = 50


@dataclass(frozen=True, kw_only=True)
class Refit:
    """Results of one fit; lists have a row for each user of the fold, or for each item with compared neighbours."""

    ranks: HeldOutRanks
    ties: TieCounts
    lists: RankedLists  #: (n_users, DEPTH)
    neighbours: RankedLists  #: (n_compared_items, DEPTH)
    fit_seconds: float
    batch_milliseconds: float
    single_milliseconds: float
    megabytes: float
    item_vectors: NDArray[np.float32] | None  #: (n_items, n_factors) of a latent model
    errors: RatingErrors | None  #: on withheld ratings, of a rating model


def refit(entrant: Entrant, fold: Fold, items: NDArray[np.int64], *, seed: int, threads: int | None) -> Refit:
    """Fit, rank and recommend; ``items`` are the items whose neighbours are compared."""
    warm_up(entrant.spec, threads)
    fold = suited(fold, entrant.spec.model)
    start = time.perf_counter()
    model = fit_on(entrant, fold, seed=seed, threads=threads)
    fit_seconds = time.perf_counter() - start
    neighbours = model.similar_items(items, DEPTH)
    return Refit(
        ranks=rank_by(model, fold),
        ties=count_ties(model.scores, fold),
        lists=recommend_lists(model, fold),
        neighbours=RankedLists.from_scores(neighbours.items, neighbours.scores),
        fit_seconds=fit_seconds,
        batch_milliseconds=_batch_milliseconds(model, fold),
        single_milliseconds=_single_milliseconds(model, fold),
        megabytes=sum(getattr(model, name).nbytes for name in model.arrays) / 1e6,
        item_vectors=_item_vectors(model),
        errors=errors_of(model, fold),
    )


def fit_on(entrant: Entrant, fold: Fold, *, seed: int, threads: int | None) -> Recommender[Any]:
    """Return the model fitted on the training data of ``fold``, which ``suited`` returned for it."""
    model = entrant.spec.model(entrant.config, seed=seed, threads=threads)
    return model.fit(fold.train, timestamps=fold.timestamps, features=features_of_fold(model, fold))


def lists_on(entrant: Entrant, fold: Fold, *, seed: int, threads: int | None) -> RankedLists:
    """Fit the model on this fold and return its lists."""
    fold = suited(fold, entrant.spec.model)
    return recommend_lists(fit_on(entrant, fold, seed=seed, threads=threads), fold)


def recommend_lists(model: Recommender[Any], fold: Fold) -> RankedLists:
    """Return the first ``DEPTH`` items for every user of the fold, of the items that the fold ranks."""
    top = model.recommend(fold.queries(slice(0, len(fold.users))), DEPTH, seen=fold.seen)
    return RankedLists.from_scores(top.items, top.scores)


def _item_vectors(model: Recommender[Any]) -> NDArray[np.float32] | None:
    if not isinstance(model, FactorModel):
        return None
    return model.item_factors[:, : model.item_factors.shape[1] - model.n_bias_columns]


def _batch_milliseconds(model: Recommender[Any], fold: Fold) -> float:
    n = min(BATCH_USERS, len(fold.users))
    return _milliseconds(lambda: model.recommend(fold.queries(slice(0, n)), SERVED)) / n


def _single_milliseconds(model: Recommender[Any], fold: Fold) -> float:
    queries = [fold.queries(slice(row, row + 1)) for row in range(min(SINGLE_REQUESTS, len(fold.users)))]
    return float(np.median([_milliseconds(partial(model.recommend, query, SERVED)) for query in queries]))


def _milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)
