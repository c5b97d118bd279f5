"""Ranks of hidden likes among all items that their user has not seen."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.fold import Fold

__all__ = ["HiddenRanks", "NonFiniteScoresError", "decode_ranks", "encode_ranks", "pool_draws", "rank_hidden"]

BLOCK_BYTES = 8 << 20  #: scores held at a time; small enough to be counted while still in cache


class NonFiniteScoresError(ValueError):
    """A model's scores hold NaN, which compares false with everything and would rank first."""


@dataclass(frozen=True, kw_only=True)
class HiddenRanks:
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
    def n_hidden(self) -> NDArray[np.int64]:
        """(n,) hidden likes of each row."""
        return np.diff(self.indptr)

    @property
    def positions(self) -> NDArray[np.int64]:
        """(n_ranks,) 1 for the best-ranked hidden like of its row, 2 for the next, and so on."""
        return np.arange(1, len(self.ranks) + 1) - np.repeat(self.indptr[:-1], self.n_hidden)


def rank_hidden(
    score: Callable[[Any], NDArray[np.float32]], fold: Fold, *, block_rows: int | None = None
) -> HiddenRanks:
    """Rank the hidden likes of ``fold`` by the scores of all its items.

    ``score(fold.queries(rows))`` returns (n_rows, n_items) float32 for a block of ``block_rows`` users,
    by default as many as fill ``BLOCK_BYTES``. A rank is 1 + the unseen items that score higher + half of
    those that tie; other hidden likes of the user count as unseen items. Tied hidden likes of one user
    share their mean rank out in steps of 1, since no list holds two of them at one place. Likes of items
    that are unknown to the fold come after all that are known.

    Raises ``NonFiniteScoresError`` on NaN, infinite scores being legal, and ValueError on another shape.
    """
    from evaluation.kernels import count_higher_and_ties  # numba takes long to import

    n_asked, n_items = fold.hidden.shape
    seen, hidden = _csr_arrays(fold.seen), _csr_arrays(fold.hidden)
    indptr, indices = hidden
    higher, ties = np.empty(len(indices), np.int64), np.empty(len(indices), np.int64)
    if block_rows is None:
        block_rows = max(1, BLOCK_BYTES // (4 * n_items))
    for first in range(0, n_asked, block_rows):
        scores = _checked_scores(score, fold, slice(first, min(first + block_rows, n_asked)))
        n_nan = count_higher_and_ties(scores, first, *seen, *hidden, higher, ties)
        if n_nan:
            raise NonFiniteScoresError(
                f"NaN among the scores that {n_nan} hidden likes are ranked by; the fit has probably diverged"
            )
    row_of = np.repeat(np.arange(n_asked), np.diff(indptr))
    n_others = n_items - np.diff(seen[0])[row_of] - 1
    ranks = _ascending(1 + higher + ties / 2, row_of)
    tie_share = float(np.mean(ties / np.maximum(n_others, 1))) if len(ties) else 0.0
    indptr, ranks = _with_unknown(indptr, ranks, fold)
    return HiddenRanks(users=fold.users, indptr=indptr, ranks=ranks, tie_share=tie_share)


def pool_draws(draws: Sequence[HiddenRanks]) -> HiddenRanks:
    """The rows of all ``draws``, one draw after the other."""
    sizes = np.concatenate([draw.n_hidden for draw in draws])
    n_ranks = np.array([len(draw.ranks) for draw in draws])
    return HiddenRanks(
        users=np.concatenate([draw.users for draw in draws]),
        indptr=np.concatenate([[0], np.cumsum(sizes)]),
        ranks=np.concatenate([draw.ranks for draw in draws]),
        tie_share=float(np.average([draw.tie_share for draw in draws], weights=n_ranks)),
    )


def encode_ranks(ranks: NDArray[np.float64]) -> str:
    """``HiddenRanks.ranks`` as a short ASCII text, without loss: base64 of deflated little-endian int32 of 2 * rank."""
    return base64.b64encode(zlib.compress((2 * ranks).astype("<i4").tobytes())).decode("ascii")


def decode_ranks(text: str) -> NDArray[np.float64]:
    """The ranks that ``encode_ranks`` wrote; ValueError for any other text."""
    try:
        return np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), "<i4") / 2
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"not a text written by encode_ranks ({error}): {text[:20]!r}") from error


def _checked_scores(score: Callable[[Any], NDArray[np.float32]], fold: Fold, rows: slice) -> NDArray[np.float32]:
    expected = (rows.stop - rows.start, fold.hidden.shape[1])
    scores = np.ascontiguousarray(score(fold.queries(rows)), dtype=np.float32)
    if scores.shape != expected:
        raise ValueError(f"scores of {expected[0]} users for {expected[1]} items have shape {scores.shape}")
    return scores


def _with_unknown(
    indptr: NDArray[np.int64], ranks: NDArray[np.float64], fold: Fold
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The same with the likes of unknown items at ranks n_items + 1, n_items + 2, ... of their rows."""
    if fold.n_unknown is None:
        return indptr, ranks
    whole = np.concatenate([[0], np.cumsum(fold.n_hidden)])
    position = np.arange(whole[-1]) - np.repeat(whole[:-1], fold.n_hidden)
    known = np.repeat(np.diff(indptr), fold.n_hidden)
    filled = fold.hidden.shape[1] + 1.0 + position - known
    filled[position < known] = ranks
    return whole, filled


def _csr_arrays(matrix: sp.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """``indptr`` and ``indices`` in one dtype each, lest the kernel be compiled for every mixture."""
    return matrix.indptr.astype(np.int64, copy=False), matrix.indices.astype(np.int32, copy=False)


def _ascending(ranks: NDArray[np.float64], row_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """``ranks`` sorted within their rows, and those equal within a row spread around their mean in steps of 1.

    Hidden likes of one row have equal ranks exactly where they have equal scores.
    """
    ranks = ranks[np.lexsort((ranks, row_of))]
    starts = np.flatnonzero((np.diff(ranks, prepend=-1) != 0) | (np.diff(row_of, prepend=-1) != 0))
    sizes = np.diff(starts, append=len(ranks))
    place = np.arange(len(ranks)) - np.repeat(starts, sizes)
    return ranks + place - np.repeat((sizes - 1) / 2, sizes)
