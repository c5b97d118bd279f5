"""Print a hash of what each kernel computes: python -m tests.models.kernels.every_kernel THREADS [CASE ...]

The sizes leave remainders in loops over vectors, and rows are short, long and longer than is gathered at a time. The
last line names the kernels that no case has called.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
import scipy.sparse as sp
from numba.core.registry import CPUDispatcher
from numpy.typing import ArrayLike

import evaluation
import models.kernels
from evaluation.overlap import RankedLists, kendall_similarity, overlap, rank_biased_overlap
from models.base import Recommender
from models.inputs import Features
from models.kernels.least_squares import CHUNK
from models.row_solvers import RowSolver
from models.threads import LITTLE_WORK
from models.top_k import BLOCK_ROWS, SORTED_FROM, best_products
from studies.registry import MODELS, load_spec
from tests.evaluation.folds import rank

N_USERS, N_ITEMS = 420, 400
N_FACTORS = (119, 3)
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "als": [{"cells": "all"}, {"cells": "observed", "targets": "weights"}],
    "bpr": [{"negatives": "adaptive"}, {"negatives": "popularity"}],
    "hybrid": [{"loss": loss, "optimizer": "adadelta"} for loss in ("bpr", "logistic")] + [{"loss": "k-os"}],
    "ials": [{"solver": solver, "alpha": 0.5} for solver in ("cg", "cholesky", "subspace")],
    "item2item": [{"similarity": "cooccurrence"}, {"weighting": "bm25"}],
    "logistic_mf": [{"negatives": "sampled"}, {"negatives": "weighted"}],
    "warp": [{"variant": "k-os"}, {"variant": "hardest"}],
}


def random_ratings() -> sp.csr_array:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 140, N_USERS)
    lengths[:6] = CHUNK + 40
    columns = [np.sort(rng.choice(N_ITEMS, length, replace=False)) for length in lengths]
    values = rng.integers(1, 6, lengths.sum()).astype(np.float32)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    assert len(values) >= LITTLE_WORK  # less is done by one thread
    return sp.csr_array((values, np.concatenate(columns), indptr), shape=(N_USERS, N_ITEMS))


def random_features() -> Features:
    rng = np.random.default_rng(1)
    users, items = ((rng.random((n, 7)) < 0.3).astype(np.float32) for n in (N_USERS, N_ITEMS))
    return Features(users=sp.csr_array(users), items=sp.csr_array(items))


def cases(threads: int) -> Iterator[tuple[str, Callable[[], Iterator[ArrayLike]]]]:
    for name in MODELS:
        model = load_spec(name).model
        known = {field.name for field in fields(model.config_type)}
        for variant in VARIANTS.get(name, [{}]):
            for n_factors in N_FACTORS if "n_factors" in known else (0,):
                sizes = {"n_factors": n_factors, "n_epochs": 2}
                options = variant | {key: value for key, value in sizes.items() if key in known}
                label = "-".join([name, *map(str, variant.values()), *([str(n_factors)] if n_factors else [])])
                yield label, partial(of_model, model(model.config_type(**options), seed=1, threads=threads))
    yield "row-solver", partial(solutions, threads)
    yield "longest-first", longest_first
    yield "ranks-and-overlaps", ranks_and_overlaps


def of_model(model: Recommender[Any]) -> Iterator[ArrayLike]:
    train = random_ratings()
    times = np.random.default_rng(2).integers(10**9, 2 * 10**9, train.nnz) if model.learns_from_times else None
    model.fit(train, timestamps=times, features=random_features() if model.learns_from_features else None)
    for name in model.arrays:
        yield getattr(model, name)
    yield model.scores(np.arange(20))
    yield model.scores(train[::4])
    yield from model.recommend(train[::4], 10)
    if type(model).loss is not Recommender.loss:
        yield model.loss()


def solutions(threads: int) -> Iterator[ArrayLike]:
    """Vectors and losses; before kernels had own copies, these differed between a cold cache and a warm one."""
    rng, rows = np.random.default_rng(5), random_ratings()
    solver = RowSolver(solver="cg", slope=1, intercept=-0.3, tolerance=0.01, block_size=1, threads=threads)
    for n_factors in (1, 2, 3, 119):
        y, start = rng.standard_normal((N_ITEMS, n_factors), np.float32), np.zeros((N_USERS, n_factors), np.float32)
        x = solver.solve(rows, y, spectrum=np.ones(n_factors, np.float32), reg=np.ones(N_USERS), start=start)
        yield x
        yield solver.loss(rows, x, y)


def longest_first() -> Iterator[ArrayLike]:
    rng = np.random.default_rng(3)
    return iter(best_products(*(rng.standard_normal((n, 11), np.float32) for n in (BLOCK_ROWS, SORTED_FROM)), 10))


def ranks_and_overlaps() -> Iterator[ArrayLike]:
    rng = np.random.default_rng(4)
    scores = rng.integers(0, 20, (2, 30, 40)).astype(np.float32)
    yield rank(scores[0], [[0, 1]] * 30, [[2, 3, 4]] * 30).ranks
    items = np.argsort(-scores, kind="stable")[:, :, :11]
    a, b = (RankedLists.from_scores(*lists) for lists in zip(items, np.take_along_axis(scores, items, 2), strict=True))
    yield overlap(a, b, 7)
    yield from rank_biased_overlap(a, b, 11, 0.9)
    yield kendall_similarity(a, b, 11)


def digest(arrays: Iterator[ArrayLike]) -> str:
    state = sha256()
    for array in arrays:
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()[:16]


def never_called() -> list[str]:
    """Kernels without compiled code, but for those that are compiled into their callers alone."""
    found = []
    for package in (models.kernels, evaluation):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, CPUDispatcher) and not value.targetoptions.get("forceinline"):
                    found += [] if value.signatures else [f"{value.__module__}.{value.__name__}"]
    return sorted(set(found))


if __name__ == "__main__":
    for label, arrays in cases(int(sys.argv[1])):
        if not sys.argv[2:] or label in sys.argv[2:]:
            print(label, digest(arrays()))
    print("never called:", *never_called())
