"""The loss that all iALS implementations minimise, and the parameters that make each of them do so.

    L = sum_{likes} (1 - x_u.y_i)^2 + w0 sum_{other pairs} (x_u.y_i)^2 + lambda (sum_u |x_u|^2 + sum_i |y_i|^2)

- Ours: unobserved_weight = w0, reg_exponent = 0, reg = lambda (U + I) / S, S = 2 likes + 2 w0 U I (``models.ials``).
- irspack: 2 L is its loss of type ORIGINAL, whose likes weigh alpha0 + value: alpha0 = w0, value = 1 - w0, nu = 0,
  reg = lambda. (Its other loss type has 1 / (1 + w0) as the target of likes, which is another problem.)
- implicit: L / w0, because it gives other pairs weight 1: alpha = 1 / w0, regularization = lambda / w0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from bench.benchmarks.problem import Factors

__all__ = ["INIT_SCALE", "Objective"]

INIT_SCALE = 0.1  #: root mean square length of an initial vector, for every implementation
_REG = 0.003  #: as in arXiv:2110.14037 for ML-20M; lambda is this times the mean weight of a row
_UNOBSERVED_TO_LIKES = 20.0  #: total weight of other pairs over that of likes; 27 (ML-20M) and 14 (MSD) in the paper
_MAX_UNOBSERVED_WEIGHT = 0.3
_CHUNK = 1 << 18  #: likes per chunk of the sum


@dataclass(frozen=True)
class Objective:
    """L for one matrix of likes, all of weight 1."""

    unobserved_weight: float
    penalty: float  #: lambda
    reg: float  #: our parameter for the same lambda

    @classmethod
    def of(cls, train: sp.csr_array) -> Objective:
        """Choose weights by the density of ``train``, as in the published settings for larger data."""
        n_users, n_items = train.shape
        n_pairs = n_users * n_items
        weight = min(_MAX_UNOBSERVED_WEIGHT, _UNOBSERVED_TO_LIKES * train.nnz / n_pairs)
        mean_weight_of_row = 2 * (train.nnz + weight * n_pairs) / (n_users + n_items)
        return cls(unobserved_weight=weight, penalty=_REG * mean_weight_of_row, reg=_REG)

    def loss(self, train: sp.csr_array, factors: Factors) -> float:
        """Compute L in float64."""
        X, Y = factors.users.astype(np.float64), factors.items.astype(np.float64)
        everything = self.unobserved_weight * float(((X.T @ X) * (Y.T @ Y)).sum())
        penalties = self.penalty * float((X**2).sum() + (Y**2).sum())
        users = np.repeat(np.arange(len(X)), np.diff(train.indptr))
        likes = 0.0
        for first in range(0, train.nnz, _CHUNK):
            part = slice(first, first + _CHUNK)
            predicted = np.einsum("ij,ij->i", X[users[part]], Y[train.indices[part]])
            likes += float(((1 - predicted) ** 2 - self.unobserved_weight * predicted**2).sum())
        return likes + everything + penalties
