"""Choosing the k best of many scores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_parts
from models.kernels.top_k import WIDTH, offer_scores, write_best
from models.threads import available_threads, limited_threads

__all__ = ["TopK", "best_products", "best_scores"]

Scores: TypeAlias = NDArray[np.float32]
#: Writes the scores of some rows for some items into the array that it is given.
WriteScores: TypeAlias = Callable[[slice, slice, Scores], object]

BLOCK_ROWS = 128
BLOCK_SCORES = 1 << 19  #: scores computed at a time: 2 MiB, which are read while still in cache
SPARE_KEYS = 3  #: candidates held beyond k, in k: fewer are thinned out too often, more leave the cache


class TopK(NamedTuple):
    """Ranked lists, best first; rows end in item -1 and score -inf where too few items remain."""

    items: NDArray[np.int32]  #: (n, k)
    scores: NDArray[np.float32]  #: (n, k)


def best_scores(scores: Scores, k: int, seen: sp.csr_array | None = None, *, threads: int | None = None) -> TopK:
    """The k highest of each row of ``scores`` (n, n_items); ``seen`` (n, n_items), sorted CSR, is left out.

    Equal scores come in order of the item's number. An item scored -inf or NaN is never chosen.
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
    """``best_scores`` of ``x @ y.T``, (n, n_factors) against (n_items, n_factors), of which only blocks are held."""

    def multiply(rows: slice, items: slice, out: Scores) -> None:
        np.matmul(x[rows], y[items].T, out=out)

    return _best(multiply, (len(x), len(y)), k, seen, threads)


def _best(
    write_scores: WriteScores, shape: tuple[int, ...], k: int, seen: sp.csr_array | None, threads: int | None
) -> TopK:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    n = shape[0]
    best = TopK(np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32))
    left_out = csr_parts(seen) if seen is not None else (np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
    blocks = count()  # its next() is one step of the interpreter, so that workers may share it

    def work(_: int) -> None:
        buffer = np.empty(max(BLOCK_SCORES, min(n, BLOCK_ROWS)), np.float32)
        while (first := BLOCK_ROWS * next(blocks)) < n:
            _write_block(write_scores, slice(first, min(first + BLOCK_ROWS, n)), shape[1], left_out, buffer, best)

    # Python's threads, not numba's: each runs BLAS and the kernel in turn, and none spins while another works
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
    buffer: Scores,
    best: TopK,
) -> None:
    n, k = rows.stop - rows.start, best.items.shape[1]
    indptr, indices = left_out
    next_seen, ends_of_seen = indptr[rows].copy(), indptr[rows.start + 1 : rows.stop + 1]
    keys = np.empty((n, min(k + max(SPARE_KEYS * k, WIDTH), n_items + WIDTH)), np.uint64)
    sizes, floors = np.zeros(n, np.int64), np.full(n, -np.inf, np.float32)
    width = max(1, len(buffer) // n)
    for first in range(0, n_items, width):
        items = slice(first, min(first + width, n_items))
        scores = buffer[: n * (items.stop - first)].reshape(n, -1)
        write_scores(rows, items, scores)
        offer_scores(scores, scores.view(np.int32), first, ends_of_seen, indices, next_seen, k, keys, sizes, floors)
    write_best(keys, sizes, best.items[rows], best.scores[rows].view(np.int32))
