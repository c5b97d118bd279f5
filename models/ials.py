"""iALS: matrix factorisation of implicit feedback by alternating least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.alternating import AlternatingConfig, AlternatingModel
from models.config_checks import check_choice, check_not_negative, check_positive
from models.decay import DecayConfig
from models.inputs import check_no_negative_weight

__all__ = ["IALS", "IALSConfig"]


@dataclass(frozen=True, kw_only=True)
class IALSConfig(AlternatingConfig, DecayConfig):
    """Hyperparameters of iALS; the only place where its defaults are written."""

    reg: float = 0.003  #: L2 penalty; its scale is that of reg_exponent=1 for any reg_exponent
    reg_exponent: float = 1.0  #: nu: how much a row's penalty grows with its likes; 0: all rows have the same
    unobserved_weight: float = 0.3  #: confidence of an unobserved pair, at most 1
    alpha: float = 0.0  #: how much a like's confidence grows with its weight
    confidence: Literal["linear", "log"] = "linear"  #: 1 + alpha r, or 1 + alpha log(1 + r / epsilon)
    epsilon: float = 1.0  #: weight around which the logarithmic confidence flattens

    def __post_init__(self) -> None:
        super().__post_init__()
        DecayConfig.__post_init__(self)
        check_positive(self, "reg", "epsilon")
        check_not_negative(self, "alpha")
        check_choice(self, "confidence", ("linear", "log"))
        if not 0 < self.unobserved_weight <= 1:
            raise ValueError(f"unobserved_weight must be above 0 and at most 1, got {self.unobserved_weight}")


class IALS(AlternatingModel[IALSConfig]):
    """Implicit ALS (Hu, Koren & Volinsky 2008) with the penalty of Rendle et al. (arXiv:2110.14037, section 3).

    Minimises  sum_{likes} c_ui (1 - x_u.y_i)^2 + w0 sum_{other pairs} (x_u.y_i)^2
               + sum_u lambda_u |x_u|^2 + sum_i lambda_i |y_i|^2,
    with confidence c = 1 + alpha r or 1 + alpha log(1 + r / epsilon), w0 = unobserved_weight,
    lambda_u = reg S(1)/S(nu) (N_u + w0 n_items)^nu, lambda_i likewise with n_users, and
    S(nu) = sum_u (N_u + w0 n_items)^nu + sum_i (N_i + w0 n_users)^nu, so that reg has the same scale for any nu.
    """

    name = "ials"
    config_type = IALSConfig

    arrays: ClassVar[tuple[str, ...]] = (*AlternatingModel.arrays, "penalty_scale")
    penalty_scale: NDArray[np.float64]  #: (), reg S(1)/S(nu), the factor of (N + w0 n)^nu

    def _values(self, likes: sp.csr_array) -> sp.csr_array:
        """Return the likes with their confidences c = 1 + alpha r, or 1 + alpha log(1 + r / epsilon)."""
        check_no_negative_weight(likes)
        config, r = self.config, likes.data
        grown = np.log1p(r / np.float32(config.epsilon)) if config.confidence == "log" else r
        return sp.csr_array((1 + np.float32(config.alpha) * grown, likes.indices, likes.indptr), shape=likes.shape)

    def _weighting(self) -> tuple[float, float, float]:
        w0 = self.config.unobserved_weight
        return 1.0, -w0, w0  # a like weighs c; w0 of it is counted among all pairs

    def _constant(self, values: sp.csr_array) -> float:
        return float(values.data.sum(dtype=np.float64))

    def _prepare(self, by_user: sp.csr_array, by_item: sp.csr_array) -> None:
        """Set ``penalty_scale``, reg S(1)/S(nu) of arXiv:2110.14037, section 3.2, with nu* = 1."""
        totals = np.concatenate([self._total_weights(by_user), self._total_weights(by_item)])
        self.penalty_scale = np.float64(self.config.reg) * totals.sum() / (totals**self.config.reg_exponent).sum()

    def _penalties(self, rows: sp.csr_array) -> NDArray[np.float64]:
        return self.penalty_scale * self._total_weights(rows) ** self.config.reg_exponent

    def _total_weights(self, rows: sp.csr_array) -> NDArray[np.float64]:
        """Return N + w0 n of each row, (n_rows,); n is the number of columns."""
        return np.diff(rows.indptr) + self.config.unobserved_weight * rows.shape[1]
