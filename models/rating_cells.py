"""Dealing ratings into the cells of an epoch of SGD; see ``models.kernels.rating_sgd`` for the notation."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_parts
from models.kernels.rating_sgd import Cells

__all__ = ["deal_ratings"]

MAX_BLOCKS = 16  #: and so the most threads that an epoch can use; 256 cells, whose numbers are bytes
ENOUGH_RATINGS = 200_000  #: for a block: threads that have less to do mostly wait for each other

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
    """The ratings of ``train`` (canonical CSR) in cells of random users and items; ``dev``, ``bins``: see ``Cells``.

    There is one cell where ``users_share_items``: a step on one rating then moves what others of its user need.
    """
    indptr, items = csr_parts(train)
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
    """The block of each of n rows: blocks of nearly equal size, at random."""
    return rng.permutation(np.arange(n) % n_blocks).astype(np.uint8)
