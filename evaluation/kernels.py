"""Kernels that rank held-out items by counting higher scores instead of sorting.

Notation:
    scores    (n_rows, n_columns)  C-contiguous float32; row i belongs to row ``rows[i]`` of ``seen`` and ``held_out``
    rows      (n_rows,)            int64
    seen      indptr, indices      columns excluded from the user's ranking, without duplicates; columns from n_columns
                                   on are not scored and rank below all held-out items
    held_out  indptr, indices      held-out items of the user, none of them in ``seen``
"""

from __future__ import annotations

import numpy as np
from numba import njit

INFINITY = np.float32(np.inf)  # of the scores' type, else each score is converted


@njit(cache=True, nogil=True)
def count_higher_and_ties(scores, rows, seen_indptr, seen_indices, held_out_indptr, held_out_indices, higher, ties):
    """Count the unseen items that score higher than each held-out item, and the other unseen items that tie with it.

    Writes ``higher`` and ``ties``, both (n_held_out,) int64, for the held-out items of these rows. Returns the number
    of held-out items in rows whose scores contain NaN or infinity; their counts are invalid. A row without held-out
    items is not read.

    Serial, because blocks of users run in parallel: each thread counts the block that it scored while it is in cache.
    """
    n_rows, n_columns = scores.shape
    n_invalid = 0
    for i in range(n_rows):
        row = rows[i]
        for h in range(held_out_indptr[row], held_out_indptr[row + 1]):
            score = scores[i, held_out_indices[h]]
            # 32-bit counters match the width of float32 comparisons, so that the loop compiles to SIMD
            above, equal, finite = np.uint32(0), np.uint32(0), np.uint32(0)
            for j in range(n_columns):
                above = np.uint32(above + np.uint32(scores[i, j] > score))
                equal = np.uint32(equal + np.uint32(scores[i, j] == score))
                finite = np.uint32(finite + np.uint32(abs(scores[i, j]) < INFINITY))  # false for NaN, too
            n_invalid += finite != n_columns
            higher[h], ties[h] = above, equal - 1
            for s in range(seen_indptr[row], seen_indptr[row + 1]):
                if seen_indices[s] < n_columns:
                    higher[h] -= scores[i, seen_indices[s]] > score
                    ties[h] -= scores[i, seen_indices[s]] == score
    return n_invalid
