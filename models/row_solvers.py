"""Least squares for each row of a sparse matrix with fixed vectors of the columns, by one of three solvers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_arrays
from models.kernels.conjugate_gradient import improve_by_gradients
from models.kernels.least_squares import add_row_losses, divide_sums, solve_exactly
from models.kernels.linear_algebra import turn_rows
from models.kernels.subspace import improve_by_blocks
from models.threads import limited_threads

__all__ = ["RowSolver", "Solver", "principal_axes", "rotate", "rotated"]

Solver = Literal["cholesky", "cg", "subspace"]
SOLVERS = ("cholesky", "cg", "subspace")


@dataclass(frozen=True, kw_only=True)
class RowSolver:
    """Minimises  sum w (x.y)^2 - 2 v x.y + x^T diag(spectrum + reg_u) x  for each row u over its entries v,

    with w = slope v + intercept. ``cholesky`` is exact. ``cg`` (conjugate gradients) starts from ``start`` and stops at
    a relative error of about ``tolerance``. ``subspace`` starts from ``start``, too, and solves for each block of
    ``block_size`` factors once.
    """

    solver: Solver
    slope: float
    intercept: float
    tolerance: float
    block_size: int
    threads: int | None

    def solve(
        self,
        rows: sp.csr_array,
        fixed: NDArray[np.float32],
        *,
        spectrum: NDArray[np.float32],
        reg: NDArray[np.float64],
        start: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return the vectors of ``rows``, (n_rows, k), in the memory of ``start`` (n_rows, k).

        ``fixed`` (n_columns, k), ``spectrum`` (k,), ``reg`` (n_rows,).
        """
        if self.slope == self.intercept == 0:
            return self._solve_diagonals(rows, fixed, spectrum=spectrum, reg=reg, out=start)
        kernel, option = {
            "cholesky": (solve_exactly, fixed.shape[1]),  # rows of up to k entries have the smaller dual system
            "cg": (improve_by_gradients, np.float32(self.tolerance)),
            "subspace": (improve_by_blocks, min(self.block_size, fixed.shape[1])),
        }[self.solver]
        weighting = rows.data, np.float32(self.slope), np.float32(self.intercept)
        with limited_threads(self.threads, work=rows.nnz):
            kernel(*csr_arrays(rows), *weighting, fixed, spectrum, reg.astype(np.float32), option, start)
        return start

    def _solve_diagonals(
        self,
        rows: sp.csr_array,
        fixed: NDArray[np.float32],
        *,
        spectrum: NDArray[np.float32],
        reg: NDArray[np.float64],
        out: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Solve the diagonal systems that remain if w = 0 for all entries; every solver would return the same."""
        with limited_threads(self.threads, work=rows.nnz):
            divide_sums(*csr_arrays(rows), rows.data, fixed, spectrum, reg.astype(np.float32), out)
        return out

    def loss(self, rows: sp.csr_array, x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
        """Return sum w (x.y)^2 - 2 v x.y over all entries, for ``x`` (n_rows, k) and ``y`` (n_columns, k); float64."""
        out = np.zeros(rows.shape[0])
        with limited_threads(self.threads):
            add_row_losses(*csr_arrays(rows), rows.data, self.slope, self.intercept, x, y, out)
        return float(out.sum())


def principal_axes(factors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return eigenvalues (k,) and eigenvectors (k, k) of the Gramian of ``factors`` (n, k), as float32.

    ``factors @ axes`` has a diagonal Gramian, whose diagonal is the spectrum.
    """
    spectrum, axes = np.linalg.eigh((factors.T @ factors).astype(np.float64))
    return np.maximum(spectrum, 0).astype(np.float32), axes.astype(np.float32)


def rotated(factors: NDArray[np.float32], axes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``factors @ axes``, summed in the same order on any number of threads."""
    out = factors.copy()
    rotate(out, axes)
    return out


def rotate(factors: NDArray[np.float32], axes: NDArray[np.float32]) -> None:
    """Replace ``factors`` by ``factors @ axes`` in place, since new memory would cost more than the products."""
    turn_rows(factors, np.ascontiguousarray(axes.T))
