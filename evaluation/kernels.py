"""Counting kernels: where a hidden like stands among a user's scores, without sorting them.

Notation:
    scores  (n_rows, n_items)  C-contiguous float32; row i belongs to row ``first_row + i`` of both structures
    seen    indptr, indices    items that are not ranked for the user, without duplicates
    hidden  indptr, indices    hidden likes of the user, none of them seen
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def count_higher_and_ties(scores, first_row, seen_indptr, seen_indices, hidden_indptr, hidden_indices, higher, ties):
    """Unseen items that score higher than each hidden like, and other unseen items that tie with it.

    Writes ``higher`` and ``ties`` (both (n_hidden,) int64) at the hidden likes of these rows and returns
    how many of those saw a NaN, so that their counts mean nothing. Infinite scores are legal. A row
    without hidden likes is not read.

    Serial on purpose: counting takes a third of the time in which BLAS computes the scores (5,000 x 3,000, 64
    factors, two cores), and a second pool of threads between two BLAS calls costs 4 to 8 ms a block.
    """
    n_rows, n_items = scores.shape
    n_nan = 0
    for i in range(n_rows):
        row = first_row + i
        for h in range(hidden_indptr[row], hidden_indptr[row + 1]):
            score = scores[i, hidden_indices[h]]
            # 32-bit counts fill the vector lanes that float32 comparisons fill; the loop is one pass of SIMD
            above, equal, below = np.uint32(0), np.uint32(0), np.uint32(0)
            for j in range(n_items):
                above = np.uint32(above + np.uint32(scores[i, j] > score))
                equal = np.uint32(equal + np.uint32(scores[i, j] == score))
                below = np.uint32(below + np.uint32(scores[i, j] < score))
            # NaN compares false with everything, so it is in none of the three counts
            n_nan += above + equal + below != n_items
            higher[h], ties[h] = above, equal - 1
            for s in range(seen_indptr[row], seen_indptr[row + 1]):
                higher[h] -= scores[i, seen_indices[s]] > score
                ties[h] -= scores[i, seen_indices[s]] == score
    return n_nan
