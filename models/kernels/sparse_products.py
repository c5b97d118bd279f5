"""Dense products of sparse rows, in parallel by row; SciPy uses one thread, and makes a sparse matrix of two others.

``indptr`` (n + 1,) int64, ``indices`` int32 and ``values`` float32 are the left operand.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, nogil=True, parallel=True)
def add_sparse_rows(indptr, indices, values, right_indptr, right_indices, right_values, out):
    """Add left @ right, both sparse, to ``out`` (n, n_columns) float32."""
    for row in prange(len(indptr) - 1):
        for p in range(indptr[row], indptr[row + 1]):
            value, other = values[p], indices[p]
            for q in range(right_indptr[other], right_indptr[other + 1]):
                out[row, right_indices[q]] += value * right_values[q]


@njit(cache=True, nogil=True, parallel=True)
def add_dense_rows(indptr, indices, values, right, out):
    """Add left @ ``right``, dense (m, n_columns) float32, to ``out`` (n, n_columns) float32."""
    for row in prange(len(indptr) - 1):
        for p in range(indptr[row], indptr[row + 1]):
            value, other = values[p], indices[p]
            for column in range(np.uint64(right.shape[1])):
                out[row, column] += value * right[other, column]
