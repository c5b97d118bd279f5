"""Metrics of recommendation lists that need no held-out items: coverage, concentration, popularity and diversity.

``lists`` (n, k) int32 are ranked items; a row shorter than k is padded with -1. ``n_likes`` (n_items,) is the number
of training likes of each item. The ``Formula:`` line of each function holds its formula.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["coverage", "gini", "intra_list_diversity", "novelty", "popularity"]

BLOCK_ROWS = 128  #: lists whose item vectors are summed at a time


def coverage(lists: NDArray[np.int32], n_items: int) -> float:
    """Share of the catalogue that appears in at least one list.

    Formula: coverage@k = items in at least one list / items
    """
    return len(np.unique(lists[lists >= 0])) / n_items


def gini(lists: NDArray[np.int32], n_items: int) -> float:
    """Gini index of how often each item is recommended: 0 if all equally often, close to 1 if only one is.

    Formula: Gini@k = (sum over items, the least shown first, of (2 i - n - 1) shown_i) / (n * sum of shown_i)
    """
    shown = np.sort(np.bincount(lists[lists >= 0], minlength=n_items))
    if not shown.any():
        return 0.0
    positions = np.arange(1, n_items + 1)
    return float(((2 * positions - n_items - 1) @ shown) / (n_items * shown.sum()))


def popularity(lists: NDArray[np.int32], n_likes: NDArray[np.int64], n_users: int) -> NDArray[np.float64]:
    """Share of all users who like an item, averaged over the items of each list; (n,).

    Formula: popularity@k = mean over the list of likes of the item / users
    """
    return _list_means(lists, n_likes / n_users)


def novelty(lists: NDArray[np.int32], n_likes: NDArray[np.int64], n_users: int) -> NDArray[np.float64]:
    """Mean self-information of the items of each list, in bits (Zhou et al. 2010); (n,).

    An item without likes counts as if it had one.

    Formula: novelty@k = mean over the list of log2(users / likes of the item)
    """
    return _list_means(lists, np.log2(n_users / np.maximum(n_likes, 1)))


def intra_list_diversity(lists: NDArray[np.int32], train: sp.csr_array) -> NDArray[np.float64]:
    """Mean dissimilarity of the item pairs of each list (Ziegler et al. 2005); (n,).

    Two items are similar if the same users like them. ``train`` is (n_users, n_items) CSR; its weights are ignored.
    An item without likes has similarity 0 to all others. A list of fewer than two items has NaN.

    Formula: diversity@k = 1 - mean over the list's pairs of the cosine between the items' columns of likes
    """
    likes = sp.csr_array((np.ones(train.nnz), train.indices, train.indptr), shape=train.shape)
    norms = np.sqrt(np.maximum(np.bincount(train.indices, minlength=train.shape[1]), 1))
    vectors = (likes @ sp.diags_array(1 / norms)).T.tocsr()
    lengths = (lists >= 0).sum(axis=1)
    has_vector = np.append(np.diff(vectors.indptr) > 0, False)  # the last entry stands for the padding -1
    own = has_vector[lists].sum(axis=1)
    together = np.concatenate([_squared_sums(lists[i : i + BLOCK_ROWS], vectors) for i in _starts(len(lists))])
    pairs = lengths * (lengths - 1)
    cosines = np.divide(together - own, pairs, out=np.full(len(lists), np.nan), where=pairs > 0)
    return 1 - cosines


def _squared_sums(lists: NDArray[np.int32], vectors: sp.csr_array) -> NDArray[np.float64]:
    """Squared norm of the sum of each list's item vectors: the sum of all their inner products, (n,)."""
    shown = lists >= 0
    indptr = np.concatenate([[0], np.cumsum(shown.sum(axis=1))])
    chosen = sp.csr_array((np.ones(shown.sum()), lists[shown], indptr), shape=(len(lists), vectors.shape[0]))
    sums = chosen @ vectors
    return np.asarray(sums.multiply(sums).sum(axis=1)).ravel()


def _starts(n: int) -> range:
    return range(0, max(n, 1), BLOCK_ROWS)


def _list_means(lists: NDArray[np.int32], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of ``values`` (n_items,) over the items of each list, (n,); 0 for an empty list."""
    shown = lists >= 0
    totals = np.where(shown, values[lists], 0.0).sum(axis=1)
    return totals / np.maximum(shown.sum(axis=1), 1)
