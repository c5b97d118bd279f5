"""What those who like the same items like too: a model for mfbench, as a package of its own."""

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
    damping: float = 0.5  #: of popular items


class TwoHops(Recommender[TwoHopsConfig]):
    """score(u, i) = the sum, over u's items j, of those who like both i and j, by n_likes(i) ** damping."""

    name = "two_hops"
    config_type = TwoHopsConfig
    arrays = ("likeness",)
    likeness: NDArray[np.float32]  #: (n_items, n_items)

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        both = (train.T @ train).toarray()
        self.likeness = np.asarray(both / np.maximum(both.diagonal(), 1) ** self.config.damping, np.float32)
        yield 1

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        return np.asarray(self._histories(queries) @ self.likeness, np.float32)

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        return self.likeness[items]


SPEC = StudySpec(
    model=TwoHops,
    space={"damping": Searched(FloatDistribution(0.0, 1.0), "all there is: from none to division by popularity")},
)
