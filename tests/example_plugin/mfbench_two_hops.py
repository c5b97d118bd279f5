"""Example of a plug-in: a model for mfbench in its own package, which recommends what users with common likes like."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from optuna.distributions import FloatDistribution

from models.base import Checked, Measure, Recommender
from studies.spec import Searched, StudySpec


@dataclass(frozen=True, kw_only=True)
class TwoHopsConfig:
    damping: float = 0.5  #: exponent of an item's number of likes, by which its scores are divided


class TwoHops(Recommender[TwoHopsConfig]):
    """score(u, i) = (sum over u's items j of the number of users who like both i and j) / n_likes(i) ** damping."""

    name = "two_hops"
    config_type = TwoHopsConfig
    arrays = ("similarity",)
    similarity: NDArray[np.float32]  #: (n_items, n_items)

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        both = (train.T @ train).toarray()
        self.similarity = np.asarray(both / np.maximum(both.diagonal(), 1) ** self.config.damping, np.float32)
        yield 1

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        return np.asarray(self._histories(queries) @ self.similarity, np.float32)

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        return self.similarity[items]


SPEC = StudySpec(
    model=TwoHops,
    space={
        "damping": Searched(
            FloatDistribution(0.0, 1.0), "the whole useful range: from no damping to division by popularity"
        )
    },
)
