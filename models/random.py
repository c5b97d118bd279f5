"""Random: what ranks are worth when nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Measure, Queries, Recommender

__all__ = ["Random", "RandomConfig"]


@dataclass(frozen=True, kw_only=True)
class RandomConfig:
    """Random has no hyperparameters."""


class Random(Recommender[RandomConfig]):
    """score(u, i) is uniform in [0, 1), from the seed and the user's number or history alone."""

    name = "random"
    config_type = RandomConfig

    def fit_epochs(self, train: sp.csr_array) -> Iterator[int]:
        self.train = train
        yield 1

    def scores(self, queries: Queries) -> NDArray[np.float32]:
        _, n_items = self._check_queries(queries)
        if sp.issparse(queries):
            histories = cast(sp.csr_array, queries)
            keys = [part.tolist() for part in np.split(histories.indices, histories.indptr[1:-1])]
        else:
            keys = [[user] for user in np.asarray(queries).tolist()]
        return self._draw(keys, n_items)

    def item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        return self._draw([[item] for item in items.tolist()], self._fitted_train().shape[1])

    def _draw(self, keys: list[list[int]], n_items: int) -> NDArray[np.float32]:
        rows = [np.random.default_rng([self.seed, *key]).random(n_items, np.float32) for key in keys]
        return np.array(rows, np.float32).reshape(len(keys), n_items)
