"""SLIM: each item's likes as a sparse, non-negative linear function of the likes of other items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked, Measure, Recommender
from models.config_checks import check_at_least_one, check_not_negative, check_positive
from models.gramian import gramian_bytes, item_gramian
from models.inputs import csr_arrays
from models.kernels.slim import solve_items
from models.sparse_products import binary, sparse_product
from models.threads import limited_threads

__all__ = ["SLIM", "SLIMConfig"]

ITEMS_AT_A_TIME = 256  #: items whose weights are held as dense rows at a time


@dataclass(frozen=True, kw_only=True)
class SLIMConfig:
    """Hyperparameters of SLIM; the only place where its defaults are written."""

    l1_reg: float = 1.0  #: L1 penalty: on the scale of numbers of likes; items with fewer in common get no weight
    l2_reg: float = 100.0  #: L2 penalty, on the same scale
    n_neighbors: int | None = 200  #: only so many items, the most similar by cosine, get a weight (fsSLIM); None: all
    tolerance: float = 1e-3  #: an item's sweeps end when no weight changes by more than this
    max_sweeps: int = 100  #: most sweeps over an item's weights

    def __post_init__(self) -> None:
        check_not_negative(self, "l1_reg")
        check_positive(self, "l2_reg", "tolerance")
        check_at_least_one(self, "max_sweeps")
        if self.n_neighbors is not None:
            check_at_least_one(self, "n_neighbors")


class SLIM(Recommender[SLIMConfig]):
    """score(u, i) = sum of W_hi over the items h of u's history. Weights of likes do not count.

    W minimises 1/2 |X - X W|^2 + l2/2 |W|^2 + l1 sum |W|, W >= 0 with a zero diagonal (Ning & Karypis 2011, ICDM,
    eq. 3). Each column is solved separately by coordinate descent. For n users this is scikit-learn's ElasticNet with
    alpha = (l1 + l2) / n and l1_ratio = l1 / (l1 + l2). With ``n_neighbors`` only the items with the highest cosine
    are weighed (fsSLIM in the paper), which takes a fraction of the time where ``l1_reg`` is small. A fit needs
    4 n_items^2 bytes, the fitted model only the weights that are not 0. TooLittleMemoryError where the memory is not
    available.
    """

    name = "slim"
    config_type = SLIMConfig
    arrays: ClassVar[tuple[str, ...]] = ("indptr", "targets", "weights")
    indptr: NDArray[np.int64]  #: (n_items + 1,) CSR of W by rows
    targets: NDArray[np.int32]  #: (n_weights,) column of W: the item that is scored
    weights: NDArray[np.float32]  #: (n_weights,)

    @classmethod
    def bytes_to_fit(cls, n_items: int) -> int:
        return gramian_bytes(n_items)

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        config = self.config
        penalties = np.float32(config.l1_reg), np.float32(config.l2_reg)
        n_neighbors = config.n_neighbors or train.shape[1]
        gramian = item_gramian(train, self.name, threads=self.threads)
        blocks = []
        with limited_threads(self.threads):
            for first in range(0, len(gramian), ITEMS_AT_A_TIME):
                block = np.zeros((min(ITEMS_AT_A_TIME, len(gramian) - first), len(gramian)), np.float32)
                solve_items(
                    gramian, first, *penalties, n_neighbors, np.float32(config.tolerance), config.max_sweeps, block
                )
                blocks.append(sp.csr_array(block))
        by_source = sp.vstack(blocks).T.tocsr()
        (self.indptr, self.targets), self.weights = csr_arrays(by_source), by_source.data
        yield 1

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        return self._summed(self._histories(queries))

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        n_items = self._fitted_train().shape[1]
        out = self._summed(sp.csr_array((np.ones(len(items)), items, np.arange(len(items) + 1)), (len(items), n_items)))
        out[out == 0] = -np.inf
        return out

    def _summed(self, histories: sp.csr_array) -> NDArray[np.float32]:
        n_items = histories.shape[1]
        weights = sp.csr_array((self.weights, self.targets, self.indptr), shape=(n_items, n_items))
        return sparse_product(binary(histories), weights, threads=self.threads)
