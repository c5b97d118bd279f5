"""The same scores under the conventions of other libraries: where ties rank, and what average precision divides by."""

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
Ties = Literal["half", "arbitrary", "lowest index first", "highest index first", "hidden like last"]
Divisor = Literal["min(k, n)", "n", "k, without relevance"]


@dataclass(frozen=True)
class Convention:
    """How one library ranks and averages, as its code does."""

    library: str
    ties: Ties
    divisor: Divisor

    def mean_reciprocal_rank(self, counts: TieCounts, k: int) -> float:
        """Mean over users of 1 / rank of the first hidden like, 0 beyond k."""
        best = np.minimum.reduceat(counts.ranks(self.ties), counts.indptr[:-1])
        return float(np.where(best <= k, 1 / best, 0.0).mean())

    def mean_average_precision(self, counts: TieCounts, k: int) -> float:
        """Mean over users of the average precision at k, as this library defines it."""
        ranks, n_held_out = counts.ranks(self.ties), np.diff(counts.indptr)
        row_of = np.repeat(np.arange(len(n_held_out)), n_held_out)
        ranks = ranks[np.lexsort((ranks, row_of))]
        place = np.arange(len(ranks)) - counts.indptr[:-1][row_of] + 1
        if self.divisor == "k, without relevance":
            return float(_precision_at_every_depth(ranks, row_of, len(n_held_out), k).mean())
        gains = np.where(ranks <= k, place / np.maximum(ranks, place), 0.0)
        divisors = n_held_out if self.divisor == "n" else np.minimum(k, n_held_out)
        return float((np.bincount(row_of, weights=gains) / divisors).mean())


CONVENTIONS = (
    Convention("mfbench", "half", "min(k, n)"),
    Convention("implicit", "highest index first", "min(k, n)"),
    Convention("irspack", "lowest index first", "n"),
    Convention("RecBole", "arbitrary", "min(k, n)"),
    Convention("LensKit", "arbitrary", "min(k, n)"),
    Convention("LightFM", "hidden like last", "n"),
    Convention("Elliot", "arbitrary", "k, without relevance"),
)


@dataclass(frozen=True)
class TieCounts:
    """Unseen items above and beside each hidden like, row by row as in the fold's ``hidden``; (n_hidden,) each."""

    indptr: NDArray[np.int64]  #: (n_users + 1,)
    higher: NDArray[np.int64]
    tied_before: NDArray[np.int64]  #: ties with a lower item number
    tied_after: NDArray[np.int64]

    def ranks(self, ties: Ties) -> NDArray[np.float64]:
        """Ranks from 1, (n_hidden,), with ties placed as said."""
        tied = {
            "half": (self.tied_before + self.tied_after) / 2,
            "arbitrary": (self.tied_before + self.tied_after) / 2,  # what is expected of an order left to chance
            "lowest index first": self.tied_before,
            "highest index first": self.tied_after,
            "hidden like last": self.tied_before + self.tied_after,
        }[ties]
        return np.asarray(1 + self.higher + tied, np.float64)


def count_ties(score: Callable[[Any], NDArray[np.float32]], fold: Fold) -> TieCounts:
    """Count what stands above and beside each hidden like; ``score`` is what ``rank_held_out`` takes."""
    n_asked = fold.held_out.shape[0]
    counts, seen = np.zeros((3, fold.held_out.nnz), np.int64), fold.seen
    for first in range(0, n_asked, BLOCK_ROWS):
        rows = slice(first, min(first + BLOCK_ROWS, n_asked))
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
    """Mean over depths 1..k of precision at that depth, hit there or not; (n_users,)."""
    inverse = np.append(np.cumsum(1 / np.arange(k, 0, -1))[::-1], 0.0)  # of depth d: 1/d + ... + 1/k, at index d - 1
    depth = np.minimum(np.ceil(ranks), k + 1).astype(np.int64)
    return np.asarray(np.bincount(row_of, weights=inverse[depth - 1], minlength=n_users) / k, np.float64)
