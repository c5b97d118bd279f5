"""Dealing users and items into the blocks of an epoch of SGD; see ``models.kernels.strata`` for the notation."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_parts
from models.kernels.strata import Strata, write_guide, write_places

__all__ = ["MAX_BLOCKS", "Dealer", "by_popularity", "undealt"]

MAX_BLOCKS = 16  #: and so the most threads that an epoch can use
MANY_LIKES = 32  #: of a row; likes are sparse where there are fewer
FEW_BLOCKS = 8  #: of sparse likes, lest cells load rows for little work
MIN_BLOCK_ITEMS = 32  #: a negative needs a choice; fewer items than this and twice again are one block


class Dealer:
    """Deals the likes of ``train`` (canonical CSR) afresh for every epoch; holds them once more, by item."""

    def __init__(self, train: sp.csr_array, *, max_blocks: int = MAX_BLOCKS, few_blocks: int = FEW_BLOCKS) -> None:
        self._n_users, self._n_items = train.shape
        self._indptr, _ = csr_parts(train)
        self._users_of = csr_parts(train.T.tocsr())
        most = MAX_BLOCKS if train.nnz >= MANY_LIKES * sum(train.shape) else few_blocks
        self._n_blocks = min(most, max_blocks, max(1, self._n_items // MIN_BLOCK_ITEMS), self._n_users)

    def deal(self, rng: np.random.Generator) -> Strata:
        """Blocks of nearly equal size, in an order drawn from ``rng``."""
        item_at = rng.permutation(self._n_items).astype(np.int32)
        user_at = rng.permutation(self._n_users).astype(np.int32)
        place = np.empty(len(self._users_of[1]), np.int32)
        write_places(item_at, *self._users_of, self._indptr[:-1].copy(), place)
        item_start, user_start = (_starts(n, self._n_blocks) for n in (self._n_items, self._n_users))
        return Strata(self._indptr, place, item_at, user_at, item_start, user_start)


def undealt(likes: sp.csr_array) -> Strata:
    """``likes`` (canonical CSR) as they are: one block, a place being the item's number."""
    n_users, n_items = likes.shape
    indptr, indices = csr_parts(likes)
    items, users = np.arange(n_items, dtype=np.int32), np.arange(n_users, dtype=np.int32)
    return Strata(indptr, indices, items, users, _starts(n_items, 1), _starts(n_users, 1))


def by_popularity(strata: Strata, exponent: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """``cumulative`` and ``guide``, by which ``draw_unseen`` draws an item by its number of likes to this power."""
    n_likes = np.bincount(strata.place, minlength=len(strata.item_at))
    cumulative = np.concatenate([[0.0], np.cumsum(n_likes**exponent)])
    guide = np.empty(len(n_likes), np.int32)
    write_guide(cumulative, strata.item_start, guide)
    return cumulative, guide


def _starts(n: int, n_blocks: int) -> NDArray[np.int64]:
    return np.arange(n_blocks + 1, dtype=np.int64) * n // n_blocks
