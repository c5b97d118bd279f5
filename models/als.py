"""ALS: matrix factorisation by alternating ridge regressions, on the observed cells or on all cells of the matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.alternating import AlternatingConfig, AlternatingModel
from models.config_checks import check_choice, check_positive

__all__ = ["ALS", "ALSConfig", "Cells", "Targets"]

Cells = Literal["all", "observed"]
Targets = Literal["likes", "weights"]


@dataclass(frozen=True, kw_only=True)
class ALSConfig(AlternatingConfig):
    """Hyperparameters of ALS; the only place where its defaults are written."""

    cells: Cells = "all"  #: cells to fit: all of them, where an empty cell is 0, or only the observed ones
    targets: Targets = "likes"  #: value of an observed cell: 1, or the like's weight, such as a rating
    reg: float = 10.0  #: L2 penalty
    reg_exponent: float = 0.0  #: nu: a row's penalty is reg times its number of entries to this power; 1 is ALS-WR

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "reg")
        check_choice(self, "cells", get_args(Cells))
        check_choice(self, "targets", get_args(Targets))


class ALS(AlternatingModel[ALSConfig]):
    """ALS for explicit feedback (Zhou et al. 2008, ALS-WR), and its unweighted form over the whole matrix.

    Minimises  sum_{cells} (r_ui - x_u.y_i)^2 + sum_u lambda_u |x_u|^2 + sum_i lambda_i |y_i|^2,
    where lambda_u = reg N_u^nu, nu = reg_exponent and N_u is the number of entries of user u; lambda_i likewise.

    With ``cells="observed"`` it predicts ratings. Likes without ratings are all 1, so that a constant fits them: only
    ``cells="all"`` ranks items then. It has the closed form X = R Y (Y^T Y + lambda)^-1, which takes one
    eigendecomposition a half-step.
    """

    name = "als"
    config_type = ALSConfig

    def _values(self, likes: sp.csr_array) -> sp.csr_array:
        values = likes.data if self.config.targets == "weights" else np.ones_like(likes.data)
        return sp.csr_array((values, likes.indices, likes.indptr), shape=likes.shape)

    def _weighting(self) -> tuple[float, float, float]:
        return (0.0, 0.0, 1.0) if self.config.cells == "all" else (0.0, 1.0, 0.0)

    def _constant(self, values: sp.csr_array) -> float:
        return float((values.data.astype(np.float64) ** 2).sum())

    def _penalties(self, rows: sp.csr_array) -> NDArray[np.float64]:
        return self.config.reg * np.diff(rows.indptr).astype(np.float64) ** self.config.reg_exponent
