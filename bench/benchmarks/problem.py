"""Input of all implementations of a task, and the state that they return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.benchmarks.stopwatch import Stopwatch
from evaluation.fold import Fold, FoldRatings, Withheld
from evaluation.interactions import Ratings

__all__ = ["Factors", "Problem", "Run", "load_fold", "save_fold", "tiny_fold"]

#: Does the work once: starts the stopwatch and ends a lap after each epoch, until the stopwatch raises.
Run: TypeAlias = Callable[[Stopwatch], None]

_MATRICES = ("train", "histories", "held_out")
_FEATURES = ("user_features", "item_features")
_WITHHELD = ("users", "items", "ratings")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Input of a task, the same for every implementation."""

    fold: Fold
    threads: int
    n_factors: int
    k: int  #: number of neighbours, or length of a list
    seed: int = 0

    @property
    def ratings(self) -> FoldRatings:
        """Ratings of the fold; only for tasks that need them."""
        assert self.fold.ratings is not None
        return self.fold.ratings


@dataclass(frozen=True)
class Factors:
    """Vectors with score(u, i) = users[u] . items[i]; a bias is a column whose counterpart is 1."""

    users: NDArray[np.float32]
    items: NDArray[np.float32]

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = self.users[users] @ self.items.T
        return scores


def save_fold(path: Path, fold: Fold) -> None:
    """Write a fold of warm users to a file, without the timestamps of its ratings."""
    arrays: dict[str, Any] = {}
    matrices = {name: getattr(fold, name) for name in _MATRICES}
    matrices |= {name: getattr(fold, name) for name in _FEATURES if getattr(fold, name) is not None}
    if fold.ratings is not None:
        matrices["ratings"] = fold.ratings.train.matrix
        arrays |= {f"withheld_{name}": getattr(fold.ratings.withheld, name) for name in _WITHHELD}
    for name, matrix in matrices.items():
        arrays |= {f"{name}_{part}": getattr(matrix, part) for part in ("indptr", "indices", "data")}
        arrays[f"{name}_shape"] = np.array(matrix.shape)
    np.savez(path, users=fold.users, **arrays)


def load_fold(path: Path) -> Fold:
    """Read a fold written by ``save_fold``."""
    with np.load(path, allow_pickle=False) as stored:
        train, histories, held_out = (_matrix(stored, name) for name in _MATRICES)
        users, ratings = stored["users"], None
        if "ratings_data" in stored:
            withheld = Withheld(**{name: stored[f"withheld_{name}"] for name in _WITHHELD}, timestamps=None)
            ratings = _ratings(_matrix(stored, "ratings"), users, withheld)
        evaluated: dict[str, Any] = {"users": users, "histories": histories, "held_out": held_out, "fold_in": False}
        features = {name: _matrix(stored, name) for name in _FEATURES if f"{name}_data" in stored}
        return Fold(train=train, ratings=ratings, **evaluated, **features)


def tiny_fold(n: int = 200) -> Fold:
    """Build a problem of milliseconds for the warm-up, which compiles kernels and imports libraries.

    A rating, 1 to 5, depends only on the item, as does the item's single feature.
    """
    rows, columns = np.indices((n, n))
    distance = (columns - rows) % n
    train = sp.csr_array(((distance > 0) & (distance < 20)).astype(np.float32))
    held_out = sp.csr_array((distance == 0).astype(np.float32))
    users, of_items = np.arange(n), (1 + np.arange(n) % 5).astype(np.float32)
    rated = sp.csr_array((of_items[train.indices], train.indices, train.indptr), shape=train.shape)
    ratings = _ratings(rated, users, Withheld(users=users, items=users, ratings=of_items, timestamps=None))
    features = sp.csr_array(np.eye(5, dtype=np.float32)[users % 5])
    evaluated: dict[str, Any] = {"users": users, "histories": train, "held_out": held_out, "fold_in": False}
    return Fold(train=train, ratings=ratings, item_features=features, **evaluated)


def _matrix(stored: Any, name: str) -> sp.csr_array:
    csr = tuple(stored[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_array(csr, shape=tuple(stored[f"{name}_shape"].tolist()))


def _ratings(train: sp.csr_array, users: NDArray[np.int64], withheld: Withheld) -> FoldRatings:
    return FoldRatings(train=Ratings(matrix=train), histories=train[users], withheld=withheld)
