"""Ranks of held-out items where a score is the inner product of two vectors.

Most item vectors are too short to outscore a held-out item, so their scores are not computed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.fold import Fold
from evaluation.ranking import CsrArrays, HeldOutRanks, csr_arrays, rank_blocks, rows_of_blocks

__all__ = ["rank_by_factors"]

ROUNDING = 1e-4  #: relative to |x| |y|: exceeds the rounding error of a float32 product of 1,000 factors
TINY = 1e-18  #: smaller numbers vanish when squared in float32


def rank_by_factors(x: NDArray[np.float32], y: NDArray[np.float32], fold: Fold, *, threads: int = 1) -> HeldOutRanks:
    """Return what ``rank_held_out`` returns for the scores x @ y.T.

    ``x`` (n_evaluation_users, n_factors) and ``y`` (n_items, n_factors) are C-contiguous. Since x.y <= |x| |y|, an item
    shorter than x.y_h / |x| scores less than the held-out item h (as in LEMP, Teflioudi et al. 2015, SIGMOD). Items are
    sorted by descending length, users by descending number of items that must be scored for them.
    """
    lengths = _lengths(y)
    items = np.argsort(-lengths, kind="stable")
    columns = np.empty(len(items), np.int32)
    columns[items] = np.arange(len(items), dtype=np.int32)
    seen, held_out = ((indptr, columns[indices]) for indptr, indices in map(csr_arrays, (fold.seen, fold.held_out)))
    y, lengths = y[items], lengths[items]
    n_needed = _n_needed(x, y, lengths, held_out)
    rows = np.argsort(-n_needed, kind="stable")

    def scores(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        product: NDArray[np.float32] = x[rows] @ y[: n_needed[rows[0]]].T
        return product

    return rank_blocks(scores, _blocks(rows, n_needed), fold, seen, held_out, threads=threads)


def _n_needed(
    x: NDArray[np.float32], y: NDArray[np.float32], lengths: NDArray[np.float64], held_out: CsrArrays
) -> NDArray[np.int64]:
    """Number of longest items that could outscore each user's lowest held-out item, at least 1; (len(x),)."""
    indptr, columns = held_out
    row_lengths = _lengths(x)
    if not (np.isfinite(lengths).all() and np.isfinite(row_lengths).all()):
        return np.full(len(x), len(y))
    row_of = np.repeat(np.arange(len(x)), np.diff(indptr))
    cosines = np.einsum("ij,ij->i", x[row_of], y[columns]) / row_lengths[row_of]  # cosine times |y|
    shortest = np.full(len(x), np.inf)
    np.minimum.at(shortest, row_of, cosines - ROUNDING * lengths[columns])
    n_needed = len(y) - np.searchsorted(lengths[::-1], shortest)
    return np.maximum(n_needed, 1)


def _lengths(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Upper bounds of the lengths of the rows, (n,)."""
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors)).astype(np.float64) * (1 + ROUNDING) + TINY


def _blocks(rows: NDArray[np.int64], n_needed: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    blocks = []
    while len(rows):
        size = rows_of_blocks(int(n_needed[rows[0]]))
        blocks.append(rows[:size])
        rows = rows[size:]
    return blocks
