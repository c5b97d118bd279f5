"""SGD on observed ratings, one kernel for all such models.  Notation (Koren 2008, KDD; 2010, CACM 53(4)):

    X (n_users, k + 2)             users: the vector p_u, the bias mu + b_u, a constant 1
    Q (n_items, k + 2 + n_bins)    items: the vector q_i, a constant 1, the bias b_i, and a bias for each time bin
    Y (n_items, k), or no rows     implicit item vectors y_j
    D (n_users, k + 1), or no rows drift d_u of vector and bias, in units of dev_u(t)

    r(u, i, t) = x.q + b_i + b_i,bin(t) + mu + b_u + dev d_u,k,  x = p_u + |N(u)|^-1/2 sum_{j in N(u)} y_j + dev d_u

A step descends (r - r(u, i, t))^2 / 2 plus the penalties, reg |.|^2 / 2 for each rating.

The implicit part takes |N| k operations a user instead of |N|^2 k, with the same result as the published algorithm.  A
step updates all y_j of its user in the same way, y_j <- (1 - rate reg) y_j + rate e |N|^-1/2 q, so that their scaled
sum z = |N|^-1/2 sum y_j changes by z <- (1 - rate reg) z + rate e q.  During the steps on a user's ratings only z is
updated; the y_j follow after the last one.

An epoch is divided into B x B cells, by blocks of users and of items; cell (b, c) holds the ratings [start[b, c],
start[b, c + 1]), by user.  The cells (b, (b + s) % B) of stratum s share no user and no item, so that factors are the
same on any number of threads (Gemulla et al. 2011, KDD).  With Y there is a single cell, since users share the y_j.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from models.kernels.inlined import INLINED
from models.kernels.linear_algebra import FASTMATH


class Cells(NamedTuple):
    """Ratings in the order of their cells; int64, int32 or float32.  ``dev`` and ``bins`` are empty without time."""

    start: np.ndarray  # (B, B + 1)
    users: np.ndarray  # (nnz,)
    items: np.ndarray
    ratings: np.ndarray
    dev: np.ndarray  # (nnz,) dev_u(t)
    bins: np.ndarray  # (nnz,) time bin


class Step(NamedTuple):
    """Learning rates and penalties of a step; ``bias_rate`` is 0 in a model without biases."""

    rate: np.float32
    reg: np.float32
    bias_rate: np.float32
    reg_bias: np.float32
    mean: np.float32  # mu, towards which the penalty pulls a user's bias
    reg_implicit: np.float32
    drift_rate: np.float32  # learning rate of the terms that depend on time
    reg_drift: np.float32


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def learn_epoch(cells, step, X, Q, Y, D):
    """Pass once over all ratings and update the factors in place."""
    start = cells.start
    n_blocks = len(start)
    users, items, ratings, dev, bins = cells.users, cells.items, cells.ratings, cells.dev, cells.bins
    for s in range(n_blocks):
        for b in prange(n_blocks):
            c = (b + s) % n_blocks
            _learn_cell(start[b, c], start[b, c + 1], users, items, ratings, dev, bins, step, X, Q, Y, D)


@njit(nogil=True, forceinline=True, fastmath=FASTMATH)
def _learn_cell(first, last, users, items, ratings, dev, bins, step, X, Q, Y, D):
    k = Y.shape[1]
    x, d = np.empty(k + 1, np.float32), np.zeros(k + 1, np.float32)
    z, w = np.zeros(k, np.float32), np.empty(k, np.float32)
    is_plain = len(Y) == 0 and len(D) == 0
    stop = first
    while stop < last:
        begin, u = stop, users[stop]
        while stop < last and users[stop] == u:
            stop += 1
        for f in range(k + 1):
            x[f] = X[u, f]
        if is_plain:
            for e in range(begin, stop):
                _take_step(items[e], ratings[e], step, x, Q)
        else:
            if len(Y):
                _sum_implicit(items, begin, stop, Y, z)
            if len(D):
                for f in range(k + 1):
                    d[f] = D[u, f]
            for e in range(begin, stop):
                _take_full_step(e, items, ratings, dev, bins, step, x, z, d, w, Q)
            if len(Y):
                _spread_implicit(items, begin, stop, np.float32(1) - step.rate * step.reg_implicit, z, w, Y)
            if len(D):
                for f in range(k + 1):
                    D[u, f] = d[f]
        for f in range(k + 1):
            X[u, f] = x[f]


@njit(**INLINED, fastmath=FASTMATH)
def _take_step(i, rating, step, x, Q):
    k = len(x) - 1
    predicted = x[k] + Q[i, k + 1]
    for f in range(k):
        predicted += x[f] * Q[i, f]
    error = rating - predicted
    pull, keep = step.rate * error, np.float32(1) - step.rate * step.reg
    for f in range(k):
        before = x[f]
        x[f] = keep * before + pull * Q[i, f]
        Q[i, f] = keep * Q[i, f] + pull * before
    x[k] += step.bias_rate * (error - step.reg_bias * (x[k] - step.mean))
    Q[i, k + 1] += step.bias_rate * (error - step.reg_bias * Q[i, k + 1])


@njit(**INLINED, fastmath=FASTMATH)
def _take_full_step(e, items, ratings, dev, bins, step, x, z, d, w, Q):
    k = len(x) - 1
    i = items[e]
    when = dev[e] if len(dev) else np.float32(0)
    predicted = x[k] + when * d[k] + Q[i, k + 1]
    if len(bins):
        predicted += Q[i, k + 2 + bins[e]]
    for f in range(k):
        w[f] = x[f] + z[f] + when * d[f]
        predicted += w[f] * Q[i, f]
    error = ratings[e] - predicted
    pull, keep = step.rate * error, np.float32(1) - step.rate * step.reg
    keep_z, keep_d = np.float32(1) - step.rate * step.reg_implicit, np.float32(1) - step.drift_rate * step.reg_drift
    pull_d = step.drift_rate * error * when
    for f in range(k):
        q = Q[i, f]
        x[f] = keep * x[f] + pull * q
        z[f] = keep_z * z[f] + pull * q
        d[f] = keep_d * d[f] + pull_d * q
        Q[i, f] = keep * q + pull * w[f]
    x[k] += step.bias_rate * (error - step.reg_bias * (x[k] - step.mean))
    d[k] = keep_d * d[k] + pull_d
    Q[i, k + 1] += step.bias_rate * (error - step.reg_bias * Q[i, k + 1])
    if len(bins):
        b = k + 2 + bins[e]
        Q[i, b] = keep_d * Q[i, b] + step.drift_rate * error


@njit(**INLINED, fastmath=FASTMATH)
def _sum_implicit(items, begin, stop, Y, z):
    k = Y.shape[1]
    scale = np.float32(1 / np.sqrt(stop - begin))
    for f in range(k):
        z[f] = np.float32(0)
    for e in range(begin, stop):
        j = items[e]
        for f in range(k):
            z[f] += scale * Y[j, f]


@njit(**INLINED, fastmath=FASTMATH)
def _spread_implicit(items, begin, stop, keep, z, change, Y):
    """Update every y_j of the user to the new sum ``z``; ``change`` (k,) is scratch space."""
    k = Y.shape[1]
    n = stop - begin
    scale, kept = np.float32(1 / np.sqrt(n)), np.float32(keep**n)
    _sum_implicit(items, begin, stop, Y, change)
    for f in range(k):
        change[f] = scale * (z[f] - kept * change[f])
    for e in range(begin, stop):
        j = items[e]
        for f in range(k):
            Y[j, f] = kept * Y[j, f] + change[f]
