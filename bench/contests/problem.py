"""What all contenders of a contest are given, and what they show of their work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.contests.stopwatch import Stopwatch
from evaluation.split import Fold

__all__ = ["Factors", "Problem", "Run", "load_fold", "save_fold", "tiny_fold"]

#: Do the work once: start the watch, show it the state after each epoch, go on until it says enough.
Run: TypeAlias = Callable[[Stopwatch], None]

_MATRICES = ("train", "histories", "hidden")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """The same for every contender."""

    fold: Fold
    threads: int
    n_factors: int
    k: int  #: neighbours kept, or length of a list
    seed: int = 0


@dataclass(frozen=True)
class Factors:
    """score(u, i) = users[u] . items[i]; biases are columns against a constant 1."""

    users: NDArray[np.float32]
    items: NDArray[np.float32]

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = self.users[users] @ self.items.T
        return scores


def save_fold(path: Path, fold: Fold) -> None:
    """Write a fold of warm users for other processes."""
    arrays: dict[str, Any] = {}
    for name in _MATRICES:
        matrix = getattr(fold, name)
        arrays |= {f"{name}_{part}": getattr(matrix, part) for part in ("indptr", "indices", "data")}
        arrays[f"{name}_shape"] = np.array(matrix.shape)
    np.savez(path, users=fold.users, **arrays)


def load_fold(path: Path) -> Fold:
    with np.load(path, allow_pickle=False) as stored:
        train, histories, hidden = (
            sp.csr_array(
                tuple(stored[f"{name}_{part}"] for part in ("data", "indices", "indptr")),
                shape=tuple(stored[f"{name}_shape"].tolist()),
            )
            for name in _MATRICES
        )
        return Fold(train=train, users=stored["users"], histories=histories, hidden=hidden, fold_in=False)


def tiny_fold(n: int = 200) -> Fold:
    """Work of milliseconds, done before anything is timed: it compiles kernels and imports libraries."""
    rows, columns = np.indices((n, n))
    distance = (columns - rows) % n
    train = sp.csr_array(((distance > 0) & (distance < 20)).astype(np.float32))
    hidden = sp.csr_array((distance == 0).astype(np.float32))
    return Fold(train=train, users=np.arange(n), histories=train, hidden=hidden, fold_in=False)
