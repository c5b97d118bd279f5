"""Division of users and items into blocks for an epoch of SGD; ``models.kernels.strata`` has the notation."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_arrays
from models.kernels.strata import Strata, write_guide, write_places

__all__ = ["MAX_BLOCKS", "Dealer", "by_popularity", "single_block"]

MAX_BLOCKS = 16  #: also the most threads that an epoch can use
MANY_LIKES = 32  #: mean number of likes of a row below which the likes are called sparse
FEW_BLOCKS = 8  #: most blocks for sparse likes; with more, cells would load rows for too few likes
MIN_BLOCK_ITEMS = (
    32  #: least items in a block, so that negatives have a choice; fewer than twice as many items are one block
)


class Dealer:
    """Divides the likes of ``train`` (canonical CSR) into new random blocks for every epoch.

    It holds a second copy of the likes, by item.
    """

    def __init__(self, train: sp.csr_array, *, max_blocks: int = MAX_BLOCKS, few_blocks: int = FEW_BLOCKS) -> None:
        self._n_users, self._n_items = train.shape
        self._indptr, _ = csr_arrays(train)
        self._users_of = csr_arrays(train.T.tocsr())
        most = MAX_BLOCKS if train.nnz >= MANY_LIKES * sum(train.shape) else few_blocks
        self._n_blocks = min(most, max_blocks, max(1, self._n_items // MIN_BLOCK_ITEMS), self._n_users)

    def deal(self, rng: np.random.Generator) -> Strata:
        """Return strata with blocks of nearly equal size, in an order drawn from ``rng``."""
        item_at = rng.permutation(self._n_items).astype(np.int32)
        user_at = rng.permutation(self._n_users).astype(np.int32)
        place = np.empty(len(self._users_of[1]), np.int32)
        write_places(item_at, *self._users_of, self._indptr[:-1].copy(), place)
        item_start, user_start = (_starts(n, self._n_blocks) for n in (self._n_items, self._n_users))
        return Strata(self._indptr, place, item_at, user_at, item_start, user_start)


def single_block(likes: sp.csr_array) -> Strata:
    """Return ``likes`` (canonical CSR) as a single block in the order of item numbers, so that places are items."""
    n_users, n_items = likes.shape
    indptr, indices = csr_arrays(likes)
    items, users = np.arange(n_items, dtype=np.int32), np.arange(n_users, dtype=np.int32)
    return Strata(indptr, indices, items, users, _starts(n_items, 1), _starts(n_users, 1))


def by_popularity(strata: Strata, exponent: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return ``cumulative`` and ``guide`` for draws of items in proportion to number of likes ** ``exponent``."""
    n_likes = np.bincount(strata.place, minlength=len(strata.item_at))
    cumulative = np.concatenate([[0.0], np.cumsum(n_likes**exponent)])
    guide = np.empty(len(n_likes), np.int32)
    write_guide(cumulative, strata.item_start, guide)
    return cumulative, guide


def _starts(n: int, n_blocks: int) -> NDArray[np.int64]:
    return np.arange(n_blocks + 1, dtype=np.int64) * n // n_blocks
