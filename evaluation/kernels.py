"""Counting kernels: where a hidden like stands among a user's scores, without sorting them.

Notation:
    scores  (n_rows, n_columns)  C-contiguous float32; row i belongs to row ``rows[i]`` of both structures
    rows    (n_rows,)            int64
    seen    indptr, indices      columns that are not ranked for the user, without duplicates; those past n_columns,
                                 as every column that is not scored, are below all hidden likes
    hidden  indptr, indices      hidden likes of the user, none of them seen
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def count_higher_and_ties(scores, rows, seen_indptr, seen_indices, held_out_indptr, held_out_indices, higher, ties):
    """Unseen items that score higher than each hidden like, and other unseen items that tie with it.

    Writes ``higher`` and ``ties`` (both (n_hidden,) int64) at the hidden likes of these rows and returns
    how many of those saw a NaN, so that their counts mean nothing. Infinite scores are legal. A row
    without hidden likes is not read.

    Serial: blocks of users are counted side by side, each by the thread that scored it, while it is in its cache.
    """
    n_rows, n_columns = scores.shape
    n_nan = 0
    for i in range(n_rows):
        row = rows[i]
        for h in range(held_out_indptr[row], held_out_indptr[row + 1]):
            score = scores[i, held_out_indices[h]]
            # 32-bit counts fill the vector lanes that float32 comparisons fill; the loop is one pass of SIMD
            above, equal, below = np.uint32(0), np.uint32(0), np.uint32(0)
            for j in range(n_columns):
                above = np.uint32(above + np.uint32(scores[i, j] > score))
                equal = np.uint32(equal + np.uint32(scores[i, j] == score))
                below = np.uint32(below + np.uint32(scores[i, j] < score))
            # NaN compares false with everything, so it is in none of the three counts
            n_nan += above + equal + below != n_columns
            higher[h], ties[h] = above, equal - 1
            for s in range(seen_indptr[row], seen_indptr[row + 1]):
                if seen_indices[s] < n_columns:
                    higher[h] -= scores[i, seen_indices[s]] > score
                    ties[h] -= scores[i, seen_indices[s]] == score
    return n_nan
