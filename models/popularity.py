"""Popularity: the baseline that every personalised model must beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked, Measure, Recommender

__all__ = ["Popularity", "PopularityConfig"]


@dataclass(frozen=True, kw_only=True)
class PopularityConfig:
    """Popularity has no hyperparameters."""


class Popularity(Recommender[PopularityConfig]):
    """score(u, i) = the number of users who like i; this is also the similarity of i to any other item."""

    name = "popularity"
    config_type = PopularityConfig
    arrays: ClassVar[tuple[str, ...]] = ("n_likes",)
    n_likes: NDArray[np.float32]  #: (n_items,)

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        self.n_likes = np.bincount(train.indices, minlength=train.shape[1]).astype(np.float32)
        yield 1

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        return np.tile(self.n_likes, (queries.shape[0], 1))

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        return np.tile(self.n_likes, (len(items), 1))
