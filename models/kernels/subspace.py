"""The systems of least_squares.py, in its notation, by blocks of factors (iALS++, Rendle et al., arXiv:2110.14044).

Each block B of factors in turn is solved exactly with the others held fixed:

    (diag(d_B) + sum w y_B y_B^T) delta = sum (v - w y.x) y_B - d_B x_B,   x_B += delta      (its equation 9)

In principal axes the Gramian is diagonal, so that only the row's entries couple the blocks.
"""

import numpy as np
from numba import njit, prange

from models.kernels.inlined import INLINED
from models.kernels.least_squares import CHUNK, MIN_WEIGHT, N_BLOCKS
from models.kernels.linear_algebra import FASTMATH, add_row_products, cholesky, solve_cholesky


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def improve_by_blocks(indptr, indices, values, slope, intercept, Y, spectrum, reg, block_size, out):
    """Solve each block of ``block_size`` factors of each row of ``out`` (n_rows, k) once.

    Arguments as in ``solve_exactly``; a row without entries becomes zero.
    """
    n_rows = len(indptr) - 1
    longest = 0
    for row in range(n_rows):
        longest = max(longest, indptr[row + 1] - indptr[row])
    for block in prange(N_BLOCKS):
        system = np.empty((block_size + 4, block_size + 4), np.float32)
        gathered = np.zeros((block_size + 4, CHUNK + 16), np.float32)
        delta = np.empty(block_size + 4, np.float32)
        predicted = np.empty(longest, np.float32)
        for row in range(block, n_rows, N_BLOCKS):
            start, stop = indptr[row], indptr[row + 1]
            if start == stop:
                out[row, :] = np.float32(0.0)
                continue
            columns, v = indices[start:stop], values[start:stop]
            _improve(columns, v, slope, intercept, Y, spectrum, reg[row], out[row], predicted, gathered, system, delta)


@njit(**INLINED, fastmath=FASTMATH)
def _improve(columns, values, slope, intercept, Y, spectrum, reg, x, predicted, gathered, system, delta):
    k = len(x)
    block_size = len(delta) - 4
    for j in range(len(columns)):
        s = np.float32(0)
        for a in range(k):
            s += Y[columns[j], a] * x[a]
        predicted[j] = s
    for first in range(0, k, block_size):
        n = min(block_size, k - first)
        _gather_block(
            columns, values, slope, intercept, Y, spectrum, reg, x, first, n, predicted, gathered, system, delta
        )
        cholesky(system, n)
        solve_cholesky(system, n, delta)
        for a in range(n):
            x[first + a] += delta[a]
        for j in range(len(columns)):
            s = np.float32(0)
            for a in range(n):
                s += Y[columns[j], first + a] * delta[a]
            predicted[j] += s


@njit(**INLINED, fastmath=FASTMATH)
def _gather_block(columns, values, slope, intercept, Y, spectrum, reg, x, first, n, predicted, gathered, system, delta):
    """Write the block's matrix to ``system`` and its right-hand side to ``delta``."""
    padded = n + (-n) % 4
    for a in range(padded):
        for b in range(padded):
            system[a, b] = np.float32(0)
    for a in range(n):
        d = spectrum[first + a] + reg
        system[a, a] = d
        delta[a] = -d * x[first + a]
    for begin in range(0, len(columns), CHUNK):
        n_entries = min(CHUNK, len(columns) - begin)
        for j in range(n_entries):
            v = values[begin + j]
            w = slope * v + intercept
            root = np.sqrt(max(w, MIN_WEIGHT))
            error = v - w * predicted[begin + j]
            y = Y[columns[begin + j]]
            for a in range(n):
                delta[a] += error * y[first + a]
                gathered[a, j] = root * y[first + a]
        add_row_products(gathered, n, n_entries, system)
