"""Random: the baseline of a model that knows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked, Measure, Recommender

__all__ = ["Random", "RandomConfig"]


@dataclass(frozen=True, kw_only=True)
class RandomConfig:
    """Random has no hyperparameters."""


class Random(Recommender[RandomConfig]):
    """score(u, i) is uniform in [0, 1) and depends only on the seed and the user's number or history."""

    name = "random"
    config_type = RandomConfig

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        yield 1

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        if sp.issparse(queries):
            histories = cast(sp.csr_array, queries)
            keys = [histories.indices[start:stop].tolist() for start, stop in pairwise(histories.indptr)]
        else:
            keys = [[user] for user in queries.tolist()]
        return self._draw(keys)

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        return self._draw([[item] for item in items.tolist()])

    def _draw(self, keys: list[list[int]]) -> NDArray[np.float32]:
        n_items = self._fitted_train().shape[1]
        rows = [np.random.default_rng([self.seed, *key]).random(n_items, np.float32) for key in keys]
        return np.array(rows, np.float32).reshape(len(keys), n_items)
