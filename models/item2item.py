"""Item-to-item neighbours: what is liked together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked, Measure, Recommender
from models.inputs import csr_parts
from models.kernels.item2item import find_neighbors, sum_neighbors
from models.threads import limited_threads

__all__ = ["Item2Item", "Item2ItemConfig", "Similarity", "Weighting"]


Similarity = Literal["cooccurrence", "cosine", "pearson"]
Weighting = Literal["likes", "log", "tfidf", "bm25"]


@dataclass(frozen=True, kw_only=True)
class Item2ItemConfig:
    """Hyperparameters of item2item; the only place where its defaults are written."""

    similarity: Similarity = "cosine"  #: of two items' columns of weighted likes
    weighting: Weighting = "likes"  #: of a like: 1, log(1 + weight), or the text retrieval's with items as documents
    n_neighbors: int = 100  #: neighbours kept for each item
    shrinkage: float = 0.0  #: added to the denominator of cosine and Pearson: distrust of items with few likes
    k1: float = 1.2  #: of bm25: how late a weight saturates
    b: float = 0.75  #: of bm25: how far items with many likes count less
    max_history: int | None = None  #: score by at most so many items of a history, chosen by seed; None: by all

    def __post_init__(self) -> None:
        for name, choices in (("similarity", get_args(Similarity)), ("weighting", get_args(Weighting))):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")
        if self.n_neighbors < 1:
            raise ValueError(f"n_neighbors must be at least 1, got {self.n_neighbors}")
        for name in ("shrinkage", "k1"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if not 0 <= self.b <= 1:
            raise ValueError(f"b must be from 0 to 1, got {self.b}")
        if self.max_history is not None and self.max_history < 1:
            raise ValueError(f"max_history must be at least 1 or None, got {self.max_history}")


class Item2Item(Recommender[Item2ItemConfig]):
    """score(u, i) = sum of sim(h, i) over the items h of u's history that have i among their K neighbours.

    With b_ui the weighted likes, s_ij = sum_u b_ui b_uj and U users, sim is

        cooccurrence    s_ij                                      (Sarwar et al. 2001, by counts alone)
        cosine          s_ij / (|b_i| |b_j| + shrinkage)          (Deshpande & Karypis 2004)
        pearson         (s_ij - U m_i m_j) / (U sd_i sd_j + shrinkage), over all users, m and sd of a column

    and b_ui, of a like with weight w by one of N_u likes (Manning et al. 2008, chapters 6.2 and 11.4; implicit's form),

        likes    1
        log      log(1 + w)
        tfidf    sqrt(w) idf_u,    idf_u = log(n_items / (1 + N_u)), at least 0
        bm25     w (k1 + 1) / (w + k1 (1 - b + b L_i / mean L)) idf_u,    L_i the sum of an item's weights

    An item has no neighbour but of positive similarity; of equals those with the lower number are kept.
    """

    name = "item2item"
    config_type = Item2ItemConfig
    arrays: ClassVar[tuple[str, ...]] = ("neighbors", "similarities")
    neighbors: NDArray[np.int32]  #: (n_items, n_neighbors), most similar first, ending in -1 where there are fewer
    similarities: NDArray[np.float32]  #: (n_items, n_neighbors), 0 where there is no neighbour

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        by_user = self._weighted(train)
        by_item = by_user.T.tocsr()
        offsets, norms = self._moments(by_user)
        width = min(self.config.n_neighbors, train.shape[1])
        self.neighbors = np.full((train.shape[1], width), -1, np.int32)
        self.similarities = np.zeros((train.shape[1], width), np.float32)
        n_values = 0 if self.config.weighting == "likes" else by_user.nnz  # all are 1, and need not be read
        shrinkage = 0 if self.config.similarity == "cooccurrence" else self.config.shrinkage
        with limited_threads(self.threads):
            find_neighbors(
                (*csr_parts(by_user), by_user.data[:n_values]),
                (*csr_parts(by_item), by_item.data[:n_values]),
                offsets,
                norms,
                np.float32(shrinkage),
                self.neighbors,
                self.similarities,
            )
        yield 1

    def _weighted(self, train: sp.csr_array) -> sp.csr_array:
        """B, the weighted likes."""
        if train.nnz and train.data.min() < 0:
            raise ValueError(f"weights must not be negative, got {train.data.min()}; leave out what is not liked")
        values = self._counted(train)
        if self.config.weighting in ("tfidf", "bm25"):
            n_likes = np.diff(train.indptr)
            idf = np.maximum(np.log(train.shape[1] / (1 + n_likes)), 0).astype(np.float32)
            values = values * np.repeat(idf, n_likes)
        return sp.csr_array((values, train.indices, train.indptr), shape=train.shape)

    def _counted(self, train: sp.csr_array) -> NDArray[np.float32]:
        """What each like counts, (nnz,), before its user's idf."""
        match self.config.weighting:
            case "likes":
                return np.ones_like(train.data)
            case "log":
                return np.log1p(train.data)
            case "tfidf":
                return np.sqrt(train.data)
            case "bm25":
                return self._saturated(train)

    def _saturated(self, train: sp.csr_array) -> NDArray[np.float32]:
        """BM25's term of a like."""
        lengths = np.bincount(train.indices, weights=train.data, minlength=train.shape[1])
        k1, b = self.config.k1, self.config.b
        limits = (k1 * (1 - b + b * lengths / lengths.mean())).astype(np.float32)
        saturated: NDArray[np.float32] = train.data * np.float32(k1 + 1) / (train.data + limits[train.indices])
        return saturated

    def _moments(self, weighted: sp.csr_array) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What is taken off a sum of products, and what it is divided by, an item's part of each; (n_items,)."""
        n_users, n_items = weighted.shape
        if self.config.similarity == "cooccurrence":
            return np.zeros(n_items, np.float32), np.ones(n_items, np.float32)
        squares = np.bincount(weighted.indices, weights=weighted.data.astype(np.float64) ** 2, minlength=n_items)
        offsets = np.zeros(n_items)
        if self.config.similarity == "pearson":
            offsets = np.bincount(weighted.indices, weights=weighted.data, minlength=n_items) / np.sqrt(n_users)
        variances = squares - offsets**2
        # an item that all like alike varies with none
        norms = np.sqrt(np.where(variances > 1e-6 * squares, variances, np.inf))
        return offsets.astype(np.float32), norms.astype(np.float32)

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        histories = self._shortened(self._histories(queries))
        return self._summed(histories)

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        n_items = self._fitted_train().shape[1]
        asked = sp.csr_array((np.ones(len(items)), items, np.arange(len(items) + 1)), shape=(len(items), n_items))
        out = self._summed(asked)
        out[out == 0] = -np.inf  # no user in common is no likeness
        return out

    def _summed(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """For each item the sum of its similarities to those of a history; (n, n_items)."""
        out = np.zeros(histories.shape, np.float32)
        with limited_threads(self.threads):
            sum_neighbors(*csr_parts(histories), self.neighbors, self.similarities, out)
        return out

    def _shortened(self, histories: sp.csr_array) -> sp.csr_array:
        """At most ``max_history`` items of each history: those that come first in a shuffle fixed by the seed."""
        limit = self.config.max_history
        if limit is None:
            return histories
        order = np.random.default_rng(self.seed).permutation(histories.shape[1])
        rows = np.repeat(np.arange(histories.shape[0]), np.diff(histories.indptr))
        by_place = np.lexsort((order[histories.indices], rows))
        place_in_row = np.arange(histories.nnz) - histories.indptr[rows]
        kept = np.sort(by_place[place_in_row < limit])
        indptr = np.concatenate([[0], np.cumsum(np.minimum(np.diff(histories.indptr), limit))])
        return sp.csr_array((histories.data[kept], histories.indices[kept], indptr), shape=histories.shape)
