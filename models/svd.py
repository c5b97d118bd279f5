"""SVD: the matrix of likes, truncated to its largest singular values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from models.config_checks import check_at_least_one
from models.factor_model import FactorModel
from models.inputs import checked_likers
from models.sparse_products import dense_product
from models.threads import limited_threads
from models.weighting import WeightingConfig, inverse_frequencies, relative_lengths, weighted

__all__ = ["SVD", "SVDConfig"]

SMALLEST = 1e-3  #: least singular value, relative to the largest: it is the root of a float32 eigenvalue


@dataclass(frozen=True, kw_only=True)
class SVDConfig(WeightingConfig):
    """Hyperparameters of SVD; the only place where its defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector, at most the number of users and of items
    scaling: float = (
        0.6  #: exponent of a column's length in the decomposition: 1 is PureSVD, 0 gives all items the same length
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least_one(self, "n_factors")
        if not 0 <= self.scaling <= 1:
            raise ValueError(f"scaling must be from 0 to 1, got {self.scaling}")


class SVD(FactorModel[SVDConfig]):
    """scores = W V V^T, where W are the weighted likes and V the first right singular vectors of W D^(scaling - 1).

    D holds the lengths of the columns of W. scaling = 1 is PureSVD (Cremonesi, Koren & Turrin 2010, RecSys); less is
    EigenRec (Nikolakopoulos et al. 2015), in which popular items do not take all factors. ``weighted`` has the formulas
    of W, where items are the documents of tfidf and bm25. With W D^(scaling - 1) = U S V^T, an item's vector is its row
    of V S, whose cosines approximate those of the columns, and a user's vector is w V S^-1, which depends only on the
    history w. Factors are in descending order of singular values; the largest entry of each column of V is positive.
    """

    name = "svd"
    config_type = SVDConfig
    arrays: ClassVar[tuple[str, ...]] = (*FactorModel.arrays, "singular_values", "lengths")
    singular_values: NDArray[np.float32]  #: (n_factors,) descending; 0 beyond the rank of the matrix
    lengths: NDArray[np.float32]  #: (n_items,) sum of an item's weights relative to the mean, for bm25

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        self.lengths = relative_lengths(train)
        likes = self._weighted(train)
        scaled = self._scaled(likes)
        with limited_threads(self.threads):
            values, vectors = _largest(scaled, self.config.n_factors, self.seed)
        self.singular_values = np.where(values > SMALLEST * values.max(initial=0), values, 0)
        self.item_factors = vectors * self.singular_values
        self.user_factors = self._projected(likes)
        yield 1

    def fold_in_items(self, likers: sp.csr_array) -> NDArray[np.float32]:
        """Return vectors of n new items, (n, n_factors), from ``likers`` (n, n_users), with the users held fixed.

        A column b of W D^(scaling - 1) has the vector b^T U. An item of the training data gets its own vector.
        ValueError if ``likers`` have another number of users.
        """
        train = self._fitted_train()
        by_user = checked_likers(likers, train.shape[0]).T.tocsr()
        lengths = relative_lengths(by_user, float(train.data.sum(dtype=np.float64)) / train.shape[1])
        likes = weighted(by_user, self.config, idf=inverse_frequencies(train), lengths=lengths)
        users = self._projected(self._scaled(self._weighted(train)))
        return dense_product(self._scaled(likes).T.tocsr(), users, threads=self.threads)

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        return self._projected(self._weighted(histories))

    def _weighted(self, histories: sp.csr_array) -> sp.csr_array:
        return weighted(histories, self.config, idf=inverse_frequencies(histories), lengths=self.lengths)

    def _scaled(self, likes: sp.csr_array) -> sp.csr_array:
        """Return ``likes`` with each column divided by its length to the power of 1 - scaling."""
        squares = np.bincount(likes.indices, weights=likes.data.astype(np.float64) ** 2, minlength=likes.shape[1])
        scales = np.where(squares > 0, squares, 1) ** ((self.config.scaling - 1) / 2)
        values = likes.data * scales.astype(np.float32)[likes.indices]
        return sp.csr_array((values, likes.indices, likes.indptr), shape=likes.shape)

    def _projected(self, likes: sp.csr_array) -> NDArray[np.float32]:
        """Return w V S^-1 of each row w, (n, n_factors)."""
        squares = self.singular_values**2
        inverse = np.divide(1, squares, out=np.zeros_like(squares), where=squares > 0)
        return dense_product(likes, self.item_factors, threads=self.threads) * inverse


def _largest(matrix: sp.csr_array, n: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the n largest singular values, descending, and their right vectors (n_columns, n) with fixed signs.

    n is at most the number of rows and of columns.
    """
    n = min(n, *matrix.shape)
    values: Any
    rows: Any
    if matrix.nnz == 0:
        return np.zeros(n, np.float32), np.zeros((matrix.shape[1], n), np.float32)
    if n < min(matrix.shape):
        start = np.random.default_rng(seed).standard_normal(min(matrix.shape), np.float32)
        _, values, rows = svds(matrix, k=n, v0=start, return_singular_vectors="vh")
    else:  # ARPACK cannot find all; the matrix is then narrow enough for LAPACK
        _, values, rows = np.linalg.svd(matrix.toarray(), full_matrices=False)
    order = np.argsort(-values, kind="stable")
    vectors = rows[order].T
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(n)])
    return values[order].astype(np.float32), np.ascontiguousarray(vectors * signs, np.float32)
