"""Biased SVD: vectors and biases learnt from observed ratings by SGD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from models.kernels.rating_sgd import Step
from models.rating_model import RatingConfig, RatingModel

__all__ = ["BiasedConfig", "BiasedModel", "BiasedSVD", "BiasedSVDConfig"]


@dataclass(frozen=True, kw_only=True)
class BiasedConfig(RatingConfig):
    """Hyperparameters of the models with biases; the only place where their defaults are written."""

    reg_bias: float = 0.02  #: L2 penalty of the biases, applied at each rating


B = TypeVar("B", bound=BiasedConfig)


class BiasedModel(RatingModel[B]):
    """A model with a bias for each user and each item."""

    def _step(self, **more: Any) -> Step:
        rate = super()._step().rate
        return super()._step(bias_rate=rate, reg_bias=self.config.reg_bias, **more)


@dataclass(frozen=True, kw_only=True)
class BiasedSVDConfig(BiasedConfig):
    """Hyperparameters of biased SVD; the only place where its defaults are written."""


class BiasedSVD(BiasedModel[BiasedSVDConfig]):
    """r_ui = mu + b_u + b_i + p_u.q_i  (Koren, Bell & Volinsky 2009, Computer 42(8), equation 4)."""

    name = "biased_svd"
    config_type = BiasedSVDConfig
