"""Item-to-item kernels: a row of A^T A at a time, never the whole.  A (n_users, n_items) holds the likes."""

import numpy as np
from numba import njit, prange

from models.kernels.top_k import push, replace_root, sort_heap

N_BLOCKS = 64  # items are dealt to blocks in turn, so that popular ones spread over the threads


@njit(cache=True, nogil=True, parallel=True)
def find_neighbors(indptr, indices, users_indptr, users_indices, norms, shrinkage, neighbors, similarities):
    """Write the most similar items of each item, best first; of equals the lower number.

    sim(i, j) = n_ij / (norms[i] norms[j] + shrinkage), n_ij the users who like both (Deshpande & Karypis 2004).
    CSR of users by items and of items by users; ``norms`` (n_items,) float32; ``neighbors`` (n_items, K) int32
    filled with -1 and ``similarities`` (n_items, K) float32 filled with 0.
    """
    n_items = len(users_indptr) - 1
    k = neighbors.shape[1]
    for block in prange(N_BLOCKS):
        together = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(block, n_items, N_BLOCKS):
            n_touched = 0
            for p in range(users_indptr[item], users_indptr[item + 1]):
                user = users_indices[p]
                for q in range(indptr[user], indptr[user + 1]):
                    other = indices[q]
                    if together[other] == 0:
                        touched[n_touched] = other
                        n_touched += 1
                    together[other] += np.float32(1)
            size = 0
            items, values = neighbors[item], similarities[item]
            for t in range(n_touched):
                other = touched[t]
                value = together[other] / (norms[item] * norms[other] + shrinkage)
                together[other] = 0
                if other == item:
                    continue
                if size < k:
                    push(items, values, size, other, value)
                    size += 1
                elif value > values[0] or (value == values[0] and other < items[0]):
                    replace_root(items, values, size, other, value)
            sort_heap(items, values, size)


@njit(cache=True, nogil=True, parallel=True)
def sum_neighbors(indptr, indices, neighbors, similarities, out):
    """Add, for each history, the similarities of its items' neighbours to ``out`` (n, n_items) float32."""
    for row in prange(len(indptr) - 1):
        for p in range(indptr[row], indptr[row + 1]):
            item = indices[p]
            for q in range(neighbors.shape[1]):
                other = neighbors[item, q]
                if other < 0:
                    break
                out[row, other] += similarities[item, q]
