"""A simple blend of several algorithms' lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["reciprocal_rank_fusion"]

RANK_OFFSET = 60  #: the constant of the paper, kept by everybody since


def reciprocal_rank_fusion(lists: Sequence[NDArray[np.int32]], n_items: int) -> NDArray[np.float32]:
    """Scores of all items, (n, n_items), from the lists (n, k) that several algorithms gave the same users.

    Reciprocal rank fusion (Cormack, Clarke & Buettcher 2009): the sum over lists of 1 / (60 + rank), 0 for an item that
    is in none of them. A list ends in -1 where it is shorter.
    """
    fused = np.zeros((len(lists[0]), n_items + 1), np.float32)  # the last column takes the empty places
    rows = np.arange(len(fused))[:, None]
    for ranked in lists:
        # within one list every item of a row is there once, so plain indexing adds each
        fused[rows, ranked] += 1 / (RANK_OFFSET + 1 + np.arange(ranked.shape[1], dtype=np.float32))
    return fused[:, :n_items]
