"""iALS: matrix factorisation of implicit feedback by alternating least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.alternating import AlternatingConfig, AlternatingModel
from models.decay import DecayConfig

__all__ = ["IALS", "IALSConfig"]


@dataclass(frozen=True, kw_only=True)
class IALSConfig(AlternatingConfig, DecayConfig):
    """Hyperparameters of iALS; the only place where its defaults are written."""

    reg: float = 0.003  #: L2 penalty, at the scale it has with reg_exponent 1
    reg_exponent: float = 1.0  #: nu: how far a row's penalty grows with its likes; 0 is the same penalty for all
    unobserved_weight: float = 0.3  #: confidence of a pair that was not observed, at most 1
    alpha: float = 0.0  #: how far a like's confidence grows with its weight
    confidence: Literal["linear", "log"] = "linear"  #: 1 + alpha r, or 1 + alpha log(1 + r / epsilon)
    epsilon: float = 1.0  #: the weight at which log confidence starts to bend

    def __post_init__(self) -> None:
        super().__post_init__()
        DecayConfig.__post_init__(self)
        self._check_positive("reg", "epsilon")
        if not 0 < self.unobserved_weight <= 1:
            raise ValueError(f"unobserved_weight must be above 0 and at most 1, got {self.unobserved_weight}")
        if not self.alpha >= 0:
            raise ValueError(f"alpha must not be negative, got {self.alpha}")
        if self.confidence not in ("linear", "log"):
            raise ValueError(f"confidence must be 'linear' or 'log', got {self.confidence!r}")


class IALS(AlternatingModel[IALSConfig]):
    """Implicit ALS (Hu, Koren & Volinsky 2008) with the penalty of Rendle et al. (arXiv:2110.14037, section 3).

    Minimises  sum_{likes} c_ui (1 - x_u.y_i)^2 + w0 sum_{other pairs} (x_u.y_i)^2
               + sum_u lambda_u |x_u|^2 + sum_i lambda_i |y_i|^2,
    with confidence c = 1 + alpha r or 1 + alpha log(1 + r / epsilon), w0 = unobserved_weight,
    lambda_u = reg S(1)/S(nu) (N_u + w0 n_items)^nu, lambda_i likewise with n_users, and
    S(nu) = sum_u (N_u + w0 n_items)^nu + sum_i (N_i + w0 n_users)^nu, so that reg keeps its meaning as nu moves.
    """

    name = "ials"
    config_type = IALSConfig

    arrays: ClassVar[tuple[str, ...]] = (*AlternatingModel.arrays, "penalty_scale")
    penalty_scale: NDArray[np.float64]  #: (), reg S(1)/S(nu): what (N + w0 n)^nu is multiplied by

    def _values(self, likes: sp.csr_array) -> sp.csr_array:
        """c = 1 + alpha r, or its logarithmic form."""
        config, r = self.config, likes.data
        if r.size and r.min() < 0:
            raise ValueError(f"weights must not be negative, got {r.min()}; leave out what is not liked")
        grown = np.log1p(r / np.float32(config.epsilon)) if config.confidence == "log" else r
        return sp.csr_array((1 + np.float32(config.alpha) * grown, likes.indices, likes.indptr), shape=likes.shape)

    def _weighting(self) -> tuple[float, float, float]:
        w0 = self.config.unobserved_weight
        return 1.0, -w0, w0  # a like counts c, of which w0 is among all pairs

    def _constant(self, values: sp.csr_array) -> float:
        return float(values.data.sum(dtype=np.float64))

    def _prepare(self, by_user: sp.csr_array, by_item: sp.csr_array) -> None:
        """Set reg S(1)/S(nu), arXiv:2110.14037 section 3.2 with nu* = 1."""
        totals = np.concatenate([self._total_weights(by_user), self._total_weights(by_item)])
        self.penalty_scale = np.float64(self.config.reg) * totals.sum() / (totals**self.config.reg_exponent).sum()

    def _penalties(self, rows: sp.csr_array) -> NDArray[np.float64]:
        return self.penalty_scale * self._total_weights(rows) ** self.config.reg_exponent

    def _total_weights(self, rows: sp.csr_array) -> NDArray[np.float64]:
        """N + w0 n of each row; n is the number of columns."""
        return np.diff(rows.indptr) + self.config.unobserved_weight * rows.shape[1]
