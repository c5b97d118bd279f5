"""An epoch of SGD cut into strata that threads can share (Gemulla et al. 2011, KDD, "DSGD").  Notation:

    B                       blocks of users, and of items; stratum s: the cells (user block b, item block (b + s) % B)
    item_at (n_items,)      the items in random order: item_at[p] is the item at place p
    user_at (n_users,)      the users in random order
    place (nnz,)            the likes of user u as places, ascending, in [indptr[u], indptr[u + 1])
    item_start (B + 1,)     a block of items is the places [item_start[b], item_start[b + 1]);  user_start likewise

No two cells of a stratum share a user or an item, so that its cells can be worked on at once by any number of threads
and factors come out the same to the last bit.  Negatives are drawn from the item block of their positive; blocks are
dealt afresh each epoch, so that any two items meet.  A cell's rows also fit a core's cache better than all of them.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from models.kernels.draws import GAMMA, below, fraction
from models.kernels.inlined import INLINED

MAX_TRIES = 32  # draws until an unseen item comes up, for users who like nearly all of a block


class Strata(NamedTuple):
    """See the notation. int64, but for ``place``, ``item_at`` and ``user_at``, which are int32."""

    indptr: np.ndarray
    place: np.ndarray
    item_at: np.ndarray
    user_at: np.ndarray
    item_start: np.ndarray
    user_start: np.ndarray


class Cell(NamedTuple):
    """One user in one cell: the likes are place[first:last], the block's places from ``start`` to before ``stop``."""

    first: int
    last: int
    start: int
    stop: int


@njit(cache=True, nogil=True)
def write_places(item_at, users_indptr, users_indices, free, place):
    """Write each user's likes into ``place`` by ascending place, in one pass over the likes.

    ``users_indptr, users_indices``: CSR of items by users.  ``free`` (n_users,) int64 starts as each user's first entry
    and ends as the entry after the last.
    """
    for p in range(len(item_at)):
        item = item_at[p]
        for q in range(users_indptr[item], users_indptr[item + 1]):
            user = users_indices[q]
            place[free[user]] = p
            free[user] += 1


@njit(**INLINED)
def cell_of(strata, user, item_block):
    """The cell of ``user`` in ``item_block``."""
    start, stop = strata.item_start[item_block], strata.item_start[item_block + 1]
    end = strata.indptr[user + 1]
    first = lower_bound(strata.place, strata.indptr[user], end, start)
    return Cell(first, lower_bound(strata.place, first, end, stop), start, stop)


@njit(**INLINED)
def mark(likes, cell, place, liked):
    """Set ``liked`` (at least as many as the block's places, bool) at the likes of a cell, to ``likes``."""
    for p in range(cell.first, cell.last):
        liked[place[p] - cell.start] = likes


@njit(**INLINED)
def draw_unseen(liked, cumulative, guide, cell, state):
    """The next state, and a place of the cell's block that is not ``liked``, -1 where none came up.

    Places are equally likely where ``cumulative`` is empty, else as likely as cumulative[p + 1] - cumulative[p], with
    ``guide`` as ``write_guide`` wrote it.
    """
    for _ in range(MAX_TRIES):
        if len(cumulative) == 0:
            drawn = cell.start + below(state, cell.stop - cell.start)
        else:
            drawn = _draw_weighted(cumulative, guide, cell.start, cell.stop, fraction(state))
        state += GAMMA
        if not liked[drawn - cell.start]:
            return state, drawn
    return state, -1


@njit(**INLINED)
def _draw_weighted(cumulative, guide, start, stop, share):
    """The place at which the block's weights reach this share of their sum: an indexed search (Chen & Asau 1974)."""
    target = cumulative[start] + share * (cumulative[stop] - cumulative[start])
    drawn = guide[start + np.int64(share * (stop - start))]
    while drawn + 1 < stop and cumulative[drawn + 1] < target:
        drawn += 1
    while drawn > start and cumulative[drawn] >= target:
        drawn -= 1
    return drawn


@njit(cache=True, nogil=True)
def write_guide(cumulative, item_start, guide):
    """Write for each block of m places where m searches begin: the places that reach 0, 1/m, ... of the block's weight.

    ``guide`` (n_items,) int32.
    """
    for block in range(len(item_start) - 1):
        start, stop = item_start[block], item_start[block + 1]
        weight, place = cumulative[stop] - cumulative[start], start
        for p in range(start, stop):
            target = cumulative[start] + (p - start) / (stop - start) * weight
            while place + 1 < stop and cumulative[place + 1] < target:
                place += 1
            guide[p] = place


@njit(**INLINED)
def lower_bound(values, first, last, value):
    """The first entry of the ascending ``values[first:last]`` that is at least ``value``; ``last`` if none is."""
    while first < last:
        middle = (first + last) // 2
        if values[middle] < value:
            first = middle + 1
        else:
            last = middle
    return first


@njit(**INLINED)
def holds(values, first, last, value):
    """Whether the ascending ``values[first:last]`` hold ``value``; no branch that a processor could mispredict."""
    if first == last:
        return False
    n = last - first
    while n > 1:
        half = n >> 1
        first += half if values[first + half] <= value else 0
        n -= half
    return values[first] == value
