"""Funk's SVD: vectors without biases, learnt from observed ratings by SGD."""

from __future__ import annotations

from dataclasses import dataclass

from models.rating_model import RatingConfig, RatingModel

__all__ = ["FunkSVD", "FunkSVDConfig"]


@dataclass(frozen=True, kw_only=True)
class FunkSVDConfig(RatingConfig):
    """Hyperparameters of Funk's SVD; the only place where its defaults are written."""


class FunkSVD(RatingModel[FunkSVDConfig]):
    """r_ui = mu + p_u.q_i  (Funk 2006, "Netflix Update: Try This at Home"), with all factors learnt together."""

    name = "funk_svd"
    config_type = FunkSVDConfig
