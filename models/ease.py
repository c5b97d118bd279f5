"""EASE: each item's likes as a linear function of the likes of all other items, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from models.base import Checked, Measure, Recommender
from models.config_checks import check_positive
from models.gramian import gramian_bytes, item_gramian
from models.kernels.gramian import mirror_lower
from models.sparse_products import binary, dense_product
from models.threads import limited_threads

__all__ = ["EASE", "EASEConfig"]


@dataclass(frozen=True, kw_only=True)
class EASEConfig:
    """Hyperparameters of EASE; the only place where its defaults are written."""

    reg: float = 200.0  #: L2 penalty, on the scale of an item's number of likes
    dropout: float = 0.0  #: share of a history that is left out when the model predicts it; 0 is the EASE of 2019

    def __post_init__(self) -> None:
        check_positive(self, "reg")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, got {self.dropout}")


class EASE(Recommender[EASEConfig]):
    """score(u, i) = sum of B_hi over the items h of u's history. Weights of likes do not count.

    B minimises |X - X B|^2 + reg |B|^2 + p / (1 - p) |diag(X^T X)^(1/2) B|^2 with a zero diagonal, p = dropout:

        B_hi = -P_hi / P_ii,    P = (X^T X + p / (1 - p) diag(X^T X) + reg I)^-1

    (Steck 2019, WWW, arXiv:1905.03375, eq. 8; with dropout Steck 2020, NeurIPS, arXiv:2010.15690, EDLAE.) A fit needs
    4 n_items^2 bytes, which hold first the Gramian, then its inverse, then B. TooLittleMemoryError where they are not
    available.
    """

    name = "ease"
    config_type = EASEConfig
    arrays: ClassVar[tuple[str, ...]] = ("weights",)
    weights: NDArray[np.float32]  #: (n_items, n_items), B

    @classmethod
    def bytes_to_fit(cls, n_items: int) -> int:
        return gramian_bytes(n_items)

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        self.weights = np.empty((0, 0), np.float32)  # the weights of an earlier fit would take the same memory again
        inverse = item_gramian(train, self.name, threads=self.threads)
        diagonal = inverse.diagonal().astype(np.float64)
        kept = 1 - self.config.dropout
        inverse[np.diag_indices_from(inverse)] = self.config.reg + diagonal / kept
        with limited_threads(self.threads):
            _invert(inverse)
        inverse /= -inverse.diagonal()
        np.fill_diagonal(inverse, 0)
        self.weights = inverse
        yield 1

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        return dense_product(binary(self._histories(queries)), self.weights, threads=self.threads)

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        out = self.weights[items]
        out[out == 0] = -np.inf  # items that no chain of common users connects
        return out


def _invert(matrix: NDArray[np.float32]) -> None:
    """Invert a symmetric positive definite matrix in place; ValueError if it is singular in float32."""
    upper = matrix.T  # column-major, so that LAPACK works in place; its upper triangle is matrix's lower one
    factor, info = lapack.spotrf(upper, lower=0, overwrite_a=1)
    if info:
        raise ValueError(f"the regularised Gramian is singular in float32 at item {info - 1}; raise reg")
    inverse, _ = lapack.spotri(factor, lower=0, overwrite_c=1)
    assert np.shares_memory(inverse, matrix)
    mirror_lower(matrix)
