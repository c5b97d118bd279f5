"""Kernels of logistic matrix factorisation.  Notation (Johnson 2014, NIPS workshop), from the side that is learnt:

    X (n_rows, k + 2)    factors: the vector, then a bias and a constant 1 (users) or a constant 1 and a bias (items)
    Y (n_fixed, k + 2)   factors of the other side, held fixed, so that s_ui = x_u.y_i holds both biases
    c (nnz,)             confidence of each like
    m, w (n_rows,)       number of drawn pairs without a like for each row, and the weight of such a pair

A row ascends sum_likes (c s - (1 + c) ln(1 + e^s)) - sum_drawn w ln(1 + e^s), equation 4, less reg |x|^2 / 2 for each
term, one term at a time; its gradient is (c - (1 + c) sigma(s)) y for a like and -w sigma(s) y for another pair.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from models.kernels.bpr import dot
from models.kernels.draws import GAMMA, below, stream
from models.kernels.inlined import INLINED
from models.kernels.linear_algebra import FASTMATH
from models.kernels.strata import MAX_TRIES, holds

N_BLOCKS = 64  # rows are dealt to blocks in turn, so that long rows spread over the threads


class Likes(NamedTuple):
    """CSR of the learnt rows with confidences; indices ascending."""

    indptr: np.ndarray
    indices: np.ndarray
    confidence: np.ndarray


class Zeros(NamedTuple):
    """Drawn pairs without a like: m int64, w float32; draws are from ``pool`` int32, or from all rows of Y if empty."""

    n_drawn: np.ndarray
    weight: np.ndarray
    pool: np.ndarray


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def sweep_rows(likes, zeros, key, rate, reg, constant, Y, X):
    """Pass once over the likes and drawn pairs of each row of ``X``, in place; column ``constant`` is not changed.

    Rows are independent, so that the result is the same on any number of threads.
    """
    n_rows = len(X)
    indices, confidence, pool = likes.indices, likes.confidence, zeros.pool
    for block in prange(N_BLOCKS):
        for row in range(block, n_rows, N_BLOCKS):
            first, last = likes.indptr[row], likes.indptr[row + 1]
            drawn = (zeros.n_drawn[row], zeros.weight[row])
            state = stream(key, row)
            _sweep(indices, confidence, first, last, pool, drawn, state, rate, reg, constant, Y, X, row)


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def fold_in_rows(likes, zeros, key, rates, reg, constant, Y, X):
    """Pass over each row of ``X`` once for each of ``rates``, in place.

    All rows take the same draws, so that a vector depends only on the history.
    """
    n_rows = len(X)
    indices, confidence, pool = likes.indices, likes.confidence, zeros.pool
    for block in prange(N_BLOCKS):
        for row in range(block, n_rows, N_BLOCKS):
            first, last = likes.indptr[row], likes.indptr[row + 1]
            drawn = (zeros.n_drawn[row], zeros.weight[row])
            for t in range(len(rates)):
                state = stream(key, t)
                _sweep(indices, confidence, first, last, pool, drawn, state, rates[t], reg, constant, Y, X, row)


@njit(**INLINED, fastmath=FASTMATH)
def _sweep(indices, confidence, first, last, pool, drawn, state, rate, reg, constant, Y, X, row):
    """Mix likes and drawn pairs evenly; likes are taken in order, starting from a drawn one."""
    n_likes = last - first
    n_drawn, weight = drawn
    n_terms, due = n_likes + n_drawn, 0
    p = first + below(state, max(n_likes, 1))
    state += GAMMA
    for _ in range(n_terms):
        due += n_likes
        if due >= n_terms:
            due -= n_terms
            i, c = indices[p], confidence[p]
            p = p + 1 if p + 1 < last else first
            pull = c - (np.float32(1.0) + c) * _sigma(dot(X, row, Y, i))
        else:
            state, i = _draw_unseen(indices, first, last, pool, len(Y), state)
            if i < 0:
                continue
            pull = -weight * _sigma(dot(X, row, Y, i))
        _step(X, row, Y, i, rate * pull, rate * reg, constant)


@njit(**INLINED)
def _draw_unseen(indices, first, last, pool, n_fixed, state):
    """Return the next state and a drawn row of Y that is not in ``indices[first:last]``; -1 if none was found."""
    for _ in range(MAX_TRIES):
        drawn = np.int64(pool[below(state, len(pool))]) if len(pool) else below(state, n_fixed)
        state += GAMMA
        if not holds(indices, first, last, drawn):
            return state, drawn
    return state, -1


@njit(**INLINED, fastmath=FASTMATH)
def _step(X, row, Y, i, pull, shrink, constant):
    kept = X[row, constant]
    for f in range(X.shape[1]):
        X[row, f] += pull * Y[i, f] - shrink * X[row, f]
    X[row, constant] = kept


@njit(**INLINED, fastmath=FASTMATH)
def _sigma(x):
    return np.float32(1.0) / (np.float32(1.0) + np.exp(-x))


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def sum_losses(likes, zeros, key, X, Y, out):
    """Write the loss of each row's sweep, without penalties, to ``out`` (n_rows,) float64."""
    indices, pool = likes.indices, zeros.pool
    for row in prange(len(out)):
        first, last = likes.indptr[row], likes.indptr[row + 1]
        total = 0.0
        for p in range(first, last):
            s, c = np.float64(dot(X, row, Y, indices[p])), likes.confidence[p]
            total += (1.0 + c) * softplus(s) - c * s
        state = stream(key, row)
        for _ in range(zeros.n_drawn[row]):
            state, j = _draw_unseen(indices, first, last, pool, len(Y), state)
            if j >= 0:
                total += zeros.weight[row] * softplus(np.float64(dot(X, row, Y, j)))
        out[row] = total


@njit(**INLINED)
def softplus(s):
    return np.log1p(np.exp(-abs(s))) + max(s, 0.0)  # ln(1 + e^s) without overflow
