"""The systems of least_squares.py, in its notation, by conjugate gradients (Takacs, Pilaszy & Tikk 2011, RecSys).

The preconditioner is d_u, which in principal axes is the whole part of the system that does not depend on entries. The
rest has low rank, and two or three steps from the solution of the last epoch suffice.
"""

import numpy as np
from numba import njit, prange

from models.kernels.inlined import INLINED
from models.kernels.linear_algebra import FASTMATH
from models.kernels.prefetch import prefetch_rows

N_BLOCKS = 64  # as in least_squares.py
MAX_STEPS = 24  # reached with tiny penalties; useful penalties take one to three steps


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def improve_by_gradients(indptr, indices, values, slope, intercept, Y, spectrum, reg, tolerance, out):
    """Move each row of ``out`` (n_rows, k) towards its solution; a row without entries becomes zero.

    Arguments as in ``solve_exactly``.  A row takes at least one step and stops when its estimated error is less than
    ``tolerance`` times its length, both in the norm sqrt(x^T diag(d_u) x).
    """
    n_rows = len(indptr) - 1
    k = Y.shape[1]
    for block in prange(N_BLOCKS):
        d, inverse, r = np.empty(k, np.float32), np.empty(k, np.float32), np.empty(k, np.float32)
        p, q = np.empty(k, np.float32), np.empty(k, np.float32)
        for row in range(block, n_rows, N_BLOCKS):
            start, stop = indptr[row], indptr[row + 1]
            if row + N_BLOCKS < n_rows:
                prefetch_rows(Y, indices, indptr[row + N_BLOCKS], indptr[row + N_BLOCKS + 1])
            if start == stop:
                out[row, :] = np.float32(0.0)
                continue
            for a in range(k):
                d[a] = spectrum[a] + reg[row]
                inverse[a] = np.float32(1) / d[a]
            columns, v = indices[start:stop], values[start:stop]
            _improve(columns, v, slope, intercept, Y, tolerance, out[row], d, inverse, r, p, q)


@njit(**INLINED, fastmath=FASTMATH)
def _improve(columns, values, slope, intercept, Y, tolerance, x, d, inverse, r, p, q):
    k = len(x)
    for a in range(k):
        r[a] = -d[a] * x[a]
    _add_entries(columns, values, np.float32(1), -slope, -intercept, Y, x, r)
    rho = np.float32(0)
    for a in range(k):
        p[a] = r[a] * inverse[a]
        rho += r[a] * p[a]
    for _ in range(MAX_STEPS):
        if not rho > 0:
            break
        for a in range(k):
            q[a] = d[a] * p[a]
        _add_entries(columns, values, np.float32(0), slope, intercept, Y, p, q)
        curvature = np.float32(0)
        for a in range(k):
            curvature += p[a] * q[a]
        length, last_rho = rho / curvature, rho
        rho = size = np.float32(0)
        for a in range(k):
            x[a] += length * p[a]
            r[a] -= length * q[a]
            rho += r[a] * r[a] * inverse[a]
            size += d[a] * x[a] * x[a]
        if rho <= tolerance * tolerance * size:
            break
        turn = rho / last_rho
        for a in range(k):
            p[a] = r[a] * inverse[a] + turn * p[a]


@njit(**INLINED, fastmath=FASTMATH)
def _add_entries(columns, values, own, slope, intercept, Y, p, q):
    """Add sum (own v + (slope v + intercept) y.p) y to q, with four independent sums at a time."""
    k = len(p)
    n_tiled = len(columns) // 4 * 4
    for j in range(0, n_tiled, 4):
        c0, c1, c2, c3 = columns[j], columns[j + 1], columns[j + 2], columns[j + 3]
        v0, v1, v2, v3 = values[j], values[j + 1], values[j + 2], values[j + 3]
        s0 = s1 = s2 = s3 = np.float32(0)
        for a in range(k):
            x = p[a]
            s0 += Y[c0, a] * x
            s1 += Y[c1, a] * x
            s2 += Y[c2, a] * x
            s3 += Y[c3, a] * x
        s0 = own * v0 + (slope * v0 + intercept) * s0
        s1 = own * v1 + (slope * v1 + intercept) * s1
        s2 = own * v2 + (slope * v2 + intercept) * s2
        s3 = own * v3 + (slope * v3 + intercept) * s3
        for a in range(k):
            q[a] += s0 * Y[c0, a] + s1 * Y[c1, a] + s2 * Y[c2, a] + s3 * Y[c3, a]
    for j in range(n_tiled, len(columns)):
        c, v = columns[j], values[j]
        s = np.float32(0)
        for a in range(k):
            s += Y[c, a] * p[a]
        s = own * v + (slope * v + intercept) * s
        for a in range(k):
            q[a] += s * Y[c, a]
