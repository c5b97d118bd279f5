"""User-to-user neighbours: items that similar users like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked, Measure, Recommender
from models.inputs import csr_arrays
from models.neighbors import Moments, NeighborsConfig, nearest, similarity_moments
from models.sparse_products import sparse_product
from models.weighting import history_weights, inverse_frequencies, relative_lengths, weighted

__all__ = ["UserKNN", "UserKNNConfig"]


@dataclass(frozen=True, kw_only=True)
class UserKNNConfig(NeighborsConfig):
    """Hyperparameters of user_knn; the only place where its defaults are written."""


class UserKNN(Recommender[UserKNNConfig]):
    """score(u, i) = sum of sim(u, v) over those users v who like i, among the K users nearest to u (u excluded).

    sim is the co-occurrence, the cosine (Sarwar et al. 2000) or the Pearson correlation of two users' rows of weighted
    likes. The formulas are at ``similarity_moments`` and ``weighted``, where users are the documents of tfidf and bm25.
    Neighbours are found at query time, in the same way for cold-start users. The similarity of items is the cosine of
    their weighted likes. With a half-life, sim(u, v) is multiplied by the weight of v's like of i at its age.
    """

    name = "user_knn"
    config_type = UserKNNConfig
    arrays: ClassVar[tuple[str, ...]] = ("indptr", "likers", "values", "offsets", "norms", "idf", "mean_length")
    indptr: NDArray[np.int64]  #: (n_items + 1,) CSR of weighted likes by item
    likers: NDArray[np.int32]  #: (n_likes,) users who like the item
    values: NDArray[np.float32]  #: (n_likes,) weights of these likes
    offsets: NDArray[np.float32]  #: (n_users,) moments of the users' rows
    norms: NDArray[np.float32]  #: (n_users,)
    idf: NDArray[np.float32]  #: (n_items,)
    mean_length: NDArray[np.float64]  #: () mean over users of the sum of their weights

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        self.idf = inverse_frequencies(train.T.tocsr())
        self.mean_length = np.array(train.data.sum(dtype=np.float64) / train.shape[0])
        by_item = self._weighted_by_item(train)
        self.indptr, self.likers = csr_arrays(by_item)
        self.values = by_item.data
        self.offsets, self.norms = similarity_moments(by_item, self.config.similarity)
        yield 1

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        by_item = self._weighted_by_item(self._histories(queries))
        train = self._fitted_train()
        config = self.config
        users, similarities = nearest(
            by_item.T.tocsr(),
            self._by_item(),
            config.n_neighbors,
            of_left=similarity_moments(by_item, config.similarity),
            of_right=Moments(self.offsets, self.norms),
            shrinkage=0 if config.similarity == "cooccurrence" else config.shrinkage,
            itself=None if sp.issparse(queries) else queries.astype(np.int32),
            threads=self.threads,
        )
        found = users >= 0
        indptr = np.concatenate([[0], np.cumsum(found.sum(axis=1))])
        nearby = sp.csr_array((similarities[found], users[found], indptr), shape=(len(users), train.shape[0]))
        counted = sp.csr_array((history_weights(train, config), train.indices, train.indptr), shape=train.shape)
        return sparse_product(nearby, counted, threads=self.threads)

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        by_item = self._by_item()
        lengths = np.sqrt(by_item.power(2).sum(axis=1))
        unit = sp.csr_array(by_item.multiply(1 / np.where(lengths > 0, lengths, 1)[:, None]))
        out = sparse_product(unit[items], unit.T.tocsr(), threads=self.threads)
        out[out == 0] = -np.inf  # no user likes both
        return out

    def _weighted_by_item(self, histories: sp.csr_array) -> sp.csr_array:
        """Return the weighted likes of ``histories`` (n, n_items), transposed, (n_items, n)."""
        by_item = histories.T.tocsr()
        lengths = relative_lengths(by_item, float(self.mean_length))
        return weighted(by_item, self.config, idf=self.idf, lengths=lengths)

    def _by_item(self) -> sp.csr_array:
        return sp.csr_array((self.values, self.likers, self.indptr), shape=self._fitted_train().shape[::-1])
