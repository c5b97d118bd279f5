"""The dense Gramian of binary likes, X^T X: the number of users who like both of two items."""

import numpy as np
from numba import njit, prange

N_BLOCKS = 64  # items are dealt to blocks in turn, since later items have longer rows
TILE = 64


@njit(cache=True, nogil=True, parallel=True)
def count_together(by_user, by_item, out):
    """Add to ``out[i, j]``, j <= i, the number of users who like both items.

    ``by_user``, ``by_item``: (indptr, indices) with sorted indices.
    """
    indptr, items = by_user
    users_indptr, users = by_item
    n_items = len(out)
    for block in prange(N_BLOCKS):
        for item in range(block, n_items, N_BLOCKS):
            for p in range(users_indptr[item], users_indptr[item + 1]):
                for q in range(indptr[users[p]], indptr[users[p] + 1]):
                    if items[q] > item:
                        break
                    out[item, items[q]] += np.float32(1)


@njit(cache=True, nogil=True, parallel=True)
def mirror_lower(matrix):
    """Copy the lower triangle to the upper one, in tiles that fit into the cache."""
    n = len(matrix)
    for block in prange((n + TILE - 1) // TILE):
        first = block * TILE
        for start in range(0, first + TILE, TILE):
            for i in range(first, min(first + TILE, n)):
                for j in range(start, min(start + TILE, i)):
                    matrix[j, i] = matrix[i, j]
