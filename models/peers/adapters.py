"""Base classes for models that another library fits: vectors, or weights between items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, ClassVar, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked, Measure, Recommender
from models.factor_model import FactorModel
from models.row_solvers import RowSolver, principal_axes, rotated
from models.sparse_products import binary
from models.threads import available_threads, limited_threads

__all__ = ["PeerFactors", "PeerWeights", "binary_csr", "library_settings", "n_threads"]

C = TypeVar("C")


class PeerFactors(FactorModel[C]):
    """Vectors that another library fits. ``continue_fit`` fits from scratch.

    Few of the libraries support cold-start users. For all of them, their vectors are least squares on the fitted item
    vectors without biases: the x that minimises sum_{likes} (1 - x.y)^2 + w0 sum_{other items} (x.y)^2 + lambda |x|^2.
    """

    def _least_squares(self) -> tuple[float, float]:
        """Return w0 and lambda."""
        return 0.1, 1.0

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        n_factors = self.item_factors.shape[1] - self.n_bias_columns
        w0, reg = self._least_squares()
        items = np.ascontiguousarray(self.item_factors[:, :n_factors])
        solver = RowSolver(
            solver="cholesky", slope=1.0, intercept=-w0, tolerance=0.01, block_size=n_factors, threads=self.threads
        )
        with limited_threads(self.threads):
            spectrum, axes = principal_axes(items)
            turned = rotated(items, axes)
        n = histories.shape[0]
        start, penalties = np.zeros((n, n_factors), np.float32), np.full(n, reg)
        solved = solver.solve(binary(histories), turned, spectrum=np.float32(w0) * spectrum, reg=penalties, start=start)
        with limited_threads(self.threads):
            vectors = rotated(solved, np.ascontiguousarray(axes.T))
        return np.hstack([vectors, np.ones((n, self.n_bias_columns), np.float32)])


class PeerWeights(Recommender[C]):
    """score(u, i) = sum of W_hi over the items h of u's history, where another library fits W."""

    arrays: ClassVar[tuple[str, ...]] = ("weights_indptr", "weights_indices", "weights_data")
    weights_indptr: NDArray[np.int64]  #: (n_items + 1,) CSR of W
    weights_indices: NDArray[np.int32]
    weights_data: NDArray[np.float32]

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        weights = sp.csr_array(self._fitted_weights(binary_csr(train)))
        self.weights_indptr = weights.indptr.astype(np.int64)
        self.weights_indices = weights.indices.astype(np.int32)
        self.weights_data = weights.data.astype(np.float32)
        yield 1

    def _fitted_weights(self, likes: sp.csr_matrix) -> sp.sparray | sp.spmatrix:
        """Return W, (n_items, n_items), fitted on binary likes."""
        raise NotImplementedError

    def _weights(self) -> sp.csr_array:
        n_items = len(self.weights_indptr) - 1
        return sp.csr_array((self.weights_data, self.weights_indices, self.weights_indptr), shape=(n_items, n_items))

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = (binary(self._histories(queries)) @ self._weights()).toarray()
        return scores

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        weights: NDArray[np.float32] = self._weights()[items].toarray()
        weights[weights == 0] = -np.inf  # items without a weight are not similar
        return weights


def library_settings(model: Recommender[Any]) -> dict[str, Any]:
    """Return the config as keyword arguments for the library, without the epochs, over which our loop runs."""
    return {name: value for name, value in asdict(model.config).items() if name != "n_epochs"}


def n_threads(model: Recommender[Any]) -> int:
    """Return the number of threads as an int; None means all cores."""
    return model.threads or available_threads()


def binary_csr(train: sp.csr_array) -> sp.csr_matrix:
    """Return the likes with weights of 1 as a SciPy matrix with int32 indices, which the libraries require."""
    parts = np.ones_like(train.data), train.indices.astype(np.int32), train.indptr.astype(np.int32)
    return sp.csr_matrix(parts, shape=train.shape)
