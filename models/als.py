"""ALS: matrix factorisation by alternating ridge regressions, on what was rated or on all cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.alternating import AlternatingConfig, AlternatingModel

__all__ = ["ALS", "ALSConfig", "Cells", "Targets"]

Cells = Literal["all", "observed"]
Targets = Literal["likes", "weights"]


@dataclass(frozen=True, kw_only=True)
class ALSConfig(AlternatingConfig):
    """Hyperparameters of ALS; the only place where its defaults are written."""

    cells: Cells = "all"  #: fitted: all, an empty one being 0, or those that are observed
    targets: Targets = "likes"  #: what an observed cell holds: 1, or the like's weight, such as a rating
    reg: float = 10.0  #: L2 penalty
    reg_exponent: float = 0.0  #: how far a row's penalty grows with its entries; 1 is ALS-WR's

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_positive("reg")
        for name, choices in (("cells", get_args(Cells)), ("targets", get_args(Targets))):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")


class ALS(AlternatingModel[ALSConfig]):
    """ALS of explicit feedback (Zhou et al. 2008, ALS-WR), and of a whole matrix.

    Minimises  sum_{cells} (r_ui - x_u.y_i)^2 + sum_u lambda_u |x_u|^2 + sum_i lambda_i |y_i|^2,
    lambda_u = reg N_u^nu with nu = reg_exponent and N_u entries, lambda_i likewise.

    Over ``observed`` cells it predicts ratings; where all that is known are likes, any constant fits them, and only
    ``all`` cells rank. There X = R Y (Y^T Y + lambda)^-1 in closed form, with one eigendecomposition a half-step.
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
