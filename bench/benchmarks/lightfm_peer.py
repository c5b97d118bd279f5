"""Adapters of lightfm-next, the maintained fork of LightFM, to the benchmarks."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from bench.benchmarks.problem import Factors, Problem, Run
from bench.benchmarks.stopwatch import Stopwatch

__all__ = ["fit_hybrid", "fit_warp"]


def fit_warp(problem: Problem, *, learning_rate: float, max_sampled: int) -> Run:
    likes = _with_int32_indices(problem.fold.train)
    return _fit(problem, likes, None, None, loss="warp", learning_rate=learning_rate, max_sampled=max_sampled)


def fit_hybrid(problem: Problem, *, loss: str, **settings: Any) -> Run:
    """The hybrid model with identity features besides the others.

    The ``logistic`` loss samples no negatives, so as many random negatives as likes are added to the data.
    """
    fold = problem.fold
    likes = _with_int32_indices(fold.train)
    if loss == "logistic":
        likes = _with_sampled_negatives(likes, np.random.default_rng(problem.seed))
    sides = zip((fold.user_features, fold.item_features), fold.train.shape, strict=True)
    return _fit(problem, likes, *(_with_identities(known, n) for known, n in sides), loss=loss, **settings)


def _fit(
    problem: Problem,
    likes: sp.coo_matrix,
    user_features: sp.csr_matrix | None,
    item_features: sp.csr_matrix | None,
    **settings: Any,
) -> Run:
    from lightfm import LightFM

    features = {"user_features": user_features, "item_features": item_features}

    def run(watch: Stopwatch) -> None:
        model = LightFM(no_components=problem.n_factors, random_state=problem.seed, **settings)
        watch.start()
        while True:
            model.fit_partial(likes, epochs=1, num_threads=problem.threads, **features)
            watch.lap(lambda: _factors(model, user_features, item_features))

    return run


def _with_int32_indices(train: sp.csr_array) -> sp.coo_matrix:
    """Convert the indices to int32, the only type that LightFM accepts."""
    users, items = train.nonzero()
    return sp.coo_matrix((train.data, (users.astype(np.int32), items.astype(np.int32))), shape=train.shape)


def _with_sampled_negatives(likes: sp.coo_matrix, rng: np.random.Generator) -> sp.coo_matrix:
    """Add a random item with value -1 for each like, unless the user likes the item drawn."""
    drawn = rng.integers(likes.shape[1], size=likes.nnz, dtype=np.int32)
    is_other = np.asarray(likes.tocsr()[likes.row, drawn]).ravel() == 0
    values = np.concatenate([likes.data, np.full(is_other.sum(), -1, np.float32)])
    users = np.concatenate([likes.row, likes.row[is_other]])
    return sp.coo_matrix((values, (users, np.concatenate([likes.col, drawn[is_other]]))), shape=likes.shape)


def _with_identities(known: sp.csr_array | None, n_rows: int) -> sp.csr_matrix | None:
    if known is None:
        return None
    whole = sp.csr_matrix(sp.hstack([sp.identity(n_rows, np.float32), known]), dtype=np.float32)
    parts = whole.data, whole.indices.astype(np.int32), whole.indptr.astype(np.int32)
    return sp.csr_matrix(parts, shape=whole.shape)


def _factors(model: Any, user_features: sp.csr_matrix | None, item_features: sp.csr_matrix | None) -> Factors:
    """Factors with item biases as a column; user biases do not affect the ranking and are left out."""
    _, users = model.get_user_representations(user_features)
    biases, items = model.get_item_representations(item_features)
    ones = np.ones((len(users), 1))
    return Factors(np.hstack([users, ones]).astype(np.float32), np.hstack([items, biases[:, None]]).astype(np.float32))
