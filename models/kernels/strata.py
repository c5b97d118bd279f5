"""An epoch of SGD divided into strata for parallel processing (Gemulla et al. 2011, KDD, "DSGD").  Notation:

    B                       blocks of users and of items; stratum s has the cells (user block b, item block (b + s) % B)
    item_at (n_items,)      the items in random order: item_at[p] is the item at place p
    user_at (n_users,)      the users in random order
    place (nnz,)            the likes of user u as places, ascending, in [indptr[u], indptr[u + 1])
    item_start (B + 1,)     block b of items is at places [item_start[b], item_start[b + 1]);  user_start likewise

No two cells of a stratum share a user or an item, so that any number of threads can process its cells at the same time
with bit-equal factors.  Negatives are drawn from the item block of their positive; blocks are drawn anew in each epoch,
so that any two items meet.  The rows of a cell also fit into a core's cache better than all rows.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from models.kernels.draws import GAMMA, below, fraction
from models.kernels.inlined import INLINED

MAX_TRIES = 32  # most draws of an unseen item, for users who like nearly all items of a block


class Strata(NamedTuple):
    """The arrays of the notation: int64, except ``place``, ``item_at`` and ``user_at``, which are int32."""

    indptr: np.ndarray
    place: np.ndarray
    item_at: np.ndarray
    user_at: np.ndarray
    item_start: np.ndarray
    user_start: np.ndarray


class Cell(NamedTuple):
    """One user in one cell: the likes are place[first:last], the places of the block range(start, stop)."""

    first: int
    last: int
    start: int
    stop: int


@njit(cache=True, nogil=True)
def write_places(item_at, users_indptr, users_indices, free, place):
    """Write the places of each user's likes to ``place``, ascending, in one pass over the likes.

    ``users_indptr, users_indices``: CSR of the users of each item.  ``free`` (n_users,) int64 is the first entry of
    each user in ``place``; the function changes it to the entry after the last.
    """
    for p in range(len(item_at)):
        item = item_at[p]
        for q in range(users_indptr[item], users_indptr[item + 1]):
            user = users_indices[q]
            place[free[user]] = p
            free[user] += 1


@njit(**INLINED)
def cell_of(strata, user, item_block):
    """Return the cell of ``user`` in ``item_block``."""
    start, stop = strata.item_start[item_block], strata.item_start[item_block + 1]
    end = strata.indptr[user + 1]
    first = lower_bound(strata.place, strata.indptr[user], end, start)
    return Cell(first, lower_bound(strata.place, first, end, stop), start, stop)


@njit(**INLINED)
def mark(likes, cell, place, liked):
    """Set ``liked``, bool for each place of the block, to ``likes`` at the likes of a cell."""
    for p in range(cell.first, cell.last):
        liked[place[p] - cell.start] = likes


@njit(**INLINED)
def draw_unseen(liked, cumulative, guide, cell, state):
    """Return the next state and a drawn place of the cell's block that is not ``liked``; -1 if none was found.

    Places are equally likely if ``cumulative`` is empty; otherwise place p has the weight
    cumulative[p + 1] - cumulative[p], and ``guide`` is the output of ``write_guide``.
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
    """Return the place where the cumulative weight reaches ``share`` of the sum: indexed search (Chen & Asau 1974)."""
    target = cumulative[start] + share * (cumulative[stop] - cumulative[start])
    drawn = guide[start + np.int64(share * (stop - start))]
    while drawn + 1 < stop and cumulative[drawn + 1] < target:
        drawn += 1
    while drawn > start and cumulative[drawn] >= target:
        drawn -= 1
    return drawn


@njit(cache=True, nogil=True)
def write_guide(cumulative, item_start, guide):
    """Write to ``guide`` (n_items,) int32, for each block of m places, the starts of the indexed search.

    These are the places where the cumulative weight reaches 0, 1/m, ..., (m - 1)/m of the block's weight.
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
    """Return the first index in [first, last) with values[index] >= value, for ascending values; else ``last``."""
    while first < last:
        middle = (first + last) // 2
        if values[middle] < value:
            first = middle + 1
        else:
            last = middle
    return first


@njit(**INLINED)
def holds(values, first, last, value):
    """Return whether ``value`` is in the ascending ``values[first:last]``, without branches to mispredict."""
    if first == last:
        return False
    n = last - first
    while n > 1:
        half = n >> 1
        first += half if values[first + half] <= value else 0
        n -= half
    return values[first] == value
