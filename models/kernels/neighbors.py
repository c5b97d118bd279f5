"""Kernels of nearest neighbours, which compute the product of two sparse matrices one row at a time."""

import numpy as np
from numba import njit, prange

from models.kernels.top_k import WIDTH, key_of, offer_scores, thin_out, write_best

N_BLOCKS = 64  # rows are dealt to blocks in turn, so that long rows spread over the threads
SPARSE = 8  # a row with fewer additions than n_columns / SPARSE is read only where it was added to


@njit(cache=True, nogil=True, parallel=True)
def find_neighbors(left, right, itself, of_left, of_right, shrinkage, neighbors, similarities):
    """Write the most similar columns of ``right`` for each row of ``left``, best first, equal ones by number.

    sim(i, j) = (sum_m left[i, m] right[m, j] - offsets_i offsets_j) / (norms_i norms_j + shrinkage); only columns with
    sim > 0 are neighbours.  ``left`` and ``right``: (indptr, indices, values); values are positive, or empty in both if
    all are 1.  ``itself`` (n,) int32: a column that is left out of each row, or -1.  ``of_left``, ``of_right``:
    (offsets, norms), float32.  ``neighbors`` (n, K) int32 filled with -1 and ``similarities`` (n, K) float32 filled
    with 0 are the output.
    """
    n, k = neighbors.shape
    n_columns = len(of_right[0])
    n_blocks = min(n, N_BLOCKS)
    for block in prange(n_blocks):
        sums, row = np.zeros(n_columns, np.float32), np.empty((1, n_columns), np.float32)
        keys = np.empty((1, 4 * k + WIDTH), np.uint64)
        size = np.zeros(1, np.int64)
        for i in range(block, n, n_blocks):
            n_added = _add_row(left, right, i, sums)
            offset, norm = of_left[0][i], of_left[1][i]
            if n_added * SPARSE < n_columns:
                size[0] = _offer_few(left, right, i, itself[i], offset, norm, of_right, shrinkage, sums, k, keys[0])
            else:
                size[0] = 0
                _offer_all(itself[i : i + 1], offset, norm, of_right, shrinkage, sums, row, k, keys, size)
            write_best(keys, size, neighbors[i : i + 1], similarities[i : i + 1].view(np.int32))


@njit(cache=True, nogil=True)
def _add_row(left, right, i, sums):
    """Add row ``i`` of the product to ``sums`` and return the number of additions."""
    left_indptr, rows, weights = left
    indptr, indices, values = right
    n_added = 0
    for p in range(left_indptr[i], left_indptr[i + 1]):
        start, stop = indptr[rows[p]], indptr[rows[p] + 1]
        n_added += stop - start
        if len(values) == 0:
            for q in range(start, stop):
                sums[indices[q]] += np.float32(1)
        else:
            weight = weights[p]
            for q in range(start, stop):
                sums[indices[q]] += weight * values[q]
    return n_added


@njit(cache=True, nogil=True, error_model="numpy")
def _offer_all(itself, offset, norm, of_right, shrinkage, sums, row, k, keys, size):
    """Offer all columns to the buffer ``keys`` (1, .), and set ``sums`` to 0."""
    offsets, norms = of_right
    for j in range(len(sums)):
        value = (sums[j] - offset * offsets[j]) / (norm * norms[j] + shrinkage)
        row[0, j] = value if (sums[j] > 0) & (value > 0) else -np.inf
        sums[j] = 0
    left_out = itself if itself[0] >= 0 else itself[:0]
    offer_scores(
        row,
        row.view(np.int32),
        0,
        itself[:0],
        np.full(1, len(left_out)),
        left_out,
        np.zeros(1, np.int64),
        k,
        keys,
        size,
        np.full(1, -np.inf, np.float32),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _offer_few(left, right, i, itself, offset, norm, of_right, shrinkage, sums, k, keys):
    """Offer the columns that were added to to the buffer ``keys``, set ``sums`` to 0 and return the buffer's size."""
    left_indptr, rows, _ = left
    indptr, indices, _ = right
    offsets, norms = of_right
    if itself >= 0:
        sums[itself] = 0
    one = np.empty(1, np.float32)
    bits = one.view(np.int32)
    size, floor = 0, np.uint64(0)
    for p in range(left_indptr[i], left_indptr[i + 1]):
        for q in range(indptr[rows[p]], indptr[rows[p] + 1]):
            other = indices[q]
            if sums[other] == 0:
                continue
            value = (sums[other] - offset * offsets[other]) / (norm * norms[other] + shrinkage)
            sums[other] = 0
            one[0] = value
            key = key_of(bits[0], other)
            if value > 0 and key > floor:
                keys[size] = key
                size += 1
                if size == len(keys):
                    floor = thin_out(keys, size, k)
                    size = k
    return size


@njit(cache=True, nogil=True, parallel=True)
def sum_neighbors(indptr, indices, weights, neighbors, similarities, out):
    """Add the similarities of each history's neighbours, times ``weights`` (nnz,), to ``out`` (n, n_items) float32."""
    for row in prange(len(indptr) - 1):
        for p in range(indptr[row], indptr[row + 1]):
            item = indices[p]
            for q in range(neighbors.shape[1]):
                other = neighbors[item, q]
                if other < 0:
                    break
                out[row, other] += weights[p] * similarities[item, q]
