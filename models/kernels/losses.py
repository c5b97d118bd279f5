"""Losses, summed in float64."""

import numpy as np
from numba import njit, prange


@njit(cache=True, nogil=True, parallel=True, fastmath={"reassoc", "contract"})
def add_row_losses(indptr, indices, values, slope, intercept, X, Y, out):
    """out[u] += sum over the entries v of row u of w (x_u.y)^2 - 2 v x_u.y, with w = slope v + intercept.

    CSR of float32 values; ``X`` (n_rows, k) and ``Y`` (n_columns, k) float32; ``out`` (n_rows,) float64.
    """
    for row in prange(len(indptr) - 1):
        total = 0.0
        for j in range(indptr[row], indptr[row + 1]):
            predicted = 0.0
            for a in range(X.shape[1]):
                predicted += np.float64(X[row, a]) * np.float64(Y[indices[j], a])
            v = np.float64(values[j])
            total += predicted * ((slope * v + intercept) * predicted - 2 * v)
        out[row] += total
