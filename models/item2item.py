"""Item-to-item neighbours: what is liked together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked, Measure, Recommender
from models.inputs import csr_parts
from models.kernels.item2item import find_neighbors, sum_neighbors
from models.threads import limited_threads

__all__ = ["Item2Item", "Item2ItemConfig"]


@dataclass(frozen=True, kw_only=True)
class Item2ItemConfig:
    """Hyperparameters of item2item; the only place where its defaults are written."""

    similarity: Literal["cooccurrence", "cosine"] = "cosine"  #: users in common, or these over sqrt(n_i n_j)
    n_neighbors: int = 100  #: neighbours kept for each item
    shrinkage: float = 0.0  #: added to the cosine's denominator: distrust of items with few likes
    max_history: int | None = None  #: score by at most so many items of a history, chosen by seed; None: by all

    def __post_init__(self) -> None:
        if self.similarity not in ("cooccurrence", "cosine"):
            raise ValueError(f"similarity must be 'cooccurrence' or 'cosine', got {self.similarity!r}")
        if self.n_neighbors < 1:
            raise ValueError(f"n_neighbors must be at least 1, got {self.n_neighbors}")
        if not self.shrinkage >= 0:
            raise ValueError(f"shrinkage must not be negative, got {self.shrinkage}")
        if self.max_history is not None and self.max_history < 1:
            raise ValueError(f"max_history must be at least 1 or None, got {self.max_history}")


class Item2Item(Recommender[Item2ItemConfig]):
    """score(u, i) = sum of sim(h, i) over the items h of u's history that have i among their K neighbours.

    sim is the number of users who like both (Sarwar et al. 2001), n_ij, or n_ij / (sqrt(n_i n_j) + shrinkage).
    Only that a like is there counts, not its weight. Neighbours of equal similarity are kept in the
    order of their numbers.
    """

    name = "item2item"
    config_type = Item2ItemConfig
    arrays: ClassVar[tuple[str, ...]] = ("neighbors", "similarities")
    neighbors: NDArray[np.int32]  #: (n_items, n_neighbors), most similar first, ending in -1 where there are fewer
    similarities: NDArray[np.float32]  #: (n_items, n_neighbors), 0 where there is no neighbour

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        users_of = train.T.tocsr()
        counts = np.diff(users_of.indptr).astype(np.float32)
        is_cosine = self.config.similarity == "cosine"
        width = min(self.config.n_neighbors, train.shape[1])
        self.neighbors = np.full((train.shape[1], width), -1, np.int32)
        self.similarities = np.zeros((train.shape[1], width), np.float32)
        with limited_threads(self.threads):
            find_neighbors(
                *csr_parts(train),
                *csr_parts(users_of),
                np.sqrt(counts) if is_cosine else np.ones_like(counts),
                np.float32(self.config.shrinkage if is_cosine else 0),
                self.neighbors,
                self.similarities,
            )
        yield 1

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
