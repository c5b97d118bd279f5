"""Selection of the k best scores of each row by a heap of size k."""

import numpy as np
from numba import njit, prange


@njit(cache=True, nogil=True, parallel=True)
def select_top_k(scores, seen_indptr, seen_indices, items, values):
    """Write the k best unseen items of each row, best first; equal scores by ascending item.

    ``scores`` (n, n_items) float32; CSR of the items to leave out, sorted within a row; ``items`` (n, k) int32
    filled with -1 and ``values`` (n, k) float32 filled with -inf.  Items scored -inf or NaN are not chosen.
    """
    k = items.shape[1]
    for row in prange(len(scores)):
        heap_items, heap_values = items[row], values[row]
        size = 0
        next_seen, last_seen = seen_indptr[row], seen_indptr[row + 1]
        for item in range(scores.shape[1]):
            if next_seen < last_seen and seen_indices[next_seen] == item:
                next_seen += 1
                continue
            value = scores[row, item]
            if size < k:
                if value > -np.inf:
                    push(heap_items, heap_values, size, item, value)
                    size += 1
            elif value > heap_values[0]:
                replace_root(heap_items, heap_values, size, item, value)
        sort_heap(heap_items, heap_values, size)


@njit(cache=True, nogil=True)
def _is_worse(item, value, other_item, other_value):
    return value < other_value or (value == other_value and item > other_item)


@njit(cache=True, nogil=True)
def push(items, values, size, item, value):
    """Add to a heap of ``size`` whose root is its worst: the lowest value, of equals the highest item."""
    at = size
    while at > 0:
        parent = (at - 1) // 2
        if not _is_worse(item, value, items[parent], values[parent]):
            break
        items[at], values[at] = items[parent], values[parent]
        at = parent
    items[at], values[at] = item, value


@njit(cache=True, nogil=True)
def replace_root(items, values, size, item, value):
    """Put a better item in the place of the worst."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        right = child + 1
        if right < size and _is_worse(items[right], values[right], items[child], values[child]):
            child = right
        if not _is_worse(items[child], values[child], item, value):
            break
        items[at], values[at] = items[child], values[child]
        at = child
    items[at], values[at] = item, value


@njit(cache=True, nogil=True)
def sort_heap(items, values, size):
    """Turn the heap into a list, best first."""
    for end in range(size - 1, 0, -1):
        item, value = items[end], values[end]
        items[end], values[end] = items[0], values[0]
        replace_root(items, values, end, item, value)
