"""iALS: matrix factorisation of implicit feedback by alternating least squares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.factor_model import FactorModel
from models.inputs import csr_parts
from models.kernels.ials import solve_rows
from models.threads import limited_threads

__all__ = ["IALS", "IALSConfig"]


@dataclass(frozen=True, kw_only=True)
class IALSConfig:
    """Hyperparameters of iALS; the only place where its defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector
    reg: float = 0.003  #: L2 penalty, at the scale it has with reg_exponent 1
    reg_exponent: float = 1.0  #: nu: how far a row's penalty grows with its likes; 0 is the same penalty for all
    unobserved_weight: float = 0.3  #: confidence of a pair that was not observed, at most 1
    alpha: float = 0.0  #: how far a like's confidence grows with its weight
    confidence: Literal["linear", "log"] = "linear"  #: 1 + alpha r, or 1 + alpha log(1 + r / epsilon)
    epsilon: float = 1.0  #: the weight at which log confidence starts to bend
    init_scale: float = 0.1  #: standard deviation of a fresh vector's length
    n_epochs: int = 16  #: sweeps over items and users

    def __post_init__(self) -> None:
        for name in ("n_factors", "n_epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("reg", "epsilon", "init_scale"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if not 0 < self.unobserved_weight <= 1:
            raise ValueError(f"unobserved_weight must be above 0 and at most 1, got {self.unobserved_weight}")
        if self.alpha < 0:
            raise ValueError(f"alpha must not be negative, got {self.alpha}")
        if self.confidence not in ("linear", "log"):
            raise ValueError(f"confidence must be 'linear' or 'log', got {self.confidence!r}")


class IALS(FactorModel[IALSConfig]):
    """Implicit ALS (Hu, Koren & Volinsky 2008) with the penalty of Rendle et al. (arXiv:2110.14037, section 3).

    Minimises  sum_{likes} c_ui (1 - x_u.y_i)^2 + w0 sum_{other pairs} (x_u.y_i)^2
               + sum_u lambda_u |x_u|^2 + sum_i lambda_i |y_i|^2,
    with confidence c = 1 + alpha r or 1 + alpha log(1 + r / epsilon), w0 = unobserved_weight,
    lambda_u = reg S(1)/S(nu) (N_u + w0 n_items)^nu, lambda_i likewise with n_users, and
    S(nu) = sum_u (N_u + w0 n_items)^nu + sum_i (N_i + w0 n_users)^nu, so that reg keeps its meaning as nu moves.

    An epoch solves the items, then the users: a fitted user's vector is the fold-in of the history.
    Factors do not depend on the number of threads.
    """

    name = "ials"
    config_type = IALSConfig

    arrays: ClassVar[tuple[str, ...]] = (*FactorModel.arrays, "penalty_scale")
    penalty_scale: NDArray[np.float64]  #: (), reg S(1)/S(nu): what (N + w0 n)^nu is multiplied by

    def _start(self, train: sp.csr_array) -> None:
        self.item_factors = self._drawn_items(train.shape[1])

    def _grow(self, train: sp.csr_array) -> None:
        fresh = self._drawn_items(train.shape[1])[len(self.item_factors) :]
        self.item_factors = np.concatenate([self.item_factors, fresh])

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        by_user = self._confident(train)
        by_item = by_user.T.tocsr()
        self.penalty_scale = self._penalty_scale(by_user, by_item)
        self.user_factors = self._solve(by_user, self.item_factors)
        for epoch in range(1, self.config.n_epochs + 1):
            self.item_factors = self._solve(by_item, self.user_factors)
            self.user_factors = self._solve(by_user, self.item_factors)
            yield epoch

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        return self._solve(self._confident(histories), self.item_factors)

    def loss(self) -> float:
        """The minimised sum over all pairs, penalties included (see the class); float64."""
        observed = self._confident(self._fitted_train())
        X, Y = self.user_factors.astype(np.float64), self.item_factors.astype(np.float64)
        users = np.repeat(np.arange(len(X)), np.diff(observed.indptr))
        predicted = np.einsum("ij,ij->i", X[users], Y[observed.indices])
        w0 = self.config.unobserved_weight
        likes = (observed.data * (1 - predicted) ** 2 - w0 * predicted**2).sum()
        everything = w0 * ((X.T @ X) * (Y.T @ Y)).sum()
        penalty = self._penalties(observed) @ (X**2).sum(axis=1)
        penalty += self._penalties(observed.T.tocsr()) @ (Y**2).sum(axis=1)
        return float(likes + everything + penalty)

    def _drawn_items(self, n_items: int) -> NDArray[np.float32]:
        """Vectors to start from; the first are the same however many there are."""
        scale = np.float32(self.config.init_scale / np.sqrt(self.config.n_factors))
        rng = np.random.default_rng(self.seed)
        return rng.standard_normal((n_items, self.config.n_factors), np.float32) * scale

    def _confident(self, weights: sp.csr_array) -> sp.csr_array:
        """The same entries with c = 1 + alpha r, or its logarithmic form, in place of r."""
        config = self.config
        r = weights.data
        if r.size and r.min() < 0:
            raise ValueError(f"weights must not be negative, got {r.min()}; leave out what is not liked")
        grown = np.log1p(r / np.float32(config.epsilon)) if config.confidence == "log" else r
        confidence = 1 + np.float32(config.alpha) * grown
        return sp.csr_array((confidence, weights.indices, weights.indptr), shape=weights.shape)

    def _penalty_scale(self, by_user: sp.csr_array, by_item: sp.csr_array) -> NDArray[np.float64]:
        """reg S(1)/S(nu), arXiv:2110.14037 section 3.2 with nu* = 1."""
        totals = np.concatenate([self._total_weights(by_user), self._total_weights(by_item)])
        return np.float64(self.config.reg) * totals.sum() / (totals**self.config.reg_exponent).sum()

    def _penalties(self, rows: sp.csr_array) -> NDArray[np.float64]:
        return self.penalty_scale * self._total_weights(rows) ** self.config.reg_exponent

    def _total_weights(self, rows: sp.csr_array) -> NDArray[np.float64]:
        """N + w0 n of each row; n is the number of columns."""
        return np.diff(rows.indptr) + self.config.unobserved_weight * rows.shape[1]

    def _solve(self, rows: sp.csr_array, fixed: NDArray[np.float32]) -> NDArray[np.float32]:
        """One half-step: the factors of ``rows`` with those of the columns held fixed."""
        w0 = self.config.unobserved_weight
        with limited_threads(self.threads):
            gramian, basis = np.linalg.eigh((fixed.T @ fixed).astype(np.float64))
            basis = basis.astype(np.float32)
            out = np.empty((rows.shape[0], fixed.shape[1]), np.float32)
            solve_rows(
                *csr_parts(rows),
                rows.data,
                fixed @ basis,
                (w0 * np.maximum(gramian, 0)).astype(np.float32),
                self._penalties(rows).astype(np.float32),
                np.float32(w0),
                fixed.shape[1],
                out,
            )
            return out @ basis.T
