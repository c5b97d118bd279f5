"""Coordinate descent for SLIM (Ning & Karypis 2011, eq. 3), from the Gramian, one item's weights at a time.  Notation:

    G (n_items, n_items)   X^T X of binary likes
    w (n_items,)           weights that predict item j: 1/2 |x_j - X w|^2 + l2/2 |w|^2 + l1 |w|_1, w >= 0, w_j = 0
    gradient (n_items,)    G_j - G w

Since G and w are non-negative, only weights of items k with G_kj > l1 can become positive; the others are skipped.
"""

import numpy as np
from numba import njit, prange

from models.kernels.inlined import INLINED

MOST_PACKED = 1024  # most candidates whose part of G is copied, so that sweeps over it stay in the cache


@njit(cache=True, nogil=True, parallel=True)
def solve_items(G, first, l1, l2, n_neighbors, tolerance, max_sweeps, out):
    """Write the weights that predict items ``first``, ``first + 1``, ... to the rows of ``out``, initially 0."""
    for row in prange(len(out)):
        _solve_item(G, first + row, l1, l2, n_neighbors, tolerance, max_sweeps, out[row])


@njit(cache=True, nogil=True)
def _solve_item(G, item, l1, l2, n_neighbors, tolerance, max_sweeps, w):
    """Sweep over all candidates until none changes by more than ``tolerance``; in between, over those with a weight."""
    candidates = _candidates(G, item, l1, n_neighbors)
    if len(candidates) <= MOST_PACKED:
        _descend(_part(G, candidates), l1, l2, tolerance, max_sweeps, G[item][candidates], candidates, w)
        return
    gradient = G[item].copy()
    for _ in range(max_sweeps):
        if _sweep(G, candidates, l1, l2, gradient, w) <= tolerance:
            return
        active = candidates[w[candidates] > 0]
        if len(active) > MOST_PACKED:
            continue
        old = w[active]
        _descend(_part(G, active), l1, l2, tolerance, max_sweeps, gradient[active], active, w)
        for a in range(len(active)):
            change = w[active[a]] - old[a]
            if change != 0:
                _subtract(change, G[active[a]], gradient)


@njit(cache=True, nogil=True)
def _candidates(G, item, l1, n_neighbors):
    """Items with more than ``l1`` in common with the item, ascending; at most about ``n_neighbors``, by cosine.

    Items that are as similar as the last one stay.
    """
    candidates = np.flatnonzero(G[item] > l1)
    candidates = candidates[candidates != item]
    if len(candidates) <= n_neighbors:
        return candidates
    similarity = np.empty(len(candidates), G.dtype)
    for a in range(len(candidates)):
        similarity[a] = G[item, candidates[a]] / np.sqrt(G[candidates[a], candidates[a]])
    least = np.partition(similarity, len(similarity) - n_neighbors)[len(similarity) - n_neighbors]
    return candidates[similarity >= least]


@njit(cache=True, nogil=True)
def _part(G, items):
    part = np.empty((len(items), len(items)), G.dtype)
    for a in range(len(items)):
        for b in range(len(items)):
            part[a, b] = G[items[a], items[b]]
    return part


@njit(cache=True, nogil=True)
def _descend(part, l1, l2, tolerance, max_sweeps, gradient, items, w):
    """Solve for the weights of ``items`` given ``part``, G of them alone, and their gradient; others stay."""
    new = w[items]
    everything = np.arange(len(items))
    for _ in range(max_sweeps):
        if _sweep(part, everything, l1, l2, gradient, new) <= tolerance:
            break
        active = everything[new > 0]
        for _ in range(max_sweeps):
            if _sweep(part, active, l1, l2, gradient, new) <= tolerance:
                break
    w[items] = new


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
