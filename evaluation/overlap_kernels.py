"""Kernels that compare two sets of ranked lists row by row, with ties.

Notation (Corsi & Urbano 2024, arXiv:2406.07121):
    items    (n, k) int32     ranked lists, best first; a row shorter than k is padded with -1
    tops     (n, k) int32     first rank of the item's tie group, counted from 1
    bottoms  (n, k) int32     last rank of that group; top = bottom for an item without ties
    X_d      contribution-weighted overlap of the first d ranks;  A_d, their agreement: X_d / d (RBO^a), or X_d over
             the root of both lists' summed squares of contributions (RBO^b)
    S, L     the shorter and the longer list of a row, of n_S and n_L items (the paper's s and l)
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(cache=True)
def list_length(items):
    """Number of items before the first -1."""
    n = 0
    while n < len(items) and items[n] >= 0:
        n += 1
    return n


@njit(cache=True)
def find_groups(scores, lengths, tops, bottoms):
    """Write the first and the last rank of each item's group of equal scores, (n, k); padding is not written."""
    for row in range(len(scores)):
        first = 0
        for i in range(lengths[row] + 1):
            if i == lengths[row] or scores[row, i] != scores[row, first]:
                tops[row, first:i] = first + 1
                bottoms[row, first:i] = i
                first = i


@njit(cache=True)
def list_lengths(items, out):
    """Write the number of items of each list, (n,) int64."""
    for row in range(len(items)):
        out[row] = list_length(items[row])


@njit(cache=True, parallel=True)
def count_shared(items_a, items_b, out):
    """Write the number of items that both lists of each row hold, (n,) int64."""
    for row in prange(len(items_a)):
        shared = 0
        for i in range(list_length(items_a[row])):
            for j in range(list_length(items_b[row])):
                shared += items_a[row, i] == items_b[row, j]
        out[row] = shared


@njit(cache=True)
def contribution(top, bottom, d):
    """c_{e,d}, section 4.2: probability that item e is among the first d ranks if ties are broken at random."""
    if d >= bottom:
        return 1.0
    return max(0.0, (d - top + 1) / (bottom - top + 1))


@njit(cache=True)
def partner(items, length, item):
    """Index of ``item`` in a list, or -1."""
    for i in range(length):
        if items[i] == item:
            return i
    return -1


@njit(cache=True)
def overlap_by_depth(S, S_top, S_bottom, n_S, L, L_top, L_bottom, n_L, X):
    """Write X_d for d = 1..n_L to ``X`` (n_L,): the sum of c^S_{e,d} c^L_{e,d} over the common items e."""
    X[:n_L] = 0.0
    for i in range(n_S):
        j = partner(L, n_L, S[i])
        if j < 0:
            continue
        settled = max(S_bottom[i], L_bottom[j])
        for d in range(max(S_top[i], L_top[j]), settled):
            X[d - 1] += contribution(S_top[i], S_bottom[i], d) * contribution(L_top[j], L_bottom[j], d)
        for d in range(settled, n_L + 1):
            X[d - 1] += 1.0


@njit(cache=True)
def summed_squares(tops, bottoms, n, d):
    """Sum of c_{e,d}^2 over a list's items (section 4.3); d if depth d cuts no tie group or exceeds the list."""
    if d > n:
        return float(d)
    top, size = tops[d - 1], bottoms[d - 1] - tops[d - 1] + 1
    return top - 1 + (d - top + 1) ** 2 / size


@njit(cache=True)
def whole_agreement(S_top, S_bottom, n_S, L_top, L_bottom, n_L, d, is_corrected):
    """Denominator of A_d: X_d / whole_agreement = A_d."""
    if not is_corrected:
        return float(d)
    return np.sqrt(summed_squares(S_top, S_bottom, n_S, d) * summed_squares(L_top, L_bottom, n_L, d))


@njit(cache=True)
def unseen_contribution(S, n_S, L, L_top, L_bottom, n_L, d, fewest):
    """Contributions at depth d of L's items that S lacks.

    Returns their sum, the number of items with a positive contribution, and the sum of the first ``fewest`` in L.
    """
    total, n, first_total, n_first = 0.0, 0, 0.0, 0
    for j in range(n_L):
        if partner(S, n_S, L[j]) >= 0:
            continue
        c = contribution(L_top[j], L_bottom[j], d)
        if n_first < fewest:
            first_total += c
            n_first += 1
        if c > 0:
            total += c
            n += 1
    return total, n, first_total


@njit(cache=True)
def rank_biased_overlap_of(S, S_top, S_bottom, n_S, L, L_top, L_bottom, n_L, p, is_corrected, X):
    """Return extrapolated RBO and the residual max - min (section 4): RBO^a, or RBO^b if ``is_corrected``."""
    overlap_by_depth(S, S_top, S_bottom, n_S, L, L_top, L_bottom, n_L, X)
    A_S = X[n_S - 1] / whole_agreement(S_top, S_bottom, n_S, L_top, L_bottom, n_L, n_S, is_corrected)
    extrapolated = low = high = 0.0
    weight, harmonic = 1.0, 0.0
    for d in range(1, n_L + 1):
        weight *= p
        harmonic += weight / d
        seen = X[d - 1]
        unseen_ext = unseen_max = 0.0
        if d > n_S:
            total, n, first_total = unseen_contribution(S, n_S, L, L_top, L_bottom, n_L, d, d - n_S)
            unseen_ext = (d - n_S) * A_S * total / n if n else 0.0
            unseen_max = first_total
        share = weight / whole_agreement(S_top, S_bottom, n_S, L_top, L_bottom, n_L, d, is_corrected)
        extrapolated += (seen + unseen_ext) * share
        low += seen * share
        high += (seen + unseen_max) * share
    extrapolated += (X[n_L - 1] + (n_L - n_S) * A_S) / n_L * weight * p / (1 - p)
    low += X[n_L - 1] * (np.log(1 / (1 - p)) - harmonic)
    full = round(n_S + n_L - X[n_L - 1])  # from this depth on, lists that agree as much as possible agree completely
    for d in range(n_L + 1, full + 1):
        weight *= p
        high += (2 * d - n_L - n_S + X[n_L - 1]) / d * weight
    high += weight * p / (1 - p)
    scale = (1 - p) / p
    return scale * extrapolated, scale * (high - low)


@njit(cache=True, parallel=True)
def rank_biased_overlaps(
    items_a, tops_a, bottoms_a, items_b, tops_b, bottoms_b, p, is_corrected, extrapolated, residual
):
    """Write RBO to ``extrapolated`` and ``residual``, (n,) each: 1 for two empty lists, 0 if only one is empty."""
    for row in prange(len(items_a)):
        n_a, n_b = list_length(items_a[row]), list_length(items_b[row])
        if min(n_a, n_b) == 0:
            extrapolated[row] = 1.0 if n_a == n_b else 0.0
            residual[row] = 1.0
            continue
        X = np.empty(max(n_a, n_b))
        if n_a <= n_b:
            extrapolated[row], residual[row] = rank_biased_overlap_of(
                items_a[row],
                tops_a[row],
                bottoms_a[row],
                n_a,
                items_b[row],
                tops_b[row],
                bottoms_b[row],
                n_b,
                p,
                is_corrected,
                X,
            )
        else:
            extrapolated[row], residual[row] = rank_biased_overlap_of(
                items_b[row],
                tops_b[row],
                bottoms_b[row],
                n_b,
                items_a[row],
                tops_a[row],
                bottoms_a[row],
                n_a,
                p,
                is_corrected,
                X,
            )


@njit(cache=True, parallel=True)
def kendall_distances(items_a, tops_a, items_b, tops_b, out):
    """Write K^(1/2) of Fagin, Kumar & Sivakumar 2003 to ``out`` (n,).

    K is the sum of |sgn_a - sgn_b| / 2 over all pairs of the union. sgn is 1 or -1 for the order of the pair in a list
    and 0 for a tie; missing items tie at the end of the list. The penalty of a pair is thus 1 for opposite orders, 0
    for the same order and 1/2 if only one list orders it.
    """
    for row in prange(len(items_a)):
        n_a, n_b = list_length(items_a[row]), list_length(items_b[row])
        rank_a, rank_b = np.full(n_a + n_b, n_a + n_b + 1), np.full(n_a + n_b, n_a + n_b + 1)
        n = n_a
        for i in range(n_a):
            rank_a[i] = tops_a[row, i]
        for j in range(n_b):
            i = partner(items_a[row], n_a, items_b[row, j])
            if i < 0:
                i, n = n, n + 1
            rank_b[i] = tops_b[row, j]
        distance = 0
        for i in range(n):
            for j in range(i):
                order_a = (rank_a[i] > rank_a[j]) - (rank_a[i] < rank_a[j])
                order_b = (rank_b[i] > rank_b[j]) - (rank_b[i] < rank_b[j])
                distance += abs(order_a - order_b)
        out[row] = distance / 2
