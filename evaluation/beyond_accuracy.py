"""What is recommended, whether liked or not: how much of the catalogue, how popular, how alike within a list.

``lists`` (n, k) int32 are ranked items, a row ending in -1 where it is shorter; ``n_likes`` (n_items,) are the likes
that were trained on. Each formula stands in the ``Formula:`` line of its function.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["coverage", "gini", "intra_list_diversity", "novelty", "popularity"]

BLOCK_ROWS = 128  #: lists whose vectors are summed at a time


def coverage(lists: NDArray[np.int32], n_items: int) -> float:
    """How much of the catalogue anybody is shown.

    Formula: coverage@k = items in at least one list / items
    """
    return len(np.unique(lists[lists >= 0])) / n_items


def gini(lists: NDArray[np.int32], n_items: int) -> float:
    """How unevenly the places of all lists are divided among the items: 0 evenly, towards 1 all to one.

    Formula: Gini@k = (sum over items, the least shown first, of (2 i - n - 1) shown_i) / (n * sum of shown_i)
    """
    shown = np.sort(np.bincount(lists[lists >= 0], minlength=n_items))
    if not shown.any():
        return 0.0
    places = np.arange(1, n_items + 1)
    return float(((2 * places - n_items - 1) @ shown) / (n_items * shown.sum()))


def popularity(lists: NDArray[np.int32], n_likes: NDArray[np.int64], n_users: int) -> NDArray[np.float64]:
    """The share of all users who like what a list holds, averaged over the list; (n,).

    Formula: popularity@k = mean over the list of likes of the item / users
    """
    return _list_means(lists, n_likes / n_users)


def novelty(lists: NDArray[np.int32], n_likes: NDArray[np.int64], n_users: int) -> NDArray[np.float64]:
    """Mean self-information of a list, in bits (Zhou et al. 2010); an item without a like counts as if with one; (n,).

    Formula: novelty@k = mean over the list of log2(users / likes of the item)
    """
    return _list_means(lists, np.log2(n_users / np.maximum(n_likes, 1)))


def intra_list_diversity(lists: NDArray[np.int32], train: sp.csr_array) -> NDArray[np.float64]:
    """How unlike each other the items of a list are, by who likes them (Ziegler et al. 2005); (n,).

    ``train`` is (n_users, n_items) CSR; only that a like is there counts. An item nobody likes is unlike all others,
    and a list of fewer than two items has nan.

    Formula: diversity@k = 1 - mean over the list's pairs of the cosine between the items' columns of likes
    """
    likes = sp.csr_array((np.ones(train.nnz), train.indices, train.indptr), shape=train.shape)
    norms = np.sqrt(np.maximum(np.bincount(train.indices, minlength=train.shape[1]), 1))
    vectors = (likes @ sp.diags_array(1 / norms)).T.tocsr()
    lengths = (lists >= 0).sum(axis=1)
    has_vector = np.append(np.diff(vectors.indptr) > 0, False)  # the last stands for -1, an empty place
    own = has_vector[lists].sum(axis=1)
    together = np.concatenate([_squared_sums(lists[i : i + BLOCK_ROWS], vectors) for i in _starts(len(lists))])
    pairs = lengths * (lengths - 1)
    cosines = np.divide(together - own, pairs, out=np.full(len(lists), np.nan), where=pairs > 0)
    return 1 - cosines


def _squared_sums(lists: NDArray[np.int32], vectors: sp.csr_array) -> NDArray[np.float64]:
    """|sum of a list's vectors|^2, which is the sum of all its pairs' products, each with itself included."""
    shown = lists >= 0
    indptr = np.concatenate([[0], np.cumsum(shown.sum(axis=1))])
    chosen = sp.csr_array((np.ones(shown.sum()), lists[shown], indptr), shape=(len(lists), vectors.shape[0]))
    sums = chosen @ vectors
    return np.asarray(sums.multiply(sums).sum(axis=1)).ravel()


def _starts(n: int) -> range:
    return range(0, max(n, 1), BLOCK_ROWS)


def _list_means(lists: NDArray[np.int32], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the items' ``values`` over each list; 0 of an empty one."""
    shown = lists >= 0
    totals = np.where(shown, values[lists], 0.0).sum(axis=1)
    return totals / np.maximum(shown.sum(axis=1), 1)
