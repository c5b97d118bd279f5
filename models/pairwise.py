"""Base class of models that learn by SGD from pairs of a liked item and another one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Protocol, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.factor_model import FactorModel
from models.kernels.strata import Strata
from models.strata import Dealer
from models.threads import limited_threads

__all__ = ["PairwiseModel", "drawn_key"]


class PairwiseConfig(Protocol):
    """The settings that all pairwise models have."""

    @property
    def n_factors(self) -> int: ...
    @property
    def init_scale(self) -> float: ...
    @property
    def n_epochs(self) -> int: ...


P = TypeVar("P", bound=PairwiseConfig)


class PairwiseModel(FactorModel[P]):
    """score(u, i) = x_u.y_i + b_i; the bias is the last column of the items, where users have a 1.

    An epoch passes over all likes once. Their order and the negatives follow from the seed and the number of the epoch.
    An epoch is divided into strata whose cells share no user and no item (``models.kernels.strata``), so that threads
    never write to the same row and factors are bit-equal on any number of threads.
    """

    n_bias_columns = 1
    arrays: ClassVar[tuple[str, ...]] = (*FactorModel.arrays, "n_epochs_done")
    n_epochs_done: NDArray[
        np.int64
    ]  #: (), epochs since the last fit from scratch; determines the draws of the next epoch

    def _start(self, train: sp.csr_array) -> None:
        self.user_factors, self.item_factors = self._drawn(train.shape)
        self.n_epochs_done = np.array(0)

    def _grow(self, train: sp.csr_array) -> None:
        users, items = self._drawn(train.shape)
        self.user_factors = np.concatenate([self.user_factors, users[len(self.user_factors) :]])
        self.item_factors = np.concatenate([self.item_factors, items[len(self.item_factors) :]])

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        dealer = self._dealer(train)
        for epoch in range(1, self.config.n_epochs + 1):
            rng = np.random.default_rng([self.seed, int(self.n_epochs_done)])
            with limited_threads(self.threads):
                self._learn(dealer.deal(rng), drawn_key(rng))
            self.n_epochs_done = self.n_epochs_done + 1
            yield epoch

    def _dealer(self, train: sp.csr_array) -> Dealer:
        return Dealer(train)

    @abstractmethod
    def _learn(self, strata: Strata, key: np.uint64) -> None:
        """Run one epoch and update the factors in place; ``key`` determines its draws."""

    def _drawn(self, shape: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return initial users and items; the first rows do not depend on their number."""
        k = self.config.n_factors
        scale = np.float32(self.config.init_scale / np.sqrt(k))
        factors = []
        for side, (n, last_column) in enumerate(zip(shape, (1.0, 0.0), strict=True)):
            rng = np.random.default_rng([self.seed, side])
            drawn = np.full((n, k + 1), last_column, np.float32)
            drawn[:, :k] = scale * rng.standard_normal((n, k), np.float32)
            factors.append(drawn)
        return factors[0], factors[1]


def drawn_key(rng: np.random.Generator) -> np.uint64:
    """Return a random key, from which a kernel derives all its draws."""
    return rng.integers(2**64, dtype=np.uint64)
