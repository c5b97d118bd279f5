"""Popularity: the floor that every personal model must clear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Measure, Queries, Recommender

__all__ = ["Popularity", "PopularityConfig"]


@dataclass(frozen=True, kw_only=True)
class PopularityConfig:
    """Popularity has no hyperparameters."""


class Popularity(Recommender[PopularityConfig]):
    """score(u, i) = the number of users who like i, for everybody; items are similar as far as they are popular."""

    name = "popularity"
    config_type = PopularityConfig
    arrays: ClassVar[tuple[str, ...]] = ("n_likes",)
    n_likes: NDArray[np.float32]  #: (n_items,)

    def fit_epochs(self, train: sp.csr_array) -> Iterator[int]:
        self.n_likes = np.bincount(train.indices, minlength=train.shape[1]).astype(np.float32)
        self.train = train
        yield 1

    def scores(self, queries: Queries) -> NDArray[np.float32]:
        n, _ = self._check_queries(queries)
        return np.tile(self.n_likes, (n, 1))

    def item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        return np.tile(self.n_likes, (len(items), 1))
