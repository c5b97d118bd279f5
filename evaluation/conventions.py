"""MRR and MAP as other libraries define them: how they rank ties, and what average precision is divided by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.fold import Fold

__all__ = ["CONVENTIONS", "Convention", "TieCounts", "count_ties"]

BLOCK_ROWS = 256
Ties = Literal["half", "arbitrary", "lowest index first", "highest index first", "held-out item last"]
Divisor = Literal["min(k, n)", "n", "k, without relevance"]


@dataclass(frozen=True)
class Convention:
    """How one library ranks ties and normalises average precision, according to its code."""

    library: str
    ties: Ties
    divisor: Divisor

    def mean_reciprocal_rank(self, counts: TieCounts, k: int) -> float:
        """Mean over users of 1 / rank of the best-ranked held-out item, 0 beyond rank k."""
        best = np.minimum.reduceat(counts.ranks(self.ties), counts.indptr[:-1])
        return float(np.where(best <= k, 1 / best, 0.0).mean())

    def mean_average_precision(self, counts: TieCounts, k: int) -> float:
        """Mean over users of the average precision at k, as this library defines it."""
        ranks, n_held_out = counts.ranks(self.ties), np.diff(counts.indptr)
        row_of = np.repeat(np.arange(len(n_held_out)), n_held_out)
        ranks = ranks[np.lexsort((ranks, row_of))]
        position = np.arange(len(ranks)) - counts.indptr[:-1][row_of] + 1
        if self.divisor == "k, without relevance":
            return float(_precision_at_every_depth(ranks, row_of, len(n_held_out), k).mean())
        gains = np.where(ranks <= k, position / np.maximum(ranks, position), 0.0)
        divisors = n_held_out if self.divisor == "n" else np.minimum(k, n_held_out)
        return float((np.bincount(row_of, weights=gains) / divisors).mean())


CONVENTIONS = (
    Convention("mfbench", "half", "min(k, n)"),
    Convention("implicit", "highest index first", "min(k, n)"),
    Convention("irspack", "lowest index first", "n"),
    Convention("RecBole", "arbitrary", "min(k, n)"),
    Convention("LensKit", "arbitrary", "min(k, n)"),
    Convention("LightFM", "held-out item last", "n"),
    Convention("Elliot", "arbitrary", "k, without relevance"),
)


@dataclass(frozen=True)
class TieCounts:
    """Unseen items that score higher than or equal to each held-out item, in the order of ``Fold.held_out``."""

    indptr: NDArray[np.int64]  #: (n_users + 1,)
    higher: NDArray[np.int64]  #: (n_held_out,) items with a higher score
    tied_before: NDArray[np.int64]  #: (n_held_out,) tied items with a lower index
    tied_after: NDArray[np.int64]  #: (n_held_out,) tied items with a higher index

    def ranks(self, ties: Ties) -> NDArray[np.float64]:
        """Ranks, counted from 1, under the tie rule ``ties``; (n_held_out,)."""
        tied = {
            "half": (self.tied_before + self.tied_after) / 2,
            "arbitrary": (self.tied_before + self.tied_after) / 2,  # the expected rank if the order of ties is random
            "lowest index first": self.tied_before,
            "highest index first": self.tied_after,
            "held-out item last": self.tied_before + self.tied_after,
        }[ties]
        return np.asarray(1 + self.higher + tied, np.float64)


def count_ties(score: Callable[[Any], NDArray[np.float32]], fold: Fold) -> TieCounts:
    """Count higher-scoring and tied items of each held-out item; ``score`` is as in ``rank_held_out``."""
    n_users = fold.held_out.shape[0]
    counts, seen = np.zeros((3, fold.held_out.nnz), np.int64), fold.seen
    for first in range(0, n_users, BLOCK_ROWS):
        rows = slice(first, min(first + BLOCK_ROWS, n_users))
        for row, scores in enumerate(score(fold.queries(rows)), first):
            _count_row(scores, row, seen, fold.held_out, counts)
    return TieCounts(fold.held_out.indptr.astype(np.int64), *counts)


def _count_row(
    scores: NDArray[np.float32], row: int, seen: sp.csr_array, held_out: sp.csr_array, counts: NDArray[np.int64]
) -> None:
    unseen = np.ones(len(scores), bool)
    unseen[seen.indices[seen.indptr[row] : seen.indptr[row + 1]]] = False
    for entry in range(held_out.indptr[row], held_out.indptr[row + 1]):
        item = held_out.indices[entry]
        tied = (scores == scores[item]) & unseen
        counts[:, entry] = (
            np.count_nonzero((scores > scores[item]) & unseen),
            np.count_nonzero(tied[:item]),
            np.count_nonzero(tied[item + 1 :]),
        )


def _precision_at_every_depth(
    ranks: NDArray[np.float64], row_of: NDArray[np.int64], n_users: int, k: int
) -> NDArray[np.float64]:
    """Mean of precision@d over all depths d = 1..k, whether or not there is a hit at d; (n_users,)."""
    inverse = np.append(np.cumsum(1 / np.arange(k, 0, -1))[::-1], 0.0)  # index d - 1 holds 1/d + ... + 1/k
    depth = np.minimum(np.ceil(ranks), k + 1).astype(np.int64)
    return np.asarray(np.bincount(row_of, weights=inverse[depth - 1], minlength=n_users) / k, np.float64)
