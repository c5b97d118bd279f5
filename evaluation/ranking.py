"""Ranks of hidden likes among all items that their user has not seen."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.fold import Fold

__all__ = [
    "CsrArrays",
    "HeldOutRanks",
    "NonFiniteScoresError",
    "csr_arrays",
    "decode_ranks",
    "encode_ranks",
    "pool_draws",
    "rank_blocks",
    "rank_held_out",
    "rows_of_blocks",
]

CsrArrays: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int32]]

BLOCK_ROWS = 128  #: users scored at a time, at least: a matrix product with fewer spends its time on the items
BLOCK_BYTES = 2 << 20  #: scores held at a time, where that is as many users; they are counted while still in cache
MAX_BLOCK_BYTES = 32 << 20  #: where the items are so many that ``BLOCK_ROWS`` would be more


class NonFiniteScoresError(ValueError):
    """A model's scores hold NaN, which compares false with everything and would rank first."""


@dataclass(frozen=True, kw_only=True)
class HeldOutRanks:
    """Where the hidden likes of each asked user stand; everything that a metric may see.

    Row j is user ``users[j]`` (int64); several draws pooled into one repeat a user. Its ranks are
    ``ranks[indptr[j]:indptr[j + 1]]``: at least one, ascending float64, counted from 1, multiples of .5.
    The i-th of a row is at least i, ties or not. ``tie_share`` is the share of the other unseen items
    that tie with a hidden like, averaged over hidden likes: 1 for a model that scores all items alike.
    """

    users: NDArray[np.int64]
    indptr: NDArray[np.int64]
    ranks: NDArray[np.float64]
    tie_share: float

    def __post_init__(self) -> None:
        if len(self.indptr) != len(self.users) + 1 or self.indptr[0] != 0 or self.indptr[-1] != len(self.ranks):
            raise ValueError(
                f"indptr does not divide {len(self.ranks)} ranks among {len(self.users)} users; "
                "are these ranks of another fold?"
            )
        if (np.diff(self.indptr) < 1).any():
            raise ValueError("every asked user must have at least one hidden like")

    @property
    def n_held_out(self) -> NDArray[np.int64]:
        """(n,) hidden likes of each row."""
        return np.diff(self.indptr)

    @property
    def positions(self) -> NDArray[np.int64]:
        """(n_ranks,) 1 for the best-ranked hidden like of its row, 2 for the next, and so on."""
        return np.arange(1, len(self.ranks) + 1) - np.repeat(self.indptr[:-1], self.n_held_out)


def rank_held_out(
    score: Callable[[Any], NDArray[np.float32]], fold: Fold, *, threads: int = 1, block_rows: int | None = None
) -> HeldOutRanks:
    """Rank the hidden likes of ``fold`` by the scores of all its items.

    ``score(fold.queries(rows))`` returns (n_rows, n_items) float32 for a block of ``block_rows`` users, by default
    some megabytes. ``threads`` of Python's call it at once, each with a block of its own; the ranks do not
    depend on their number. A rank is 1 + the unseen items that score higher + half of those that tie; other
    hidden likes of the user count as unseen items. Tied hidden likes of one user share their mean rank out in
    steps of 1, since no list holds two of them at one place. Likes of items that are unknown to the fold come
    after all that are known.

    Raises ``NonFiniteScoresError`` on NaN, infinite scores being legal, and ValueError on another shape.
    """
    n_asked, n_items = fold.held_out.shape
    size = block_rows or rows_of_blocks(n_items)
    blocks = [np.arange(first, min(first + size, n_asked)) for first in range(0, n_asked, size)]

    def scores(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return _checked_scores(score(fold.queries(slice(rows[0], rows[-1] + 1))), (len(rows), n_items))

    return rank_blocks(scores, blocks, fold, csr_arrays(fold.seen), csr_arrays(fold.held_out), threads=threads)


def rank_blocks(
    scores: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    blocks: Sequence[NDArray[np.int64]],
    fold: Fold,
    seen: CsrArrays,
    held_out: CsrArrays,
    *,
    threads: int,
) -> HeldOutRanks:
    """``rank_held_out`` by blocks of the fold's rows, in any order, which together are all of them.

    ``scores(rows)``: (n_rows, n_columns) C-contiguous float32. ``seen`` and ``hidden`` are those of the fold by
    columns; what is not among the columns scores lower than any hidden like of these rows.
    """
    from evaluation.kernels import count_higher_and_ties  # numba takes long to import

    indptr, indices = held_out
    higher, ties = np.empty(len(indices), np.int64), np.empty(len(indices), np.int64)

    def count(rows: NDArray[np.int64]) -> int:
        return int(count_higher_and_ties(scores(rows), rows, *seen, *held_out, higher, ties))

    n_nan = sum(_mapped(count, blocks, threads))
    if n_nan:
        raise NonFiniteScoresError(
            f"NaN among the scores that {n_nan} hidden likes are ranked by; the fit has probably diverged"
        )
    row_of = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    n_others = fold.held_out.shape[1] - np.diff(seen[0])[row_of] - 1
    ranks = _ascending(1 + higher + ties / 2, row_of)
    tie_share = float(np.mean(ties / np.maximum(n_others, 1))) if len(ties) else 0.0
    indptr, ranks = _with_unknown(indptr, ranks, fold)
    return HeldOutRanks(users=fold.users, indptr=indptr, ranks=ranks, tie_share=tie_share)


def rows_of_blocks(n_columns: int) -> int:
    """How many users to score at a time."""
    filling, most = (n_bytes // (4 * n_columns) for n_bytes in (BLOCK_BYTES, MAX_BLOCK_BYTES))
    return max(1, min(max(filling, BLOCK_ROWS), most))


def csr_arrays(matrix: sp.csr_array) -> CsrArrays:
    """``indptr`` and ``indices`` in one dtype each, lest the kernel be compiled for every mixture."""
    return matrix.indptr.astype(np.int64, copy=False), matrix.indices.astype(np.int32, copy=False)


def pool_draws(draws: Sequence[HeldOutRanks]) -> HeldOutRanks:
    """The rows of all ``draws``, one draw after the other."""
    sizes = np.concatenate([draw.n_held_out for draw in draws])
    n_ranks = np.array([len(draw.ranks) for draw in draws])
    return HeldOutRanks(
        users=np.concatenate([draw.users for draw in draws]),
        indptr=np.concatenate([[0], np.cumsum(sizes)]),
        ranks=np.concatenate([draw.ranks for draw in draws]),
        tie_share=float(np.average([draw.tie_share for draw in draws], weights=n_ranks)),
    )


def encode_ranks(ranks: NDArray[np.float64]) -> str:
    """Encode ranks without loss as a short ASCII text: base64 of deflated little-endian int32 of 2 * rank."""
    return base64.b64encode(zlib.compress((2 * ranks).astype("<i4").tobytes())).decode("ascii")


def decode_ranks(text: str) -> NDArray[np.float64]:
    """The ranks that ``encode_ranks`` wrote; ValueError for any other text."""
    try:
        return np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), "<i4") / 2
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"not a text written by encode_ranks ({error}): {text[:20]!r}") from error


def _mapped(
    call: Callable[[NDArray[np.int64]], int], blocks: Sequence[NDArray[np.int64]], threads: int
) -> Iterator[int]:
    n_workers = min(threads, len(blocks))
    if n_workers <= 1:
        yield from map(call, blocks)
    else:
        with ThreadPoolExecutor(n_workers) as pool:
            yield from pool.map(call, blocks)


def _checked_scores(scores: Any, expected: tuple[int, int]) -> NDArray[np.float32]:
    checked = np.ascontiguousarray(scores, dtype=np.float32)
    if checked.shape != expected:
        raise ValueError(f"scores of {expected[0]} users for {expected[1]} items have shape {checked.shape}")
    return checked


def _with_unknown(
    indptr: NDArray[np.int64], ranks: NDArray[np.float64], fold: Fold
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The same with the likes of unknown items at ranks n_items + 1, n_items + 2, ... of their rows."""
    if fold.n_unknown is None:
        return indptr, ranks
    whole = np.concatenate([[0], np.cumsum(fold.n_held_out)])
    position = np.arange(whole[-1]) - np.repeat(whole[:-1], fold.n_held_out)
    known = np.repeat(np.diff(indptr), fold.n_held_out)
    filled = fold.held_out.shape[1] + 1.0 + position - known
    filled[position < known] = ranks
    return whole, filled


def _ascending(ranks: NDArray[np.float64], row_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """``ranks`` sorted within their rows, and those equal within a row spread around their mean in steps of 1.

    Hidden likes of one row have equal ranks exactly where they have equal scores.
    """
    ranks = ranks[np.lexsort((ranks, row_of))]
    starts = np.flatnonzero((np.diff(ranks, prepend=-1) != 0) | (np.diff(row_of, prepend=-1) != 0))
    sizes = np.diff(starts, append=len(ranks))
    place = np.arange(len(ranks)) - np.repeat(starts, sizes)
    return ranks + place - np.repeat((sizes - 1) / 2, sizes)
