"""RP3beta: random walks of three steps over the graph of users and items, with less weight for popular items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.sparse as sp

from models.config_checks import check_at_least_one, check_choice, check_not_negative
from models.inputs import check_no_negative_weight
from models.neighbors import ItemNeighbors, Moments, nearest

__all__ = ["RP3Beta", "RP3BetaConfig", "StepWeighting"]

StepWeighting = Literal["likes", "weights", "log"]


@dataclass(frozen=True, kw_only=True)
class RP3BetaConfig:
    """Hyperparameters of RP3beta; the only place where its defaults are written."""

    alpha: float = 1.0  #: exponent of the probability of a step
    beta: float = 0.6  #: how much less popular items count; 0 is P3alpha
    n_neighbors: int = 100  #: number of neighbours kept for each item
    weighting: StepWeighting = "likes"  #: a like counts 1, its weight, or log(1 + weight)

    def __post_init__(self) -> None:
        check_not_negative(self, "alpha", "beta")
        check_at_least_one(self, "n_neighbors")
        check_choice(self, "weighting", get_args(StepWeighting))


class RP3Beta(ItemNeighbors[RP3BetaConfig]):
    """score(u, i) = sum of sim(h, i) over the items h of u's history that have i among their K neighbours.

        sim(h, i) = sum_u (p_hu p_ui)^alpha / N_i^beta,    N_i = number of users who like i

    p_hu is the probability of the step from item h to user u, p_ui that of the step from user u to item i; both are in
    proportion to the weight of the like (Paudel et al. 2016, ACM TIST 7(1), section 4.2; with beta = 0 it is P3alpha of
    Cooper et al. 2014). Walks start at every item of a history with the same probability.
    """

    name = "rp3beta"
    config_type = RP3BetaConfig

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        by_user = self._counted(train)
        by_item = by_user.T.tocsr()
        n_items = train.shape[1]
        popularity = np.bincount(train.indices, minlength=n_items) ** self.config.beta
        nothing, ones = np.zeros(n_items, np.float32), np.ones(n_items, np.float32)
        self.neighbors, self.similarities = nearest(
            self._steps(by_item),
            self._steps(by_user),
            self.config.n_neighbors,
            of_left=Moments(nothing, ones),
            of_right=Moments(nothing, popularity.astype(np.float32)),
            itself=np.arange(n_items, dtype=np.int32),
            threads=self.threads,
        )
        yield 1

    def _counted(self, train: sp.csr_array) -> sp.csr_array:
        check_no_negative_weight(train)
        kind = self.config.weighting
        counts = np.ones_like(train.data) if kind == "likes" else np.log1p(train.data) if kind == "log" else train.data
        return sp.csr_array((counts, train.indices, train.indptr), shape=train.shape)

    def _steps(self, rows: sp.csr_array) -> sp.csr_array:
        """Return p^alpha of the steps from each row."""
        sums = np.maximum(rows.sum(axis=1), np.finfo(np.float32).tiny)
        steps = (rows.data / np.repeat(sums, np.diff(rows.indptr))) ** np.float32(self.config.alpha)
        return sp.csr_array((steps.astype(np.float32), rows.indices, rows.indptr), shape=rows.shape)
