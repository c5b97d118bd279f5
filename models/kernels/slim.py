"""Coordinate descent for SLIM (Ning & Karypis 2011, eq. 3), from the Gramian, one item's weights at a time.  Notation:

    G (n_items, n_items)   X^T X of binary likes
    w (n_items,)           weights that predict item j: 1/2 |x_j - X w|^2 + l2/2 |w|^2 + l1 |w|_1, w >= 0, w_j = 0
    gradient (n_items,)    G_j - G w

Since G and w are non-negative, only weights of items k with G_kj > l1 can become positive; the others are skipped.
"""

import numpy as np
from numba import njit, prange

from models.kernels.inlined import INLINED

MOST_PACKED = 1024  # most active items whose part of G is copied, so that sweeps over it stay in the cache


@njit(cache=True, nogil=True, parallel=True)
def solve_items(G, first, l1, l2, tolerance, max_sweeps, out):
    """Write the weights that predict items ``first``, ``first + 1``, ... to the rows of ``out``, initially 0."""
    for row in prange(len(out)):
        _solve_item(G, first + row, l1, l2, tolerance, max_sweeps, out[row])


@njit(cache=True, nogil=True)
def _solve_item(G, item, l1, l2, tolerance, max_sweeps, w):
    """Sweep over all candidates until none changes by more than ``tolerance``; in between, over those with a weight."""
    gradient = G[item].copy()
    candidates = np.flatnonzero(gradient > l1)
    candidates = candidates[candidates != item]
    for _ in range(max_sweeps):
        if _sweep(G, candidates, l1, l2, gradient, w) <= tolerance:
            return
        active = candidates[w[candidates] > 0]
        if len(active) > MOST_PACKED:
            continue
        part, old = G[active][:, active], w[active]
        new, gradient_there, all_there = old.copy(), gradient[active], np.arange(len(active))
        for _ in range(max_sweeps):
            if _sweep(part, all_there, l1, l2, gradient_there, new) <= tolerance:
                break
        for a in range(len(active)):
            if new[a] != old[a]:
                _subtract(new[a] - old[a], G[active[a]], gradient)
                w[active[a]] = new[a]


@njit(cache=True, nogil=True)
def _sweep(G, candidates, l1, l2, gradient, w):
    """Set each candidate's weight in turn to the optimum given the others; return the largest change."""
    largest = np.float32(0)
    for k in candidates:
        best = max((gradient[k] + G[k, k] * w[k] - l1) / (G[k, k] + l2), np.float32(0))
        change = best - w[k]
        if change != 0:
            _subtract(change, G[k], gradient)
            w[k] = best
            largest = max(largest, abs(change))
    return largest


@njit(**INLINED, fastmath={"contract"})
def _subtract(change, row, gradient):
    for i in range(np.uint64(len(gradient))):
        gradient[i] -= change * row[i]
