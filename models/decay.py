"""Weights of likes that halve with age."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_positive

__all__ = ["DecayConfig", "decayed"]

SECONDS_A_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class DecayConfig:
    """The hyperparameter of the models that can weigh likes by their age."""

    half_life_days: float | None = None  #: age at which a like counts half; None: age does not count

    def __post_init__(self) -> None:
        if self.half_life_days is not None:
            check_positive(self, "half_life_days")


def decayed(likes: sp.csr_array, timestamps: NDArray[np.int64], half_life_days: float) -> sp.csr_array:
    """Return the same likes with weights w 0.5^(age / half-life); ages are counted from the newest like.

    ``timestamps`` (nnz,) are in seconds. Weights stay above 0 for likes of any age.
    """
    ages = (timestamps.max(initial=0) - timestamps) / (SECONDS_A_DAY * half_life_days)
    shares = np.maximum(0.5**ages, np.finfo(np.float32).tiny)
    return sp.csr_array(((likes.data * shares).astype(np.float32), likes.indices, likes.indptr), shape=likes.shape)
