"""WARP kernels.  Notation (Weston, Bengio & Usunier 2011, IJCAI; Kula 2015, LightFM), X, Y, u, i, j as for BPR:

    N          number of draws until one violates the margin, x_u.y_j > x_u.y_i - 1; at most max_sampled
    rank       floor((n_items - 1) / N), the estimated number of items that rank above i
    phi        ln(max(1, rank)), the weight of the hinge |1 - x_u.(y_i - y_j)|_+
    GX, GY     Adagrad: for each entry of X and Y, 1 + the sum of its squared gradients (Duchi et al. 2011)

A step descends phi times the hinge plus (reg_user |x_u|^2 + reg_item (|y_i|^2 + |y_j|^2)) / 2; each entry has its own
rate learning_rate / sqrt(G).
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from models.kernels.bpr import dot, draw_hard
from models.kernels.draws import GAMMA, below, stream
from models.kernels.inlined import INLINED
from models.kernels.linear_algebra import FASTMATH
from models.kernels.strata import cell_of, mark

UNIFORM = (np.zeros(0), np.zeros(0, np.int32))  # uniform draws, in the form that ``draw_unseen`` takes
VIOLATOR, HARDEST = 0, 1  # search for j: the first draw that violates the margin, or the best scored of max_sampled


class Sampling(NamedTuple):
    """Draws of i and j.

    i is each like in turn if ``n_positives`` is 1, else the ``kth`` best scored (from 1) of ``n_positives`` draws.
    """

    search: int
    max_sampled: int
    kth: int
    n_positives: int


class Step(NamedTuple):
    """Learning rate and penalties of a step; float32."""

    learning_rate: np.float32
    reg_user: np.float32
    reg_item: np.float32


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def learn_epoch(strata, sampling, key, step, X, Y, GX, GY):
    """Take as many steps as there are likes, in place; ``key`` (uint64) determines the draws.

    A like for which no negative is found gets no step.
    """
    n_blocks = len(strata.item_start) - 1
    for stratum in range(n_blocks):
        for block in prange(n_blocks):
            cells = (block, (block + stratum) % n_blocks)
            _learn_cell(strata, cells, sampling, stream(key, stratum), step, X, Y, GX, GY)


@njit(nogil=True, forceinline=True, fastmath=FASTMATH)
def _learn_cell(strata, cells, sampling, key, step, X, Y, GX, GY):
    user_block, item_block = cells
    place, item_at, n_others = strata.place, strata.item_at, strata.item_start[-1] - 1
    items, scores = np.empty(sampling.kth, np.int32), np.empty(sampling.kth, np.float32)
    difference = np.empty(X.shape[1] - 1, np.float32)
    liked = np.zeros(strata.item_start[item_block + 1] - strata.item_start[item_block], np.bool_)
    for at in range(strata.user_start[user_block], strata.user_start[user_block + 1]):
        user = strata.user_at[at]
        cell = cell_of(strata, user, item_block)
        state = stream(key, user)
        mark(True, cell, place, liked)
        for p in range(cell.first, cell.last):
            state, i = choose_positive(place, item_at, cell, p, sampling, state, X, user, Y, items, scores)
            state, j, weight = find_negative(liked, item_at, n_others, cell, sampling, state, X, user, Y, i)
            if j >= 0:
                _step(X, user, Y, i, j, GX, GY, weight, step, difference)
        mark(False, cell, place, liked)


@njit(**INLINED, fastmath=FASTMATH)
def choose_positive(place, item_at, cell, p, sampling, state, X, user, Y, items, scores):
    """Return the next state and i; ``items`` and ``scores`` (kth,) are scratch space for the best draws."""
    if sampling.n_positives == 1:
        return state, item_at[place[p]]
    scores[:] = -np.inf
    for _ in range(sampling.n_positives):
        item = item_at[place[cell.first + below(state, cell.last - cell.first)]]
        state += GAMMA
        put_among_best(item, dot(X, user, Y, item), items, scores)
    return state, items[sampling.kth - 1]


@njit(**INLINED)
def put_among_best(item, score, items, scores):
    """Insert the item into the best so far, ``items`` and descending ``scores`` (kth,), if it is among them."""
    at = len(scores)
    while at > 0 and score > scores[at - 1]:
        at -= 1
    if at < len(scores):
        for later in range(len(scores) - 1, at, -1):
            items[later], scores[later] = items[later - 1], scores[later - 1]
        items[at], scores[at] = item, score


@njit(**INLINED, fastmath=FASTMATH)
def find_negative(liked, item_at, n_others, cell, sampling, state, X, user, Y, i):
    """Return the next state, j and the weight of its gradient; j is -1 if none is found."""
    positive_score = dot(X, user, Y, i)
    if sampling.search == HARDEST:
        state, drawn = draw_hard(liked, item_at, *UNIFORM, sampling.max_sampled, cell, state, X, user, Y)
        if drawn < 0:
            return state, -1, np.float32(0.0)
        j = item_at[drawn]
        margin = positive_score - dot(X, user, Y, j)
        return state, j, np.float32(1.0) / (np.float32(1.0) + np.exp(margin))
    for n_draws in range(1, sampling.max_sampled + 1):
        drawn = cell.start + below(state, cell.stop - cell.start)
        state += GAMMA
        j = item_at[drawn]
        violates = dot(X, user, Y, j) > positive_score - np.float32(1.0)
        if violates and not liked[drawn - cell.start]:
            return state, j, np.float32(np.log(max(1.0, n_others // n_draws)))
    return state, -1, np.float32(0.0)


@njit(**INLINED, fastmath=FASTMATH)
def _step(X, user, Y, i, j, GX, GY, weight, step, difference):
    """Take a step, with one loop for each row.

    The compiler would not vectorise a single loop that writes six arrays, which might overlap, nor a loop with a
    division that might raise; hence the error model in ``INLINED``.
    """
    _subtract(Y, i, j, difference)
    _item_step(X, user, Y, i, GY, weight, step)
    _item_step(X, user, Y, j, GY, -weight, step)
    _user_step(X, user, GX, weight, step, difference)


@njit(**INLINED, fastmath=FASTMATH)
def _subtract(Y, i, j, difference):
    for f in range(len(difference)):
        difference[f] = Y[i, f] - Y[j, f]


@njit(**INLINED, fastmath=FASTMATH)
def _item_step(X, user, Y, item, GY, weight, step):
    for f in range(X.shape[1]):  # the user's constant 1 makes the last column the bias
        g = step.reg_item * Y[item, f] - weight * X[user, f]
        GY[item, f] += g * g
        Y[item, f] -= step.learning_rate * g / np.sqrt(GY[item, f])


@njit(**INLINED, fastmath=FASTMATH)
def _user_step(X, user, GX, weight, step, difference):
    for f in range(len(difference)):
        g = step.reg_user * X[user, f] - weight * difference[f]
        GX[user, f] += g * g
        X[user, f] -= step.learning_rate * g / np.sqrt(GX[user, f])


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def fold_in_users(likes, sampling, key, n_sweeps, step, Y, out, sums):
    """Learn the users' vectors with Y held fixed: in each of ``n_sweeps`` sweeps one step for each like.

    ``likes``: strata of one block.  ``out`` (n, k + 1): initial vectors, replaced by the result.  ``sums`` (n, k + 1):
    Adagrad's sums, initially 1.  All users take the same draws, so that a vector depends only on the history.
    """
    place, item_at, n_others = likes.place, likes.item_at, len(Y) - 1
    for user in prange(len(out)):
        cell = cell_of(likes, user, 0)
        liked = np.zeros(len(Y), np.bool_)
        mark(True, cell, place, liked)
        items, scores = np.empty(sampling.kth, np.int32), np.empty(sampling.kth, np.float32)
        difference = np.empty(out.shape[1] - 1, np.float32)
        for sweep in range(n_sweeps):
            state = stream(key, sweep)
            for p in range(cell.first, cell.last):
                state, i = choose_positive(place, item_at, cell, p, sampling, state, out, user, Y, items, scores)
                state, j, weight = find_negative(liked, item_at, n_others, cell, sampling, state, out, user, Y, i)
                if j >= 0:
                    _subtract(Y, i, j, difference)
                    _user_step(out, user, sums, weight, step, difference)


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def sum_losses(likes, sampling, key, X, Y, out):
    """Write to ``out`` (n_users,) float64 the sum over a user's likes of phi times the hinge.

    ``likes``: strata of one block.
    """
    place, item_at, n_others = likes.place, likes.item_at, len(Y) - 1
    for user in prange(len(out)):
        cell = cell_of(likes, user, 0)
        liked = np.zeros(len(Y), np.bool_)
        mark(True, cell, place, liked)
        state = stream(key, user)
        total = 0.0
        for p in range(cell.first, cell.last):
            i = place[p]
            state, j, phi = find_negative(liked, item_at, n_others, cell, sampling, state, X, user, Y, i)
            if j >= 0:
                total += phi * (1.0 - dot(X, user, Y, i) + dot(X, user, Y, j))
        out[user] = total
