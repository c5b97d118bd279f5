"""Small dense float32 systems, solved by one thread inside a parallel kernel.

BLAS is slow on matrices of this size when called inside ``prange``, and its threads compete with the kernel's.  These
functions compute tiles of dot products in registers, over rows that are contiguous in memory; ``reassoc`` lets the
compiler vectorise the sums.  NaN and infinity keep their meaning.
"""

import numpy as np
from numba import njit, prange

from models.kernels.inlined import INLINED

SMALLEST_PIVOT = np.float32(1e-6)  # relative to the diagonal entry: the resolution of float32
N_BLOCKS = 64  # blocks of rows, each with its own buffer
FASTMATH = {"reassoc", "contract", "nsz", "arcp"}


@njit(**INLINED, fastmath=FASTMATH)
def add_row_products(rows, n_rows, length, out):
    """Add ``rows[i, :length] . rows[j, :length]`` to ``out[i, j]`` for j <= i < n_rows.

    It works in tiles of 4 x 2, which write some entries above the diagonal, too; these have no meaning.  ``rows`` and
    ``out`` need three additional rows.
    """
    for i in range(0, n_rows, 4):
        a0, a1, a2, a3 = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        for j in range(0, min(i + 4, n_rows), 2):
            b0, b1 = rows[j], rows[j + 1]
            s00 = s01 = s10 = s11 = s20 = s21 = s30 = s31 = np.float32(0.0)
            for p in range(length):
                x, y = b0[p], b1[p]
                s00 += a0[p] * x
                s01 += a0[p] * y
                s10 += a1[p] * x
                s11 += a1[p] * y
                s20 += a2[p] * x
                s21 += a2[p] * y
                s30 += a3[p] * x
                s31 += a3[p] * y
            out[i, j] += s00
            out[i, j + 1] += s01
            out[i + 1, j] += s10
            out[i + 1, j + 1] += s11
            out[i + 2, j] += s20
            out[i + 2, j + 1] += s21
            out[i + 3, j] += s30
            out[i + 3, j + 1] += s31


@njit(**INLINED, fastmath=FASTMATH)
def cholesky(a, n):
    """Replace the lower triangle of the leading n x n block by L with L L^T = a, four rows at a time."""
    for j in range(n):
        pivot_row = a[j]
        s = np.float32(0.0)
        for p in range(j):
            s += pivot_row[p] * pivot_row[p]
        pivot = pivot_row[j] - s
        # a direction lost to rounding is left out: its pivot is infinite, so that its solution is 0
        pivot_row[j] = np.sqrt(pivot) if pivot > SMALLEST_PIVOT * pivot_row[j] else np.float32(np.inf)
        scale = np.float32(1.0) / pivot_row[j]
        n_tiled = j + 1 + (n - j - 1) // 4 * 4
        for i in range(j + 1, n_tiled, 4):
            r0, r1, r2, r3 = a[i], a[i + 1], a[i + 2], a[i + 3]
            s0 = s1 = s2 = s3 = np.float32(0.0)
            for p in range(j):
                x = pivot_row[p]
                s0 += r0[p] * x
                s1 += r1[p] * x
                s2 += r2[p] * x
                s3 += r3[p] * x
            r0[j] = (r0[j] - s0) * scale
            r1[j] = (r1[j] - s1) * scale
            r2[j] = (r2[j] - s2) * scale
            r3[j] = (r3[j] - s3) * scale
        for i in range(n_tiled, n):
            row = a[i]
            s = np.float32(0.0)
            for p in range(j):
                s += row[p] * pivot_row[p]
            row[j] = (row[j] - s) * scale


@njit(**INLINED, fastmath=FASTMATH)
def solve_cholesky(lower, n, b):
    """Replace ``b[:n]`` by the solution of L L^T x = b."""
    for i in range(n):
        s = b[i]
        for p in range(i):
            s -= lower[i, p] * b[p]
        b[i] = s / lower[i, i]
    for i in range(n - 1, -1, -1):
        x = b[i] / lower[i, i]
        b[i] = x
        for p in range(i):
            b[p] -= lower[i, p] * x


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def turn_rows(rows, axes):
    """Replace each row (k,) of ``rows`` (n, k) by its products with the rows of ``axes`` (k, k)."""
    n, k = rows.shape
    for block in prange(N_BLOCKS):
        turned = np.empty((4, k + 1), np.float32)
        stop = (block + 1) * n // N_BLOCKS
        for i in range(block * n // N_BLOCKS, stop, 4):
            i1, i2, i3 = (
                min(i + 1, stop - 1),
                min(i + 2, stop - 1),
                min(i + 3, stop - 1),
            )  # beyond the end: the last row
            for j in range(0, k, 2):
                j1 = min(j + 1, k - 1)
                s00 = s01 = s10 = s11 = s20 = s21 = s30 = s31 = np.float32(0.0)
                for p in range(k):
                    x, y = axes[j, p], axes[j1, p]
                    s00 += rows[i, p] * x
                    s01 += rows[i, p] * y
                    s10 += rows[i1, p] * x
                    s11 += rows[i1, p] * y
                    s20 += rows[i2, p] * x
                    s21 += rows[i2, p] * y
                    s30 += rows[i3, p] * x
                    s31 += rows[i3, p] * y
                turned[0, j], turned[0, j + 1] = s00, s01
                turned[1, j], turned[1, j + 1] = s10, s11
                turned[2, j], turned[2, j + 1] = s20, s21
                turned[3, j], turned[3, j + 1] = s30, s31
            for p in range(k):
                rows[i3, p] = turned[3, p]
                rows[i2, p] = turned[2, p]
                rows[i1, p] = turned[1, p]
                rows[i, p] = turned[0, p]


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def move_beyond(rows, goals, share):
    """Replace ``rows`` (n, k) by ``goals + share * (goals - rows)``; with ``share`` 0 they become ``goals``."""
    for i in prange(len(rows)):
        for p in range(rows.shape[1]):
            rows[i, p] = goals[i, p] + share * (goals[i, p] - rows[i, p])
