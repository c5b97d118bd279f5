"""Kernels of the hybrid model.  Notation (Kula 2015, arXiv:1507.08439); the k + 1 columns are a vector and a bias:

    E (n_own + n_copies n_shared, k + 1)   features; one array for users, one for items
    G, D                                   shaped like E.  Adagrad: G = 1 + the sum of squared gradients, D is empty.
                                           Adadelta (Zeiler 2012, arXiv:1212.5701): running means of g^2 and of steps^2
    x_u = sum over f of w_uf E_f           vector and bias of a user; y_i likewise;  s_ui = x_u.y_i + b_u + b_i

If there are own (identity) features, ``n_own`` is the number of users or items, and row r of E is the own feature of
user or item r; otherwise it is 0.  The shared features follow, with one copy for each of the cells that are processed
at the same time, so that threads share nothing.  After a stratum (``models.kernels.strata``) all copies of a shared row
become the mean over the cells that moved it (iterative parameter mixing, McDonald et al. 2010, NAACL).

A step descends a loss of s_ui, or of s_ui - s_uj, plus reg |E_f|^2 / 2 for each feature f that it moves.  Of the
features of i and j it moves only those whose weights differ, since the others cancel in s_ui - s_uj.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from models.kernels.bpr import dot
from models.kernels.draws import GAMMA, below, stream
from models.kernels.inlined import INLINED
from models.kernels.linear_algebra import FASTMATH
from models.kernels.logistic_mf import softplus
from models.kernels.strata import cell_of, draw_unseen, mark
from models.kernels.warp import put_among_best

LOGISTIC, BPR, WARP, KOS = 0, 1, 2, 3
ANY = (np.zeros(0), np.zeros(0, np.int32))  # uniform draws, in the form that ``draw_unseen`` takes
NONE = np.int32(-1)  # no second item


class Side(NamedTuple):
    """The features of users or of items; shared ones as CSR with ascending columns and float32 weights."""

    n_own: int
    indptr: np.ndarray
    indices: np.ndarray
    weights: np.ndarray
    E: np.ndarray
    G: np.ndarray
    D: np.ndarray
    moved: np.ndarray  # (n_copies, n_shared) bool: moved in this stratum


class Sampling(NamedTuple):
    """Draws of i and j, as in ``models.kernels.warp``; for LOGISTIC and BPR as in ``models.kernels.bpr``."""

    loss: int
    max_sampled: int
    kth: int
    n_positives: int
    cumulative: np.ndarray
    guide: np.ndarray


class Step(NamedTuple):
    """Optimizer and penalties of a step; float32 except the first."""

    is_adadelta: bool
    learning_rate: np.float32
    rho: np.float32
    epsilon: np.float32
    reg_user: np.float32
    reg_item: np.float32


class Scores(NamedTuple):
    """Cache of x.E_f for shared features f of items; an entry is valid if its ``stamp`` is the current one."""

    value: np.ndarray  # (n_shared,) float32
    stamp: np.ndarray  # (n_shared,) int64


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def learn_epoch(strata, sampling, key, step, users, items):
    """Take as many steps as there are likes, in place.  ``key`` (uint64) determines the draws."""
    n_blocks = len(strata.item_start) - 1
    for stratum in range(n_blocks):
        for block in prange(n_blocks):
            cells = (block, (block + stratum) % n_blocks)
            _learn_cell(strata, cells, sampling, stream(key, stratum), step, users, items)
        _merge(users)
        _merge(items)


@njit(cache=True, nogil=True)
def _merge(side):
    """Set all copies of each shared row that was moved to the mean over the cells that moved it."""
    n_copies, n_shared = side.moved.shape
    for f in range(n_shared):
        n_moved = 0
        for copy in range(n_copies):
            n_moved += side.moved[copy, f]
        if n_moved == 0:
            continue
        for table in (side.E, side.G, side.D):
            if len(table) > 0:
                _average(table, side.n_own, f, side.moved, n_moved)
        for copy in range(n_copies):
            side.moved[copy, f] = False


@njit(cache=True, nogil=True)
def _average(table, n_own, f, moved, n_moved):
    n_copies, n_shared = moved.shape
    for c in range(table.shape[1]):
        total = np.float32(0.0)
        for copy in range(n_copies):
            if moved[copy, f]:
                total += table[n_own + copy * n_shared + f, c]
        for copy in range(n_copies):
            table[n_own + copy * n_shared + f, c] = total / np.float32(n_moved)


@njit(nogil=True, forceinline=True, fastmath=FASTMATH)
def _learn_cell(strata, cells, sampling, key, step, users, items):
    copy, item_block = cells
    place, item_at, n_others = strata.place, strata.item_at, strata.item_start[-1] - 1
    k1 = items.E.shape[1]
    x, difference = np.empty(k1, np.float32), np.empty(k1, np.float32)
    n_shared = items.moved.shape[1]
    known = Scores(np.empty(n_shared, np.float32), np.zeros(n_shared, np.int64))
    now = 0
    best, best_scores = np.empty(sampling.kth, np.int32), np.empty(sampling.kth, np.float32)
    n_turns = 2 if sampling.loss == LOGISTIC else 1
    liked = np.zeros(strata.item_start[item_block + 1] - strata.item_start[item_block], np.bool_)
    for at in range(strata.user_start[copy], strata.user_start[copy + 1]):
        user = strata.user_at[at]
        cell = cell_of(strata, user, item_block)
        if cell.first == cell.last:
            continue
        state = stream(key, user)
        mark(True, cell, place, liked)
        bias = _compose(users, copy, user, x)
        now += 1
        for p in range(cell.first, cell.last):
            for turn in range(n_turns):
                i, j, pull = item_at[place[p]], NONE, np.float32(0.0)
                if sampling.loss == LOGISTIC:
                    if turn == 1:
                        state, drawn = draw_unseen(liked, sampling.cumulative, sampling.guide, cell, state)
                        if drawn < 0:
                            continue
                        i = item_at[drawn]
                    pull = np.float32(1 - turn) - _sigma(_score(items, copy, i, x, known, now) + bias)
                else:
                    if sampling.loss == KOS:
                        state, i = _kth_best(
                            place, item_at, cell, sampling, state, items, copy, x, known, now, best, best_scores
                        )
                    s = _score(items, copy, i, x, known, now)
                    if sampling.loss == BPR:
                        state, drawn = draw_unseen(liked, sampling.cumulative, sampling.guide, cell, state)
                        if drawn >= 0:
                            j = item_at[drawn]
                            pull = _sigma(_score(items, copy, j, x, known, now) - s)
                    else:
                        state, j, n_draws = _violator(
                            item_at, liked, cell, sampling.max_sampled, state, items, copy, x, known, now, s
                        )
                        pull = np.float32(np.log(max(1.0, n_others // n_draws)))
                    if j == NONE:
                        continue
                bias += _move(users, items, copy, user, i, j, pull, step, x, difference)
                now += 1
        mark(False, cell, place, liked)


@njit(**INLINED, fastmath=FASTMATH)
def _compose(side, copy, row, out):
    """Write the vector of a user or an item to ``out``, followed by a 1, and return the bias."""
    k = len(out) - 1
    out[:] = np.float32(0.0)
    if side.n_own:
        for c in range(k + 1):
            out[c] = side.E[row, c]
    shared = side.n_own + copy * side.moved.shape[1]
    for p in range(side.indptr[row], side.indptr[row + 1]):
        f, w = shared + side.indices[p], side.weights[p]
        for c in range(k + 1):
            out[c] += w * side.E[f, c]
    bias = out[k]
    out[k] = np.float32(1.0)
    return bias


@njit(**INLINED, fastmath=FASTMATH)
def _sigma(s):
    return np.float32(1.0) / (np.float32(1.0) + np.exp(-s))


@njit(**INLINED, fastmath=FASTMATH)
def _dot(x, E, row):
    s = np.float32(0.0)
    for c in range(len(x)):
        s += x[c] * E[row, c]
    return s


@njit(**INLINED, fastmath=FASTMATH)
def _score(items, copy, item, x, known, now):
    """Return x.y_item plus the item's bias."""
    s = _dot(x, items.E, item) if items.n_own else np.float32(0.0)
    shared = items.n_own + copy * len(known.value)
    for p in range(items.indptr[item], items.indptr[item + 1]):
        f = items.indices[p]
        if known.stamp[f] != now:
            known.value[f] = _dot(x, items.E, shared + f)
            known.stamp[f] = now
        s += items.weights[p] * known.value[f]
    return s


@njit(**INLINED, fastmath=FASTMATH)
def _violator(item_at, liked, cell, max_sampled, state, items, copy, x, known, now, best):
    """Return the next state, j and the number of draws; j is -1 if none is found."""
    E, indptr, indices, weights = items.E, items.indptr, items.indices, items.weights
    value, stamp, n_own = known.value, known.stamp, items.n_own
    shared = n_own + copy * len(value)
    for n_draws in range(1, max_sampled + 1):
        drawn = cell.start + below(state, cell.stop - cell.start)
        state += GAMMA
        j = item_at[drawn]
        s = _dot(x, E, j) if n_own else np.float32(0.0)
        for p in range(indptr[j], indptr[j + 1]):
            f = indices[p]
            if stamp[f] != now:
                value[f] = _dot(x, E, shared + f)
                stamp[f] = now
            s += weights[p] * value[f]
        if s > best - np.float32(1.0) and not liked[drawn - cell.start]:
            return state, j, n_draws
    return state, NONE, max_sampled


@njit(**INLINED, fastmath=FASTMATH)
def _kth_best(place, item_at, cell, sampling, state, items, copy, x, known, now, chosen, scores):
    """Return the next state and the ``kth`` best scored of ``n_positives`` draws from the likes of a cell."""
    scores[:] = -np.inf
    for _ in range(sampling.n_positives):
        item = item_at[place[cell.first + below(state, cell.last - cell.first)]]
        state += GAMMA
        put_among_best(item, _score(items, copy, item, x, known, now), chosen, scores)
    return state, chosen[sampling.kth - 1]


@njit(**INLINED, fastmath=FASTMATH)
def _move(users, items, copy, user, i, j, pull, step, x, difference):
    """Move the features of a user and of i, and those of j, if there is one, in the opposite direction; update ``x``.

    Returns the change of the user's bias.  ``difference`` (k + 1,) is scratch space.
    """
    E, G, D, reg = items.E, items.G, items.D, step.reg_item
    indptr, indices, weights = items.indptr, items.indices, items.weights
    shared = items.n_own + copy * items.moved.shape[1]
    p_start, p_end = indptr[i], indptr[i + 1]
    q_start, q_end = (indptr[j], indptr[j + 1]) if j != NONE else (p_end, p_end)
    difference[:] = np.float32(0.0)
    if items.n_own:
        _accumulate(difference, np.float32(1.0), E, i)
        if j != NONE:
            _accumulate(difference, np.float32(-1.0), E, j)
    p, q = p_start, q_start
    while p < p_end or q < q_end:
        f, w, p, q = _next(indices, weights, p, p_end, q, q_end)
        if w != 0:
            _accumulate(difference, w, E, shared + f)
    difference[-1] = np.float32(j == NONE)  # the user's bias cancels between two items
    if items.n_own:
        _step(E, G, D, i, pull, x, step, reg)
        if j != NONE:
            _step(E, G, D, j, -pull, x, step, reg)
    p, q = p_start, q_start
    while p < p_end or q < q_end:
        f, w, p, q = _next(indices, weights, p, p_end, q, q_end)
        if w != 0:
            _step(E, G, D, shared + f, w * pull, x, step, reg)
            items.moved[copy, f] = True
    moved = np.float32(0.0)
    if users.n_own:
        moved += _user_step(users.E, users.G, users.D, user, np.float32(1.0), pull, difference, step, x)
    shared = users.n_own + copy * users.moved.shape[1]
    for p in range(users.indptr[user], users.indptr[user + 1]):
        f, w = users.indices[p], users.weights[p]
        moved += _user_step(users.E, users.G, users.D, shared + f, w, pull, difference, step, x)
        users.moved[copy, f] = True
    return moved


@njit(**INLINED, fastmath=FASTMATH)
def _accumulate(difference, w, E, row):
    for c in range(len(difference)):
        difference[c] += w * E[row, c]


@njit(**INLINED, fastmath=FASTMATH)
def _next(indices, weights, p, p_end, q, q_end):
    """Return the next feature of the two rows p and q, the difference of their weights, and the next p and q."""
    if q == q_end or (p < p_end and indices[p] < indices[q]):
        return indices[p], weights[p], p + 1, q
    if p == p_end or indices[q] < indices[p]:
        return indices[q], -weights[q], p, q + 1
    return indices[p], weights[p] - weights[q], p + 1, q + 1


@njit(**INLINED, fastmath=FASTMATH)
def _step(E, G, D, row, pull, x, step, reg):
    """Descend reg |E_row|^2 / 2 - pull x.E_row; a single loop, so that the compiler vectorises it."""
    if step.is_adadelta:
        for c in range(len(x)):
            g = reg * E[row, c] - pull * x[c]
            G[row, c] = step.rho * G[row, c] + (np.float32(1.0) - step.rho) * g * g
            move = np.sqrt((D[row, c] + step.epsilon) / (G[row, c] + step.epsilon)) * g
            D[row, c] = step.rho * D[row, c] + (np.float32(1.0) - step.rho) * move * move
            E[row, c] -= move
    else:
        for c in range(len(x)):
            g = reg * E[row, c] - pull * x[c]
            G[row, c] += g * g
            E[row, c] -= step.learning_rate * g / np.sqrt(G[row, c])


@njit(**INLINED, fastmath=FASTMATH)
def _user_step(E, G, D, row, weight, pull, difference, step, x):
    """Do the same for a user's feature, update the user's vector ``x`` and return the change of the bias."""
    k = len(x) - 1
    before = E[row, k]
    if step.is_adadelta:
        for c in range(k):
            x[c] -= weight * E[row, c]
        _step(E, G, D, row, weight * pull, difference, step, step.reg_user)
        for c in range(k):
            x[c] += weight * E[row, c]
        return weight * (E[row, k] - before)
    for c in range(k):
        g = step.reg_user * E[row, c] - weight * pull * difference[c]
        G[row, c] += g * g
        move = step.learning_rate * g / np.sqrt(G[row, c])
        E[row, c] -= move
        x[c] -= weight * move
    g = step.reg_user * before - weight * pull * difference[k]
    G[row, k] += g * g
    E[row, k] -= step.learning_rate * g / np.sqrt(G[row, k])
    return weight * (E[row, k] - before)


@njit(cache=True, nogil=True, parallel=True, fastmath=FASTMATH)
def sum_logistic_losses(likes, key, X, bias, Y, out):
    """Write to ``out`` (n_users,) float64 the sums of -ln sigma(s) of likes and -ln sigma(-s) of as many unseen items.

    ``likes``: strata of one block.  X (n_users, k + 1) ends in a 1, Y (n_items, k + 1) in biases; ``bias`` (n_users,).
    """
    place, item_at = likes.place, likes.item_at
    for user in prange(len(out)):
        cell = cell_of(likes, user, 0)
        liked = np.zeros(len(Y), np.bool_)
        mark(True, cell, place, liked)
        state = stream(key, user)
        total = 0.0
        for p in range(cell.first, cell.last):
            total += softplus(-np.float64(dot(X, user, Y, place[p]) + bias[user]))
            state, j = draw_unseen(liked, ANY[0], ANY[1], cell, state)
            if j >= 0:
                total += softplus(np.float64(dot(X, user, Y, item_at[j]) + bias[user]))
        out[user] = total
