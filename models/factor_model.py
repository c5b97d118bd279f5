"""Base class of models that score by the dot product of a user's and an item's vector."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import C, Checked, Measure, Recommender
from models.inputs import checked_histories
from models.threads import limited_threads
from models.top_k import TopK, best_products

__all__ = ["FactorModel"]


class FactorModel(Recommender[C]):
    """score(u, i) = user_factors[u] . item_factors[i].

    The last ``n_bias_columns`` columns hold biases; the other side has a constant 1 there. Biases count in scores but
    not in similarities, since they express how popular an item is, not what it is like.
    """

    n_bias_columns: int = 0
    arrays: ClassVar[tuple[str, ...]] = ("user_factors", "item_factors")
    user_factors: NDArray[np.float32]  #: (n_users, n_factors + n_bias_columns)
    item_factors: NDArray[np.float32]  #: (n_items, n_factors + n_bias_columns)

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return vectors of cold-start users from their ``histories`` (n, n_items), with the items held fixed.

        They have the columns of ``user_factors``.
        """
        return self._fold_in(checked_histories(histories, self._fitted_train().shape[1]))

    @abstractmethod
    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Implement ``fold_in`` for canonical histories."""

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        with limited_threads(self.threads):
            scores: NDArray[np.float32] = self._vectors(queries) @ self.item_factors.T
        return scores

    def _best(self, queries: Checked, k: int, seen: sp.csr_array | None, candidates: NDArray[np.int64] | None) -> TopK:
        items = self.item_factors if candidates is None else self.item_factors[candidates]
        return best_products(self._vectors(queries), items, k, seen, threads=self.threads)

    def _vectors(self, queries: Checked) -> NDArray[np.float32]:
        return self._fold_in(queries) if sp.issparse(queries) else self.user_factors[queries]

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        similarity = _SIMILARITY.get(measure or "cosine")
        if similarity is None:
            raise ValueError(f"measure must be one of {', '.join(_SIMILARITY)}, got {measure!r}")
        with limited_threads(self.threads):
            vectors = self.item_factors[:, : self.item_factors.shape[1] - self.n_bias_columns]
            return similarity(vectors[items], vectors)


def _dot(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = a @ b.T
    return result


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return _dot(_normalised(a), _normalised(b))


def _negative_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * _dot(a, b)
    return -np.sqrt(np.maximum(squares, 0))


def _normalised(x: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norms, out=np.zeros_like(x), where=norms > 0)


_SIMILARITY = {"dot": _dot, "cosine": _cosine, "euclidean": _negative_distance}
