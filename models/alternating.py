"""Alternating least squares: the part that ALS and iALS share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_at_least_one, check_choice, check_positive
from models.factor_model import FactorModel
from models.kernels.linear_algebra import move_beyond
from models.row_solvers import SOLVERS, RowSolver, Solver, principal_axes, rotate
from models.threads import limited_threads

__all__ = ["AlternatingConfig", "AlternatingModel"]


@dataclass(frozen=True, kw_only=True)
class AlternatingConfig:
    """Hyperparameters of every alternating model; the only place where their defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector
    init_scale: float = 0.1  #: root mean square length of an initial vector
    n_epochs: int = 8  #: passes over the items and the users
    solver: Solver = "cg"  #: cholesky is exact, cg nearly so, subspace solves block_size factors at a time
    tolerance: float = 0.01  #: cg stops at this relative error of a row's vector
    block_size: int = 32  #: subspace: factors solved at a time
    relaxation: float = 1.5  #: size of a half-step in units of the way to its solution; 1 is plain ALS

    def __post_init__(self) -> None:
        check_at_least_one(self, "n_factors", "n_epochs", "block_size")
        check_positive(self, "init_scale", "tolerance")
        check_choice(self, "solver", SOLVERS)
        if not 0 < self.relaxation < 2:
            raise ValueError(
                f"relaxation must be above 0 and below 2, got {self.relaxation}; elsewhere the loss does not fall"
            )


A = TypeVar("A", bound=AlternatingConfig)


class AlternatingModel(FactorModel[A]):
    """Base class of the alternating models. Minimises

        sum_{entries v} w (x_u.y_i)^2 - 2 v x_u.y_i  +  w0 sum_{all pairs} (x_u.y_i)^2
        + sum_u lambda_u |x_u|^2 + sum_i lambda_i |y_i|^2,

    where a subclass defines the values v, the weights w = slope v + intercept, w0 and the penalties lambda.

    An epoch solves the items, then the users. With an exact solver a fitted user's vector therefore equals the fold-in
    of the user's history. Factors do not depend on the number of threads.

    From the second epoch on, half-steps are overrelaxed (Young 1954): the next half-step is solved against
    x + relaxation (solution - x) instead of the solution. With one side fixed the loss is quadratic, so it falls for
    any relaxation below 2, and reaches the same value in about half the epochs. After each epoch the model holds the
    items and the users' solutions for them; a continued fit starts from these, with a plain epoch.

    With the items fixed, row u's system is w0 Y^T Y + lambda_u I + sum w y y^T. Scores do not change when both sides
    are rotated, so both are rotated to the principal axes of the fixed side, where Y^T Y is diagonal. That costs the
    exact solver nothing and preconditions the other two.
    """

    arrays: ClassVar[tuple[str, ...]] = (*FactorModel.arrays, "item_spectrum")
    item_spectrum: NDArray[np.float32]  #: (n_factors,) the items' Gramian, which is diagonal

    @abstractmethod
    def _values(self, likes: sp.csr_array) -> sp.csr_array:
        """Return the same entries with the value v in place of the weight."""

    @abstractmethod
    def _penalties(self, rows: sp.csr_array) -> NDArray[np.float64]:
        """Return the penalty lambda of each row of values, (n_rows,)."""

    @abstractmethod
    def _weighting(self) -> tuple[float, float, float]:
        """Return slope, intercept and w0."""

    def _prepare(self, by_user: sp.csr_array, by_item: sp.csr_array) -> None:
        """Compute the constants that ``_penalties`` needs from all values."""

    def _start(self, train: sp.csr_array) -> None:
        self.item_factors = self._drawn_items(train.shape[1])

    def _grow(self, train: sp.csr_array) -> None:
        fresh = self._drawn_items(train.shape[1])[len(self.item_factors) :]
        self.item_factors = np.concatenate([self.item_factors, fresh])

    def _drawn_items(self, n_items: int) -> NDArray[np.float32]:
        """Return initial vectors, (n_items, n_factors); the first ones do not depend on ``n_items``."""
        scale = np.float32(self.config.init_scale / np.sqrt(self.config.n_factors))
        rng = np.random.default_rng(self.seed)
        return rng.standard_normal((n_items, self.config.n_factors), np.float32) * scale

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        by_user = self._values(train)
        by_item = by_user.T.tocsr()
        self._prepare(by_user, by_item)
        self.user_factors = np.empty((train.shape[0], self.config.n_factors), np.float32)
        users, items, solution = np.zeros_like(self.user_factors), self.item_factors, np.empty_like(self.item_factors)
        self.item_spectrum = self._half_step(by_user, users, items, self.user_factors, relaxation=1)
        for epoch in range(1, self.config.n_epochs + 1):
            relaxation = self.config.relaxation if epoch > 1 else 1  # the first epoch leaves random vectors
            self._half_step(by_item, items, users, solution, relaxation=relaxation)
            self.item_spectrum = self._half_step(by_user, users, items, self.user_factors, relaxation=relaxation)
            yield epoch

    def _half_step(
        self,
        rows: sp.csr_array,
        factors: NDArray[np.float32],
        fixed: NDArray[np.float32],
        solution: NDArray[np.float32],
        *,
        relaxation: float,
    ) -> NDArray[np.float32]:
        """Write the ``solution`` of ``rows`` and move ``factors`` by ``relaxation`` times the way to it.

        Rotates ``factors``, ``solution`` and ``fixed`` to the principal axes of ``fixed`` and returns its spectrum.
        """
        with limited_threads(self.threads):
            spectrum, axes = principal_axes(fixed)
            rotate(factors, axes)
            rotate(fixed, axes)
        np.copyto(solution, factors)
        self._solved(self.config.solver, rows, solution, fixed, spectrum)
        with limited_threads(self.threads):
            move_beyond(factors, solution, np.float32(relaxation - 1))
        return spectrum

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        # from zeros, subspace would need many passes
        solver: Solver = "cholesky" if self.config.solver == "cholesky" else "cg"
        start = np.zeros((histories.shape[0], self.config.n_factors), np.float32)
        return self._solved(solver, self._values(histories), start, self.item_factors, self.item_spectrum)

    def _solved(
        self,
        solver: Solver,
        rows: sp.csr_array,
        start: NDArray[np.float32],
        fixed: NDArray[np.float32],
        spectrum: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        shared = np.float32(self._weighting()[2]) * spectrum
        return self._row_solver(solver).solve(rows, fixed, spectrum=shared, reg=self._penalties(rows), start=start)

    def _row_solver(self, solver: Solver) -> RowSolver:
        slope, intercept, _ = self._weighting()
        return RowSolver(
            solver=solver,
            slope=slope,
            intercept=intercept,
            tolerance=self.config.tolerance,
            block_size=self.config.block_size,
            threads=self.threads,
        )

    def loss(self) -> float:
        """Return the minimised sum, with the constant that makes it a sum of squared errors; float64."""
        values = self._values(self._fitted_train())
        X, Y = self.user_factors, self.item_factors
        total = self._constant(values) + self._row_solver("cholesky").loss(values, X, Y)
        with limited_threads(self.threads):
            total += self._weighting()[2] * (_gramian(X) * _gramian(Y)).sum()
        total += self._penalties(values) @ _square_lengths(X)
        return float(total + self._penalties(values.T.tocsr()) @ _square_lengths(Y))

    @abstractmethod
    def _constant(self, values: sp.csr_array) -> float:
        """Return the part of the squared errors that does not depend on the factors."""


def _gramian(factors: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = factors.astype(np.float64)
    return exact.T @ exact


def _square_lengths(factors: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.einsum("ij,ij->i", factors, factors, dtype=np.float64)
