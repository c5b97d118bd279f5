"""Item-to-item neighbours: items that the same users like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked
from models.neighbors import ItemNeighbors, NeighborsConfig, nearest, similarity_moments
from models.weighting import history_weights, inverse_frequencies, relative_lengths, weighted

__all__ = ["Item2Item", "Item2ItemConfig"]


@dataclass(frozen=True, kw_only=True)
class Item2ItemConfig(NeighborsConfig):
    """Hyperparameters of item2item; the only place where its defaults are written."""

    max_history: int | None = None  #: most items of a history that count, chosen at random by the seed; None: all

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_history is not None and self.max_history < 1:
            raise ValueError(f"max_history must be at least 1 or None, got {self.max_history}")


class Item2Item(ItemNeighbors[Item2ItemConfig]):
    """score(u, i) = sum of sim(h, i) over the items h of u's history that have i among their K neighbours.

    sim is the co-occurrence (Sarwar et al. 2001, without normalisation), the cosine or the Pearson correlation of two
    items' columns of weighted likes. The formulas are at ``similarity_moments`` and ``weighted``, where items are the
    documents of tfidf and bm25. The shrinkage is added to the denominators of cosine and Pearson. Neighbours have
    positive similarity; among equal ones, those with lower numbers are kept. With a half-life, sim(h, i) is multiplied
    by the weight of h at its age.
    """

    name = "item2item"
    config_type = Item2ItemConfig

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        config = self.config
        likes = weighted(train, config, idf=inverse_frequencies(train), lengths=relative_lengths(train))
        moments = similarity_moments(likes, config.similarity)
        self.neighbors, self.similarities = nearest(
            likes.T.tocsr(),
            likes,
            config.n_neighbors,
            of_left=moments,
            of_right=moments,
            shrinkage=0 if config.similarity == "cooccurrence" else config.shrinkage,
            itself=np.arange(train.shape[1], dtype=np.int32),
            threads=self.threads,
        )
        yield 1

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        histories = self._shortened(self._histories(queries))
        return self._summed(histories, history_weights(histories, self.config))

    def _shortened(self, histories: sp.csr_array) -> sp.csr_array:
        """Return at most ``max_history`` items of each history: the first in an order shuffled by the seed."""
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
