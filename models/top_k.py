"""Selection of the k best of many scores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_arrays
from models.kernels.top_k import WIDTH, offer_scores, sort_rows, tighten_floors, write_best
from models.threads import available_threads, limited_threads

__all__ = ["TopK", "best_products", "best_scores"]

Scores: TypeAlias = NDArray[np.float32]
#: Writes the scores of a slice of rows and a slice of items into an array.
WriteScores: TypeAlias = Callable[[slice, slice, Scores], object]

BLOCK_ROWS = 128
BLOCK_SCORES = 1 << 19  #: scores computed at a time: 2 MiB, so that they are still in cache when read
SORTED_FROM = 8192  #: number of items from which on it pays to start with the longest vectors
SPARE_KEYS = 3  #: candidates held beyond k, in units of k: fewer are reduced too often, more do not fit into cache


class TopK(NamedTuple):
    """Ranked lists, best first; a row with fewer than k items ends in item -1 and score -inf."""

    items: NDArray[np.int32]  #: (n, k)
    scores: NDArray[np.float32]  #: (n, k)


def best_scores(scores: Scores, k: int, seen: sp.csr_array | None = None, *, threads: int | None = None) -> TopK:
    """Return the k highest scores of each row of ``scores`` (n, n_items), without the entries of ``seen``.

    ``seen`` is a CSR array (n, n_items) with sorted indices. Equal scores are in the order of item numbers. Items with
    a score of -inf or NaN are never chosen. ValueError if k is less than 1.
    """

    def copy(rows: slice, items: slice, out: Scores) -> None:
        out[:] = scores[rows, items]

    return _best(copy, scores.shape, k, seen, threads)


def best_products(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    k: int,
    seen: sp.csr_array | None = None,
    *,
    threads: int | None = None,
) -> TopK:
    """Return ``best_scores`` of ``x @ y.T``, computed by blocks; ``x`` (n, n_factors), ``y`` (n_items, n_factors)."""

    by_length = _by_length(x, y) if len(y) >= SORTED_FROM else None
    if by_length is not None:
        y = y[by_length.items]

    def multiply(rows: slice, columns: slice, out: Scores) -> None:
        np.matmul(x[rows], y[columns].T, out=out)

    return _best(multiply, (len(x), len(y)), k, seen, threads, by_length)


class _ByLength(NamedTuple):
    """Items in descending order of |y|, since x.y is at most |x| |y| (LEMP, Teflioudi et al. 2015)."""

    items: NDArray[np.int32]  #: (n_items,) the item of each column
    columns: NDArray[np.int32]  #: (n_items,) the column of each item
    lengths: NDArray[np.float32]  #: (n_items,) |y| of each column, rounded up
    row_lengths: NDArray[np.float32]  #: (n,) |x|


def _by_length(x: NDArray[np.float32], y: NDArray[np.float32]) -> _ByLength:
    lengths = np.linalg.norm(y, axis=1)
    items = np.argsort(-lengths, kind="stable").astype(np.int32)
    columns = np.empty_like(items)
    columns[items] = np.arange(len(items), dtype=np.int32)
    return _ByLength(items, columns, lengths[items] * np.float32(1.0001), np.linalg.norm(x, axis=1))


def _best(
    write_scores: WriteScores,
    shape: tuple[int, ...],
    k: int,
    seen: sp.csr_array | None,
    threads: int | None,
    by_length: _ByLength | None = None,
) -> TopK:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    n = shape[0]
    best = TopK(np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32))
    left_out = csr_arrays(seen) if seen is not None else (np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
    blocks = count()  # next() is atomic, so that workers can share it

    def work(_: int) -> None:
        buffer = np.empty(max(BLOCK_SCORES, min(n, BLOCK_ROWS)), np.float32)
        while (first := BLOCK_ROWS * next(blocks)) < n:
            rows = slice(first, min(first + BLOCK_ROWS, n))
            _write_block(write_scores, rows, shape[1], left_out, by_length, buffer, best)

    # Python's threads, not numba's: each alternates between BLAS and the kernel, and none spins while it waits
    n_workers = min(threads or available_threads(), -(-n // BLOCK_ROWS))
    with limited_threads(threads):
        if n_workers <= 1:
            work(0)
        else:
            with ThreadPoolExecutor(n_workers) as pool:
                list(pool.map(work, range(n_workers)))
    return best


def _write_block(
    write_scores: WriteScores,
    rows: slice,
    n_items: int,
    left_out: tuple[NDArray[np.int64], NDArray[np.int32]],
    by_length: _ByLength | None,
    buffer: Scores,
    best: TopK,
) -> None:
    n, k = rows.stop - rows.start, best.items.shape[1]
    indptr = left_out[0][rows.start : rows.stop + 1]
    seen = left_out[1][indptr[0] : indptr[-1]]
    indptr = indptr - indptr[0]
    if by_length is not None:
        seen = by_length.columns[seen]
        sort_rows(indptr, seen)
    next_seen, numbers = indptr[:-1].copy(), seen[:0] if by_length is None else by_length.items
    keys = np.empty((n, min(k + max(SPARE_KEYS * k, WIDTH), n_items + WIDTH)), np.uint64)
    sizes, floors = np.zeros(n, np.int64), np.full(n, -np.inf, np.float32)
    width = max(1, len(buffer) // n)
    for first in range(0, n_items, width):
        if by_length is not None and first:
            tighten_floors(k, keys, sizes, floors)
            if (by_length.row_lengths[rows] * by_length.lengths[first] <= floors).all():
                break  # no further item is long enough
        columns = slice(first, min(first + width, n_items))
        scores = buffer[: n * (columns.stop - first)].reshape(n, -1)
        write_scores(rows, columns, scores)
        offer_scores(scores, scores.view(np.int32), first, numbers, indptr[1:], seen, next_seen, k, keys, sizes, floors)
    write_best(keys, sizes, best.items[rows], best.scores[rows].view(np.int32))
