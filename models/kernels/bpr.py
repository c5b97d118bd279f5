"""BPR kernels.  Notation (Rendle et al. 2009, UAI, arXiv:1205.2618):

    X (n_users, k + 1)   user factors, the last column a constant 1
    Y (n_items, k + 1)   item factors, the last column the item's bias
    u, i, j              a user, an item that the user likes (positive) and an item that the user does not (negative)
    x_uij                x_u.(y_i - y_j), the margin

A step descends -ln sigma(x_uij) + (reg_user |x_u|^2 + reg_positive |y_i|^2 + reg_negative |y_j|^2) / 2.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from models.kernels.draws import stream
from models.kernels.inlined import INLINED
from models.kernels.linear_algebra import FASTMATH
from models.kernels.strata import cell_of, draw_unseen, mark


class Negatives(NamedTuple):
    """Draws of j: the best scored of ``n_candidates`` draws, with the arguments of ``draw_unseen``."""

    cumulative: np.ndarray  # float64
    guide: np.ndarray  # int32
    n_candidates: int


class Step(NamedTuple):
    """Learning rate and penalties of a step; float32."""

    learning_rate: np.float32
    reg_user: np.float32
    reg_positive: np.float32
    reg_negative: np.float32


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def learn_epoch(strata, negatives, key, step, X, Y):
    """Take one step for each like, in place.  ``key`` (uint64) determines the draws.

    A like for which no negative is found gets no step.
    """
    n_blocks = len(strata.item_start) - 1
    for stratum in range(n_blocks):
        for block in prange(n_blocks):
            _learn_cell(strata, block, (block + stratum) % n_blocks, negatives, stream(key, stratum), step, X, Y)


@njit(nogil=True, forceinline=True, fastmath=FASTMATH)
def _learn_cell(strata, user_block, item_block, negatives, key, step, X, Y):
    place, item_at = strata.place, strata.item_at
    cumulative, guide, n_candidates = negatives.cumulative, negatives.guide, negatives.n_candidates
    liked = np.zeros(strata.item_start[item_block + 1] - strata.item_start[item_block], np.bool_)
    for at in range(strata.user_start[user_block], strata.user_start[user_block + 1]):
        user = strata.user_at[at]
        cell = cell_of(strata, user, item_block)
        state = stream(key, user)
        mark(True, cell, place, liked)
        for p in range(cell.first, cell.last):
            state, drawn = draw_hard(liked, item_at, cumulative, guide, n_candidates, cell, state, X, user, Y)
            if drawn >= 0:
                _step(X, user, Y, item_at[place[p]], item_at[drawn], step)
        mark(False, cell, place, liked)


@njit(**INLINED, fastmath=FASTMATH)
def draw_hard(liked, item_at, cumulative, guide, n_candidates, cell, state, X, user, Y):
    """Return the next state and the place of the best scored candidate, of equals the first; -1 if there is none."""
    if n_candidates == 1:
        return draw_unseen(liked, cumulative, guide, cell, state)
    best, best_score = -1, np.float32(-np.inf)
    for _ in range(n_candidates):
        state, drawn = draw_unseen(liked, cumulative, guide, cell, state)
        if drawn >= 0:
            score = dot(X, user, Y, item_at[drawn])
            if score > best_score:
                best, best_score = drawn, score
    return state, best


@njit(**INLINED, fastmath=FASTMATH)
def dot(X, user, Y, item):
    """Return x_u.y_i, without slices of rows, whose reference counts threads would contend for."""
    s = np.float32(0.0)
    for f in range(X.shape[1]):
        s += X[user, f] * Y[item, f]
    return s


@njit(**INLINED, fastmath=FASTMATH)
def _margin(X, user, Y, i, j):
    margin = np.float32(0.0)
    for f in range(X.shape[1]):
        margin += X[user, f] * (Y[i, f] - Y[j, f])
    return margin


@njit(**INLINED, fastmath=FASTMATH)
def _step(X, user, Y, i, j, step):
    k = X.shape[1] - 1
    rate = step.learning_rate
    pull = rate / (np.float32(1.0) + np.exp(_margin(X, user, Y, i, j)))  # rate sigma(-x_uij)
    keep_user = np.float32(1.0) - rate * step.reg_user
    keep_positive = np.float32(1.0) - rate * step.reg_positive
    keep_negative = np.float32(1.0) - rate * step.reg_negative
    for f in range(k):
        x, y_i, y_j = X[user, f], Y[i, f], Y[j, f]
        X[user, f] = keep_user * x + pull * (y_i - y_j)
        Y[i, f] = keep_positive * y_i + pull * x
        Y[j, f] = keep_negative * y_j - pull * x
    Y[i, k] = keep_positive * Y[i, k] + pull
    Y[j, k] = keep_negative * Y[j, k] - pull


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def fold_in_users(likes, negatives, key, rates, step, Y, out):
    """Learn the users' vectors with Y held fixed: in each sweep one step for each like.

    ``likes``: strata of one block.  ``rates`` (n_sweeps,) float32: learning rates.  ``out`` (n, k + 1): initial
    vectors, replaced by the result.  All users take the same draws, so that a vector depends only on the history.
    """
    place, item_at = likes.place, likes.item_at
    cumulative, guide, n_candidates = negatives.cumulative, negatives.guide, negatives.n_candidates
    for user in prange(len(out)):
        cell = cell_of(likes, user, 0)
        liked = np.zeros(len(Y), np.bool_)
        mark(True, cell, place, liked)
        for sweep in range(len(rates)):
            state = stream(key, sweep)
            for p in range(cell.first, cell.last):
                state, drawn = draw_hard(liked, item_at, cumulative, guide, n_candidates, cell, state, out, user, Y)
                if drawn >= 0:
                    _user_step(out, user, Y, place[p], drawn, rates[sweep], step.reg_user)


@njit(**INLINED, fastmath=FASTMATH)
def _user_step(X, user, Y, i, j, rate, reg):
    k = X.shape[1] - 1
    pull = rate / (np.float32(1.0) + np.exp(_margin(X, user, Y, i, j)))
    keep = np.float32(1.0) - rate * reg
    for f in range(k):
        X[user, f] = keep * X[user, f] + pull * (Y[i, f] - Y[j, f])


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def sum_losses(likes, negatives, key, step, X, Y, out):
    """Write to ``out`` (n_users, 2) float64 the sum of the losses of each user's steps, and the number of steps.

    ``likes``: strata of one block.
    """
    place, item_at = likes.place, likes.item_at
    cumulative, guide, n_candidates = negatives.cumulative, negatives.guide, negatives.n_candidates
    for user in prange(len(out)):
        cell = cell_of(likes, user, 0)
        liked = np.zeros(len(Y), np.bool_)
        mark(True, cell, place, liked)
        state = stream(key, user)
        total, n_steps = 0.0, 0
        for p in range(cell.first, cell.last):
            state, drawn = draw_hard(liked, item_at, cumulative, guide, n_candidates, cell, state, X, user, Y)
            if drawn >= 0:
                i = place[p]
                margin = np.float64(_margin(X, user, Y, i, drawn))
                total += np.log1p(np.exp(-abs(margin))) + max(-margin, 0.0)  # -ln sigma without overflow
                total += _penalty(X, user, Y, i, drawn, step)
                n_steps += 1
        out[user, 0], out[user, 1] = total, n_steps


@njit(**INLINED, fastmath=FASTMATH)
def _penalty(X, user, Y, i, j, step):
    k = X.shape[1] - 1
    total = step.reg_positive * Y[i, k] ** 2 + step.reg_negative * Y[j, k] ** 2
    for f in range(k):
        total += step.reg_user * X[user, f] ** 2 + step.reg_positive * Y[i, f] ** 2 + step.reg_negative * Y[j, f] ** 2
    return np.float64(total) / 2
