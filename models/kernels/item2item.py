"""Item-to-item kernels: a row of B^T B at a time, never the whole.  B (n_users, n_items) holds the weighted likes."""

import numpy as np
from numba import njit, prange

from models.kernels.top_k import WIDTH, key_of, offer_scores, thin_out, write_best

N_BLOCKS = 64  # items are dealt to blocks in turn, so that popular ones spread over the threads
SPARSE = 8  # an item whose sum takes fewer additions than a share of 1 / SPARSE of the items is not read in full


@njit(cache=True, nogil=True, parallel=True)
def find_neighbors(by_user, by_item, offsets, norms, shrinkage, neighbors, similarities):
    """Write the most similar items of each item, best first; of equals the lower number, of none -1.

    sim(i, j) = (sum_u b_ui b_uj - offsets[i] offsets[j]) / (norms[i] norms[j] + shrinkage); only sim > 0 is likeness.
    ``by_user``, ``by_item``: (indptr, indices, values) of B and of its transpose, values empty where all are 1.
    ``offsets``, ``norms`` (n_items,) float32; ``neighbors`` (n_items, K) int32 filled with -1 and ``similarities``
    (n_items, K) float32 filled with 0.
    """
    n_items, k = neighbors.shape
    for block in prange(N_BLOCKS):
        sums, row = np.zeros(n_items, np.float32), np.empty((1, n_items), np.float32)
        keys = np.empty((1, 4 * k + WIDTH), np.uint64)
        size = np.zeros(1, np.int64)
        for item in range(block, n_items, N_BLOCKS):
            n_added = _add_likers(by_user, by_item, item, sums)
            if n_added * SPARSE < n_items:
                size[0] = _offer_few(by_user, by_item, item, offsets, norms, shrinkage, sums, row[0], k, keys[0])
            else:
                size[0] = 0
                _offer_all(item, offsets, norms, shrinkage, sums, row, k, keys, size)
            write_best(keys, size, neighbors[item : item + 1], similarities[item : item + 1].view(np.int32))


@njit(cache=True, nogil=True)
def _add_likers(by_user, by_item, item, sums):
    """Add the likes of all who like ``item``, weighted by theirs for it, to ``sums``; returns how many."""
    indptr, indices, values = by_user
    users_indptr, users, weights = by_item
    n_added = 0
    for p in range(users_indptr[item], users_indptr[item + 1]):
        weight = weights[p] if len(values) else np.float32(1)
        start, stop = indptr[users[p]], indptr[users[p] + 1]
        n_added += stop - start
        if len(values) == 0:
            for q in range(start, stop):
                sums[indices[q]] += np.float32(1)
        else:
            for q in range(start, stop):
                sums[indices[q]] += weight * values[q]
    return n_added


@njit(cache=True, nogil=True, error_model="numpy")
def _offer_all(item, offsets, norms, shrinkage, sums, row, k, keys, size):
    """Let every item into the buffer ``keys`` (1, .), reading ``sums`` in order and emptying it."""
    offset, norm = offsets[item], norms[item]
    for j in range(len(sums)):
        value = (sums[j] - offset * offsets[j]) / (norm * norms[j] + shrinkage)
        row[0, j] = value if (sums[j] > 0) & (value > 0) else -np.inf
        sums[j] = 0
    itself, floor = np.array([item], np.int32), np.full(1, -np.inf, np.float32)
    offer_scores(
        row,
        row.view(np.int32),
        0,
        itself[:0],
        np.ones(1, np.int64),
        itself,
        np.zeros(1, np.int64),
        k,
        keys,
        size,
        floor,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _offer_few(by_user, by_item, item, offsets, norms, shrinkage, sums, row, k, keys):
    """Let the items that were added to into the buffer ``keys``, emptying ``sums``; returns how many it holds."""
    indptr, indices, _ = by_user
    users_indptr, users, _ = by_item
    sums[item] = 0
    bits = row.view(np.int32)
    size, floor = 0, np.uint64(0)
    for p in range(users_indptr[item], users_indptr[item + 1]):
        for q in range(indptr[users[p]], indptr[users[p] + 1]):
            other = indices[q]
            if sums[other] == 0:
                continue
            value = (sums[other] - offsets[item] * offsets[other]) / (norms[item] * norms[other] + shrinkage)
            sums[other] = 0
            row[0] = value
            key = key_of(bits[0], other)
            if value > 0 and key > floor:
                keys[size] = key
                size += 1
                if size == len(keys):
                    floor = thin_out(keys, size, k)
                    size = k
    return size


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
