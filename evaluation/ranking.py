"""Ranks of held-out items among all items that their user has not seen."""

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

BLOCK_ROWS = 128  #: minimum number of users per block; a smaller matrix product is slower per user
BLOCK_BYTES = 2 << 20  #: size of a block of scores that stays in cache while it is counted
MAX_BLOCK_BYTES = 32 << 20  #: takes precedence over ``BLOCK_ROWS`` if there are many items


class NonFiniteScoresError(ValueError):
    """A model's scores contain NaN, which compares false with everything and would rank first, or infinity."""


@dataclass(frozen=True, kw_only=True)
class HeldOutRanks:
    """Ranks of the held-out items of each evaluation user: the input of every metric.

    Row j belongs to user ``users[j]`` (int64); pooled draws may repeat a user. Its ranks are
    ``ranks[indptr[j]:indptr[j + 1]]``: at least one, ascending float64, counted from 1, multiples of .5.
    The i-th rank of a row is at least i, even with ties. ``tie_share`` is the share of the other unseen items
    that tie with a held-out item, averaged over held-out items: 1 for a model that scores all items alike.
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
            raise ValueError("every evaluation user must have at least one held-out item")

    @property
    def n_held_out(self) -> NDArray[np.int64]:
        """Number of held-out items of each row, (n,)."""
        return np.diff(self.indptr)

    @property
    def positions(self) -> NDArray[np.int64]:
        """Position of each rank within its row, (n_ranks,): 1 for the best, 2 for the next, and so on."""
        return np.arange(1, len(self.ranks) + 1) - np.repeat(self.indptr[:-1], self.n_held_out)


def rank_held_out(
    score: Callable[[Any], NDArray[np.float32]], fold: Fold, *, threads: int = 1, block_rows: int | None = None
) -> HeldOutRanks:
    """Rank the held-out items of ``fold`` by the scores of all items.

    ``score(fold.queries(rows))`` returns (n_rows, n_items) float32 for a block of ``block_rows`` users; by default a
    block has some megabytes of scores. ``threads`` Python threads score blocks in parallel; the ranks do not depend on
    their number. A rank is 1 + the unseen items that score higher + half of the unseen items that tie; other held-out
    items of the user count as unseen. Held-out items of one user that tie get distinct ranks, in steps of 1 around
    their mean rank, because a list has one item per position. Held-out items without a column rank after all others.

    Raises ``NonFiniteScoresError`` for NaN and infinity, and ValueError for a wrong shape.
    """
    n_rows, n_items = fold.held_out.shape
    size = block_rows or rows_of_blocks(n_items)
    blocks = [np.arange(first, min(first + size, n_rows)) for first in range(0, n_rows, size)]

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
    """Return what ``rank_held_out`` returns, for the fold's rows in ``blocks`` of any order.

    ``scores(rows)`` returns (n_rows, n_columns) C-contiguous float32. ``seen`` and ``held_out`` are those of the fold,
    in the column order of the scores. Items beyond the columns must score lower than every held-out item of the rows.
    """
    from evaluation.kernels import count_higher_and_ties  # numba takes long to import

    indptr, indices = held_out
    higher, ties = np.empty(len(indices), np.int64), np.empty(len(indices), np.int64)

    def count(rows: NDArray[np.int64]) -> int:
        with np.errstate(over="ignore", invalid="ignore"):  # reported once, as an error
            block = scores(rows)
        return int(count_higher_and_ties(block, rows, *seen, *held_out, higher, ties))

    n_invalid = sum(_mapped(count, blocks, threads))
    if n_invalid:
        raise NonFiniteScoresError(
            f"NaN or infinity among the scores that rank {n_invalid} held-out items; the fit has probably diverged"
        )
    row_of = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    n_others = fold.held_out.shape[1] - np.diff(seen[0])[row_of] - 1
    ranks = _ascending(1 + higher + ties / 2, row_of)
    tie_share = float(np.mean(ties / np.maximum(n_others, 1))) if len(ties) else 0.0
    indptr, ranks = _with_unknown(indptr, ranks, fold)
    return HeldOutRanks(users=fold.users, indptr=indptr, ranks=ranks, tie_share=tie_share)


def rows_of_blocks(n_columns: int) -> int:
    """Number of users to score per block of ``n_columns`` scores each."""
    filling, most = (n_bytes // (4 * n_columns) for n_bytes in (BLOCK_BYTES, MAX_BLOCK_BYTES))
    return max(1, min(max(filling, BLOCK_ROWS), most))


def csr_arrays(matrix: sp.csr_array) -> CsrArrays:
    """Return ``indptr`` and ``indices`` in fixed dtypes, so that the kernel is compiled only once."""
    return matrix.indptr.astype(np.int64, copy=False), matrix.indices.astype(np.int32, copy=False)


def pool_draws(draws: Sequence[HeldOutRanks]) -> HeldOutRanks:
    """Concatenate the rows of all ``draws``."""
    sizes = np.concatenate([draw.n_held_out for draw in draws])
    n_ranks = np.array([len(draw.ranks) for draw in draws])
    return HeldOutRanks(
        users=np.concatenate([draw.users for draw in draws]),
        indptr=np.concatenate([[0], np.cumsum(sizes)]),
        ranks=np.concatenate([draw.ranks for draw in draws]),
        tie_share=float(np.average([draw.tie_share for draw in draws], weights=n_ranks)),
    )


def encode_ranks(ranks: NDArray[np.float64]) -> str:
    """Encode ranks without loss as ASCII: base64 of zlib-compressed little-endian int32 of 2 * rank."""
    return base64.b64encode(zlib.compress((2 * ranks).astype("<i4").tobytes())).decode("ascii")


def decode_ranks(text: str) -> NDArray[np.float64]:
    """Decode ranks written by ``encode_ranks``; raises ValueError for any other text."""
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
    """Add the held-out items without a column, at ranks n_items + 1, n_items + 2, ... of their rows."""
    if fold.n_unknown is None:
        return indptr, ranks
    whole = np.concatenate([[0], np.cumsum(fold.n_held_out)])
    position = np.arange(whole[-1]) - np.repeat(whole[:-1], fold.n_held_out)
    known = np.repeat(np.diff(indptr), fold.n_held_out)
    filled = fold.held_out.shape[1] + 1.0 + position - known
    filled[position < known] = ranks
    return whole, filled


def _ascending(ranks: NDArray[np.float64], row_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sort ``ranks`` within their rows, and spread equal ranks of a row around their mean in steps of 1.

    Held-out items of one row have equal ranks exactly if they have equal scores.
    """
    ranks = ranks[np.lexsort((ranks, row_of))]
    starts = np.flatnonzero((np.diff(ranks, prepend=-1) != 0) | (np.diff(row_of, prepend=-1) != 0))
    sizes = np.diff(starts, append=len(ranks))
    position = np.arange(len(ranks)) - np.repeat(starts, sizes)
    return ranks + position - np.repeat((sizes - 1) / 2, sizes)
