"""Division of ratings into the cells of an epoch of SGD; ``models.kernels.rating_sgd`` has the notation."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_arrays
from models.kernels.rating_sgd import Cells

__all__ = ["deal_ratings"]

MAX_BLOCKS = 16  #: also the most threads that an epoch can use; cell numbers of 16 x 16 cells fit into a byte
ENOUGH_RATINGS = 200_000  #: ratings for each block; with fewer, threads mostly wait for each other

NO_DEV = np.zeros(0, np.float32)
NO_BINS = np.zeros(0, np.int32)


def deal_ratings(
    train: sp.csr_array,
    rng: np.random.Generator,
    *,
    users_share_items: bool = False,
    dev: NDArray[np.float32] = NO_DEV,
    bins: NDArray[np.int32] = NO_BINS,
) -> Cells:
    """Return the ratings of ``train`` (canonical CSR) in cells of random users and items.

    ``dev`` and ``bins`` are described at ``Cells``. ``users_share_items`` makes one cell of all ratings, for models
    whose step on a rating also updates other items of its user.
    """
    indptr, items = csr_arrays(train)
    n_blocks = 1 if users_share_items else min(max(train.nnz // ENOUGH_RATINGS, 1), MAX_BLOCKS, *train.shape)
    users = np.repeat(np.arange(train.shape[0], dtype=np.int32), np.diff(indptr))
    user_block, item_block = (_blocks(n, n_blocks, rng) for n in train.shape)
    cell = user_block[users] * np.uint8(n_blocks) + item_block[items]
    order = np.argsort(cell, kind="stable")
    ends = np.cumsum(np.bincount(cell, minlength=n_blocks**2))
    start = np.zeros((n_blocks, n_blocks + 1), np.int64)
    start[:, 1:] = ends.reshape(n_blocks, n_blocks)
    start[1:, 0] = start[:-1, -1]
    timed = (dev[order], bins[order]) if len(dev) else (NO_DEV, NO_BINS)
    return Cells(start, users[order], items[order], train.data[order], *timed)


def _blocks(n: int, n_blocks: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the block of each of n rows, at random; blocks have nearly equal sizes."""
    return rng.permutation(np.arange(n) % n_blocks).astype(np.uint8)
