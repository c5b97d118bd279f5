"""iALS: matrix factorisation of implicit feedback by alternating least squares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.factor_model import FactorModel
from models.row_solvers import SOLVERS, RowSolver, Solver, principal_axes, rotated
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
    solver: Solver = "cg"  #: of a row's system: cholesky is exact, cg nearly, subspace takes block_size factors at once
    tolerance: float = 0.01  #: of cg: relative error at which a row's vector is good enough
    block_size: int = 32  #: of subspace

    def __post_init__(self) -> None:
        for name in ("n_factors", "n_epochs", "block_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("reg", "epsilon", "init_scale", "tolerance"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if not 0 < self.unobserved_weight <= 1:
            raise ValueError(f"unobserved_weight must be above 0 and at most 1, got {self.unobserved_weight}")
        if self.alpha < 0:
            raise ValueError(f"alpha must not be negative, got {self.alpha}")
        if self.confidence not in ("linear", "log"):
            raise ValueError(f"confidence must be 'linear' or 'log', got {self.confidence!r}")
        if self.solver not in SOLVERS:
            raise ValueError(f"solver must be one of {', '.join(SOLVERS)}, got {self.solver!r}")


class IALS(FactorModel[IALSConfig]):
    """Implicit ALS (Hu, Koren & Volinsky 2008) with the penalty of Rendle et al. (arXiv:2110.14037, section 3).

    Minimises  sum_{likes} c_ui (1 - x_u.y_i)^2 + w0 sum_{other pairs} (x_u.y_i)^2
               + sum_u lambda_u |x_u|^2 + sum_i lambda_i |y_i|^2,
    with confidence c = 1 + alpha r or 1 + alpha log(1 + r / epsilon), w0 = unobserved_weight,
    lambda_u = reg S(1)/S(nu) (N_u + w0 n_items)^nu, lambda_i likewise with n_users, and
    S(nu) = sum_u (N_u + w0 n_items)^nu + sum_i (N_i + w0 n_users)^nu, so that reg keeps its meaning as nu moves.

    An epoch solves the items, then the users: a fitted user's vector is the fold-in of the history, as far as
    the solver is exact. Factors do not depend on the number of threads.

    With the items fixed, row u's system is w0 Y^T Y + lambda_u I + sum_{S_u} (c - w0) y y^T. Only scores
    matter, so both sides are turned to the principal axes of the fixed one, where Y^T Y is a diagonal, whatever
    lambda_u: it costs nothing in the exact solver and preconditions the others.
    """

    name = "ials"
    config_type = IALSConfig

    arrays: ClassVar[tuple[str, ...]] = (*FactorModel.arrays, "item_spectrum", "penalty_scale")
    item_spectrum: NDArray[np.float32]  #: (n_factors,) diagonal of the items' Gramian, in whose axes they stand
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
        self.user_factors = np.zeros((train.shape[0], self.config.n_factors), np.float32)
        self._solve_users(by_user)
        for epoch in range(1, self.config.n_epochs + 1):
            self.item_factors, self.user_factors, _ = self._half_step(by_item, self.item_factors, self.user_factors)
            self._solve_users(by_user)
            yield epoch

    def _solve_users(self, by_user: sp.csr_array) -> None:
        solved, fixed, spectrum = self._half_step(by_user, self.user_factors, self.item_factors)
        self.user_factors, self.item_factors, self.item_spectrum = solved, fixed, spectrum

    def _half_step(
        self, rows: sp.csr_array, solved: NDArray[np.float32], fixed: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Both sides, the first improved, in the principal axes of the second, and their spectrum."""
        with limited_threads(self.threads):
            spectrum, axes = principal_axes(fixed)
            solved, fixed = rotated(solved, axes), rotated(fixed, axes)
        return self._solved(self._solver(self.config.solver), rows, solved, fixed, spectrum), fixed, spectrum

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        # nothing to start from: subspace would need many rounds
        solver = self._solver("cholesky" if self.config.solver == "cholesky" else "cg")
        start = np.zeros((histories.shape[0], self.config.n_factors), np.float32)
        return self._solved(solver, self._confident(histories), start, self.item_factors, self.item_spectrum)

    def _solved(
        self,
        solver: RowSolver,
        rows: sp.csr_array,
        start: NDArray[np.float32],
        fixed: NDArray[np.float32],
        spectrum: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        shared = np.float32(self.config.unobserved_weight) * spectrum
        return solver.solve(rows, fixed, spectrum=shared, reg=self._penalties(rows), start=start)

    def _solver(self, solver: Solver) -> RowSolver:
        """v = c, and w = c - w0 beside the w0 of every pair."""
        config = self.config
        return RowSolver(
            solver=solver,
            slope=1.0,
            intercept=-config.unobserved_weight,
            tolerance=config.tolerance,
            block_size=config.block_size,
            threads=self.threads,
        )

    def loss(self) -> float:
        """The minimised sum over all pairs, penalties included (see the class); float64."""
        observed = self._confident(self._fitted_train())
        X, Y = self.user_factors, self.item_factors
        likes = observed.data.sum(dtype=np.float64) + self._solver("cholesky").loss(observed, X, Y)
        with limited_threads(self.threads):
            everything = self.config.unobserved_weight * (_gramian(X) * _gramian(Y)).sum()
        penalty = self._penalties(observed) @ _square_lengths(X)
        penalty += self._penalties(observed.T.tocsr()) @ _square_lengths(Y)
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


def _gramian(factors: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = factors.astype(np.float64)
    return exact.T @ exact


def _square_lengths(factors: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.einsum("ij,ij->i", factors, factors, dtype=np.float64)
