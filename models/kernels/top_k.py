"""The k best of many scores, by buffers of candidates that are reduced to k whenever they are full.

A candidate is a uint64 key: its upper half is the score, mapped so that integers sort like floats; its lower half is
the item, counted downwards.  The larger of two keys is the better candidate; equal scores are ordered by item.  A
buffer takes the scores above its floor, a lower bound of the k-th best.  When it is full, quickselect keeps its k
largest and raises the floor.  That costs a few operations a candidate, whereas a heap costs log k unpredictable ones.
"""

import numpy as np
from numba import njit

WIDTH = 64  # scores compared with the floor at a time, in vector registers
GROUPS = 3  # times k groups; the k-th best of their maxima is the first floor of a row
SIGN = np.uint64(0x80000000)
LOW = np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def key_of(bits, item):
    """Return the key of a score, given as the int32 of its bits, and an item; the score must not be -0."""
    word = np.uint64(np.uint32(bits))
    word = word ^ LOW if word & SIGN else word ^ SIGN
    return (word << np.uint64(32)) | (LOW - np.uint64(item))


@njit(cache=True, nogil=True)
def item_of(key):
    return np.int32(LOW - (key & LOW))


@njit(cache=True, nogil=True)
def bits_of(key):
    """Return the bits of the key's score, as int32."""
    word = key >> np.uint64(32)
    return np.int32(np.uint32(word ^ SIGN if word & SIGN else word ^ LOW))


@njit(cache=True, nogil=True)
def keep_largest(keys, size, k):
    """Reorder ``keys[:size]``, all different, so that the k largest come first (Hoare's quickselect)."""
    low, high = 0, size - 1
    while low < high:
        a, b, c = keys[low], keys[(low + high) // 2], keys[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while keys[i] > pivot:
                i += 1
            while keys[j] < pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                i += 1
                j -= 1
        if k - 1 <= j:
            high = j
        elif k - 1 >= i:
            low = i
        else:
            break


@njit(cache=True, nogil=True)
def offer_scores(scores, bits, first, items, ends_of_seen, seen_columns, next_seen, k, keys, sizes, floors):
    """Offer a block of scores to the buffers of its rows; the blocks of a row must come in ascending order of columns.

    ``scores`` (n, width) float32 are those of the columns from ``first`` on; seen ones are overwritten with -inf.
    ``bits`` is the same memory as int32.  Column c is item ``items[c]``, or item c if ``items`` is empty.  The seen
    columns of row i are ``seen_columns[next_seen[i] : ends_of_seen[i]]``, ascending; ``next_seen`` is advanced beyond
    this block.  ``keys`` (n, >= k + WIDTH) uint64 are the buffers, ``sizes`` (n,) their sizes and ``floors`` (n,)
    float32 their floors, initially -inf: no score at or below the floor is among the k best.  Scores of -inf and NaN
    are never taken.
    """
    n, width = scores.shape
    capacity = keys.shape[1]
    maxima, found = np.empty(GROUPS * k, np.float32), np.empty(WIDTH, np.int64)
    for i in range(n):
        at, end = next_seen[i], ends_of_seen[i]
        while at < end and seen_columns[at] < first + width:
            scores[i, seen_columns[at] - first] = -np.inf
            at += 1
        next_seen[i] = at
        if first == 0:
            floors[i] = _first_floor(scores[i], k, keys[i], maxima)
        size, floor = sizes[i], floors[i]
        for start in range(0, width, WIDTH):
            if width - start >= WIDTH and not _any_above(scores, i, start, floor):
                continue
            n_found = 0
            for column in range(start, min(start + WIDTH, width)):
                found[n_found] = column  # kept or overwritten, since a branch would be mispredicted too often
                n_found += scores[i, column] > floor
            for f in range(n_found):
                bit = bits[i, found[f]] if scores[i, found[f]] != 0 else np.int32(0)
                column = first + found[f]
                keys[i, size + f] = key_of(bit, items[column] if len(items) else column)
            size += n_found
            if size > capacity - WIDTH:
                floors[i : i + 1].view(np.int32)[0] = bits_of(thin_out(keys[i], size, k))
                if len(items):  # an equal score may follow with a lower item
                    floors[i] = np.nextafter(floors[i], np.float32(-np.inf))
                size, floor = k, floors[i]
        sizes[i] = size


@njit(cache=True, nogil=True)
def _first_floor(scores, k, keys, maxima):
    """Return a score that at least k items exceed: just below the k-th best of the maxima of ``GROUPS`` * k groups."""
    n_groups = len(maxima)
    n_rounds = len(scores) // n_groups
    if n_rounds < 2:
        return np.float32(-np.inf)
    maxima[:] = scores[:n_groups]
    for t in range(1, n_rounds):
        members = scores[t * n_groups : (t + 1) * n_groups]
        for j in range(n_groups):
            maxima[j] = members[j] if members[j] > maxima[j] else maxima[j]
    bits = maxima.view(np.int32)
    for j in range(n_groups):
        keys[j] = key_of(bits[j], j) if maxima[j] > -np.inf else np.uint64(j)
    bits[0] = bits_of(thin_out(keys, n_groups, k))
    return np.nextafter(maxima[0], np.float32(-np.inf)) if maxima[0] > -np.inf else np.float32(-np.inf)


@njit(cache=True, nogil=True)
def _any_above(scores, row, start, floor):
    """Return whether a score exceeds the floor, in a loop without branches that becomes four vector operations."""
    first = np.uint64(start)
    n_above = np.uint32(0)
    for column in range(np.uint64(WIDTH)):
        n_above = np.uint32(n_above + np.uint32(scores[row, first + np.uint64(column)] > floor))
    return n_above > 0


@njit(cache=True, nogil=True)
def thin_out(keys, size, k):
    """Keep the k largest keys and return the least of them."""
    keep_largest(keys, size, k)
    least = keys[0]
    for i in range(1, k):
        least = min(least, keys[i])
    return least


@njit(cache=True, nogil=True)
def write_best(keys, sizes, items, bits):
    """Write the k best items of each row to ``items`` (n, k) int32, and the bits of their scores to ``bits``."""
    k = items.shape[1]
    for i in range(len(keys)):
        size = sizes[i]
        if size > k:
            keep_largest(keys[i], size, k)
            size = k
        best = np.sort(keys[i, :size])
        for place in range(size):
            key = best[size - 1 - place]
            items[i, place], bits[i, place] = item_of(key), bits_of(key)


@njit(cache=True, nogil=True)
def tighten_floors(k, keys, sizes, floors):
    """Reduce the buffers to k and raise ``floors`` to just below their least score."""
    for i in range(len(keys)):
        if sizes[i] >= k:
            floors[i : i + 1].view(np.int32)[0] = bits_of(thin_out(keys[i], sizes[i], k))
            floors[i] = np.nextafter(floors[i], np.float32(-np.inf))
            sizes[i] = k


@njit(cache=True, nogil=True)
def sort_rows(indptr, columns):
    """Sort each row's part of ``columns`` in place."""
    for i in range(len(indptr) - 1):
        columns[indptr[i] : indptr[i + 1]].sort()
