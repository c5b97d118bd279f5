"""Old likes count less."""

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
    """The hyperparameter of every model in which old likes can count less."""

    half_life_days: float | None = None  #: age at which a like counts half; None: likes of any age count alike

    def __post_init__(self) -> None:
        if self.half_life_days is not None:
            check_positive(self, "half_life_days")


def decayed(likes: sp.csr_array, timestamps: NDArray[np.int64], half_life_days: float) -> sp.csr_array:
    """The same likes, of weight w 0.5^(age / half-life), the age of the newest of them being 0.

    ``timestamps`` (nnz,) are seconds. The weights stay above 0, however old a like is.
    """
    ages = (timestamps.max(initial=0) - timestamps) / (SECONDS_A_DAY * half_life_days)
    shares = np.maximum(0.5**ages, np.finfo(np.float32).tiny)
    return sp.csr_array(((likes.data * shares).astype(np.float32), likes.indices, likes.indptr), shape=likes.shape)
