"""Small folds and scores for tests of ranking and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from evaluation.ranking import HeldOutRanks, rank_held_out
from evaluation.split import Fold


def csr(rows: Sequence[Sequence[int]], n_items: int) -> sp.csr_array:
    """Canonical (n_rows, n_items) float32 CSR of ones at the items of each row."""
    indices = np.array([item for row in rows for item in sorted(row)], np.int32)
    indptr = np.cumsum([0] + [len(row) for row in rows])
    return sp.csr_array((np.ones(len(indices), np.float32), indices, indptr), shape=(len(rows), n_items))


def make_fold(seen: Sequence[Sequence[int]], held_out: Sequence[Sequence[int]], n_items: int) -> Fold:
    """A fold of users 0, 1, ... with histories ``seen`` and held-out items ``held_out``."""
    histories = csr(seen, n_items)
    return Fold(
        train=histories, users=np.arange(len(seen)), histories=histories, held_out=csr(held_out, n_items), fold_in=False
    )


def rank(
    scores: ArrayLike,
    seen: Sequence[Sequence[int]],
    held_out: Sequence[Sequence[int]],
    *,
    block_rows: int | None = None,
) -> HeldOutRanks:
    """Rank the held-out items by ``scores`` (n_users, n_items)."""
    table = np.asarray(scores, np.float32)
    return rank_held_out(lambda users: table[users], make_fold(seen, held_out, table.shape[1]), block_rows=block_rows)


def held_out_ranks(*rows: Sequence[float]) -> HeldOutRanks:
    """Ranks of users 0, 1, ..., each row ascending."""
    return HeldOutRanks(
        users=np.arange(len(rows)),
        indptr=np.cumsum([0] + [len(row) for row in rows]),
        ranks=np.array([rank for row in rows for rank in row], np.float64),
        tie_share=0.0,
    )


@dataclass(frozen=True)
class RankingCase:
    """Scores (n_users, n_items) float32, and each user's seen items and, disjoint from them, held-out items."""

    scores: NDArray[np.float32]
    seen: list[list[int]]
    held_out: list[list[int]]


@st.composite
def ranking_cases(draw: st.DrawFn, *, max_held_out: int = 4, ties: bool = True) -> RankingCase:
    """Random cases; with ``ties``, scores have few levels, two of them huge."""
    n_users, n_items = draw(st.integers(1, 5)), draw(st.integers(2, 12))
    levels = st.sampled_from([-1e30, -1.5, 0.0, 2.0, 1e30])
    score_rows = st.lists(levels, min_size=n_items, max_size=n_items) if ties else st.permutations(range(n_items))
    scores, seen, held_out = [], [], []
    for _ in range(n_users):
        scores.append(draw(score_rows))
        items = draw(st.permutations(range(n_items)))
        n_held_out = draw(st.integers(1, min(max_held_out, n_items)))
        n_seen = draw(st.integers(0, n_items - n_held_out))
        held_out.append(items[:n_held_out])
        seen.append(items[n_held_out : n_held_out + n_seen])
    return RankingCase(np.array(scores, np.float32), seen, held_out)
