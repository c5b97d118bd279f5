"""Exact least squares: a small system for each row of a sparse matrix.  Notation:

    v (nnz,)                  the matrix's values, given with slope and intercept:
    w = slope v + intercept   weight of the entry's squared error
    Y (n_columns, k)          vectors of the columns, held fixed
    d_u = spectrum + reg_u    (k,) the part of row u's system that does not depend on entries

For each row u, over its entries S_u:   (diag(d_u) + sum_{S_u} w y y^T) x = sum_{S_u} v y.

    primal, long rows:   this system                                         k x k
    dual, short rows:    x = B^T (I + B B^T)^-1 (v / sqrt(w)) / sqrt(d_u),   n x n
                         B = rows sqrt(w) y / sqrt(d_u)
"""

import numpy as np
from numba import njit, prange

from models.kernels.inlined import INLINED
from models.kernels.linear_algebra import FASTMATH, add_row_products, cholesky, solve_cholesky

N_BLOCKS = 64  # rows are dealt to blocks in turn, so that long rows spread over the threads
CHUNK = 256  # entries gathered at a time: 256 x 64 floats stay in the L2 cache
MIN_WEIGHT = np.float32(1e-6)  # keeps v / sqrt(w) finite where w = 0


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def solve_exactly(indptr, indices, values, slope, intercept, Y, spectrum, reg, dual_limit, out):
    """Write the solution of each row to ``out`` (n_rows, k); a row without entries becomes zero.

    ``indptr, indices, values``: CSR.  ``slope``, ``intercept``, ``Y``, ``spectrum`` (k,), ``reg`` (n_rows,) float32.
    Rows of at most ``dual_limit`` entries take the dual form.
    """
    n_rows = len(indptr) - 1
    k = Y.shape[1]
    side = max(k, dual_limit) + 4
    for block in prange(N_BLOCKS):
        system = np.empty((side, side), np.float32)
        # a stride of a power of two would put all rows into one cache set, ten times slower
        gathered = np.zeros((side, max(k, CHUNK) + 16), np.float32)
        rhs = np.empty(side, np.float32)
        whitening = np.empty(k, np.float32)
        for row in range(block, n_rows, N_BLOCKS):
            start, stop = indptr[row], indptr[row + 1]
            if start == stop:
                out[row, :] = np.float32(0.0)
                continue
            columns, v = indices[start:stop], values[start:stop]
            if stop - start <= dual_limit:
                for a in range(k):
                    whitening[a] = np.float32(1.0) / np.sqrt(spectrum[a] + reg[row])
                _solve_dual(columns, v, slope, intercept, Y, whitening, gathered, system, rhs, out[row])
            else:
                _solve_primal(columns, v, slope, intercept, Y, spectrum, reg[row], gathered, system, rhs, out[row])


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def divide_sums(indptr, indices, values, Y, spectrum, reg, out):
    """Write the solutions for w = 0, sum v y / d_u, to ``out``; arguments as in ``solve_exactly``."""
    k = Y.shape[1]
    for row in prange(len(indptr) - 1):
        out[row, :] = np.float32(0)
        for j in range(indptr[row], indptr[row + 1]):
            for a in range(k):
                out[row, a] += values[j] * Y[indices[j], a]
        if indptr[row] < indptr[row + 1]:
            for a in range(k):
                out[row, a] /= spectrum[a] + reg[row]


@njit(cache=True, nogil=True, parallel=True, fastmath={"reassoc", "contract"})
def add_row_losses(indptr, indices, values, slope, intercept, X, Y, out):
    """Add sum w (x_u.y)^2 - 2 v x_u.y over the entries of row u to ``out[u]``.

    ``indptr, indices, values``: CSR.  ``X`` (n_rows, k) and ``Y`` (n_columns, k) float32; ``out`` (n_rows,) float64.
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


@njit(**INLINED, fastmath=FASTMATH)
def _solve_primal(columns, values, slope, intercept, Y, spectrum, reg, gathered, system, rhs, out):
    k = Y.shape[1]
    padded = k + (-k) % 4
    for a in range(padded):
        rhs[a] = np.float32(0.0)
        for b in range(padded):
            system[a, b] = np.float32(0.0)
    for a in range(k):
        system[a, a] = spectrum[a] + reg
    for first in range(0, len(columns), CHUNK):
        n = min(CHUNK, len(columns) - first)
        for j in range(n):
            v = values[first + j]
            root = np.sqrt(max(slope * v + intercept, MIN_WEIGHT))
            y = Y[columns[first + j]]
            for a in range(k):
                rhs[a] += v * y[a]
                gathered[a, j] = root * y[a]
        add_row_products(gathered, k, n, system)
    cholesky(system, k)
    solve_cholesky(system, k, rhs)
    for a in range(k):
        out[a] = rhs[a]


@njit(**INLINED, fastmath=FASTMATH)
def _solve_dual(columns, values, slope, intercept, Y, whitening, gathered, system, rhs, out):
    k = Y.shape[1]
    n = len(columns)
    padded = n + (-n) % 4
    for i in range(padded):
        for j in range(padded):
            system[i, j] = np.float32(0.0)
    for j in range(n):
        system[j, j] = np.float32(1.0)
        v = values[j]
        root = np.sqrt(max(slope * v + intercept, MIN_WEIGHT))
        rhs[j] = v / root
        y = Y[columns[j]]
        for a in range(k):
            gathered[j, a] = root * y[a] * whitening[a]
    add_row_products(gathered, n, k, system)
    cholesky(system, n)
    solve_cholesky(system, n, rhs)
    for a in range(k):
        out[a] = np.float32(0.0)
    for j in range(n):
        s = rhs[j]
        for a in range(k):
            out[a] += s * gathered[j, a]
    for a in range(k):
        out[a] *= whitening[a]
