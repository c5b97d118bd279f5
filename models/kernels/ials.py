"""iALS kernels.  Notation (Hu, Koren & Volinsky 2008; Rendle et al. 2021, arXiv:2110.14037):

    c (nnz,)                  confidence of each like
    w0                        unobserved_weight, the confidence of every other user-item pair
    Y (n_items, n_factors)    factors of the side held fixed;  X (n_users, n_factors) of the side solved for
    lambda_u                  penalty of row u

A half-step minimises, for each row u, sum_{i in S_u} c_ui (1 - x.y_i)^2 + w0 sum_{i not in S_u} (x.y_i)^2
+ lambda_u |x|^2, so that x solves (w0 Y^T Y + lambda_u I + sum_{S_u} (c_ui - w0) y_i y_i^T) x = sum_{S_u} c_ui y_i.

All rows share Y^T Y = Q diag(g) Q^T.  In that basis, Z = Y Q, what is shared is a diagonal
d_u = w0 g + lambda_u, whatever the penalty of the row:

    primal, long rows:   (diag(d) + sum w z z^T) x = sum c z                             k x k
    dual, short rows:    x = B^T (I + B B^T)^-1 (c / sqrt(w)) / sqrt(d),                 n x n
                         B = rows sqrt(w) z / sqrt(d)

and the caller turns the solutions back: X = solution Q^T.
"""

import numpy as np
from numba import njit, prange

from models.kernels.linear_algebra import FASTMATH, add_row_products, cholesky, solve_cholesky

N_BLOCKS = 64  # rows are dealt to blocks in turn, so that long rows spread over the threads
CHUNK = 256  # likes gathered at a time: 256 x 64 floats stay in the L2 cache
MIN_WEIGHT = np.float32(1e-6)  # keeps c / sqrt(w) finite where c = w0


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def solve_rows(indptr, indices, confidence, Z, spectrum, reg, unobserved_weight, dual_limit, out):
    """Solve one half-step exactly, in the eigenbasis of Y^T Y.

    ``indptr, indices, confidence``: CSR of the rows to solve.  ``Z`` (n_fixed, k), ``spectrum`` (k,) = w0 g,
    ``reg`` (n_rows,) = lambda_u, all float32.  Rows of at most ``dual_limit`` likes take the dual form.
    Writes ``out`` (n_rows, k); a row without likes becomes zero.
    """
    n_rows = len(indptr) - 1
    k = Z.shape[1]
    side = max(k, dual_limit) + 4
    for block in prange(N_BLOCKS):
        system = np.empty((side, side), np.float32)
        gathered = np.zeros((side, max(k, CHUNK) + 16), np.float32)
        rhs = np.empty(side, np.float32)
        whitening = np.empty(k, np.float32)
        for row in range(block, n_rows, N_BLOCKS):
            start, stop = indptr[row], indptr[row + 1]
            if start == stop:
                out[row, :] = np.float32(0.0)
                continue
            likes, c = indices[start:stop], confidence[start:stop]
            if stop - start <= dual_limit:
                _solve_dual(
                    likes, c, Z, spectrum, reg[row], unobserved_weight, gathered, system, rhs, whitening, out[row]
                )
            else:
                _solve_primal(likes, c, Z, spectrum, reg[row], unobserved_weight, gathered, system, rhs, out[row])


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _solve_primal(indices, confidence, Z, spectrum, reg, unobserved_weight, gathered, system, rhs, out):
    k = Z.shape[1]
    padded = k + (-k) % 4
    for a in range(padded):
        rhs[a] = np.float32(0.0)
        for b in range(padded):
            system[a, b] = np.float32(0.0)
    for a in range(k):
        system[a, a] = spectrum[a] + reg
    for first in range(0, len(indices), CHUNK):
        n = min(CHUNK, len(indices) - first)
        for j in range(n):
            c = confidence[first + j]
            root = np.sqrt(max(c - unobserved_weight, MIN_WEIGHT))
            z = Z[indices[first + j]]
            for a in range(k):
                rhs[a] += c * z[a]
                gathered[a, j] = root * z[a]
        add_row_products(gathered, k, n, system)
    cholesky(system, k)
    solve_cholesky(system, k, rhs)
    for a in range(k):
        out[a] = rhs[a]


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _solve_dual(indices, confidence, Z, spectrum, reg, unobserved_weight, gathered, system, rhs, whitening, out):
    k = Z.shape[1]
    n = len(indices)
    padded = n + (-n) % 4
    for i in range(padded):
        for j in range(padded):
            system[i, j] = np.float32(0.0)
    for a in range(k):
        whitening[a] = np.float32(1.0) / np.sqrt(spectrum[a] + reg)
    for j in range(n):
        system[j, j] = np.float32(1.0)
        c = confidence[j]
        root = np.sqrt(max(c - unobserved_weight, MIN_WEIGHT))
        rhs[j] = c / root
        z = Z[indices[j]]
        for a in range(k):
            gathered[j, a] = root * z[a] * whitening[a]
    add_row_products(gathered, n, k, system)
    cholesky(system, n)
    solve_cholesky(system, n, rhs)
    for a in range(k):
        out[a] = np.float32(0.0)
    for j in range(n):
        y = rhs[j]
        for a in range(k):
            out[a] += y * gathered[j, a]
    for a in range(k):
        out[a] *= whitening[a]
