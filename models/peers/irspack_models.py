"""Models of irspack (github.com/tohtsky/irspack)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import scipy.sparse as sp

from models.peers.adapters import PeerFactors, PeerWeights, binary_csr, library_settings, n_threads

__all__ = [
    "IrspackIALS",
    "IrspackIALSConfig",
    "IrspackP3Alpha",
    "IrspackP3AlphaConfig",
    "IrspackRP3Beta",
    "IrspackRP3BetaConfig",
    "IrspackSLIM",
    "IrspackSLIMConfig",
]


@dataclass(frozen=True, kw_only=True)
class IrspackIALSConfig:
    """irspack's names and defaults, except alpha0, whose default is not useful."""

    n_components: int = 20
    alpha0: float = 0.1
    reg: float = 1e-3
    nu: float = 1.0
    n_epochs: int = 16


class IrspackIALS(PeerFactors[IrspackIALSConfig]):
    """irspack's IALSRecommender."""

    name = "irspack_ials"
    config_type = IrspackIALSConfig

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        from irspack import IALSRecommender

        model = IALSRecommender(
            binary_csr(train), **library_settings(self), random_seed=self.seed, n_threads=n_threads(self)
        )
        model.start_learning()
        fitted = model.trainer_as_ials.core_trainer
        for epoch in range(1, self.config.n_epochs + 1):
            model.run_epoch()
            self.user_factors, self.item_factors = fitted.user.copy(), fitted.item.copy()
            yield epoch

    def _least_squares(self) -> tuple[float, float]:
        return self.config.alpha0, self.config.reg


@dataclass(frozen=True, kw_only=True)
class IrspackSLIMConfig:
    """irspack's names and defaults."""

    alpha: float = 0.05
    l1_ratio: float = 0.01


class IrspackSLIM(PeerWeights[IrspackSLIMConfig]):
    """irspack's SLIMRecommender, with non-negative weights."""

    name = "irspack_slim"
    config_type = IrspackSLIMConfig

    def _fitted_weights(self, likes: sp.csr_matrix) -> Any:
        from irspack import SLIMRecommender

        return SLIMRecommender(likes, **library_settings(self), n_threads=n_threads(self)).learn().W


@dataclass(frozen=True, kw_only=True)
class IrspackP3AlphaConfig:
    """irspack's names and defaults, except top_k, without which the weights are nearly dense."""

    alpha: float = 1.0
    top_k: int = 200
    normalize_weight: bool = False


class IrspackP3Alpha(PeerWeights[IrspackP3AlphaConfig]):
    """irspack's P3alphaRecommender."""

    name = "irspack_p3alpha"
    config_type = IrspackP3AlphaConfig

    def _fitted_weights(self, likes: sp.csr_matrix) -> Any:
        from irspack import P3alphaRecommender

        return P3alphaRecommender(likes, **library_settings(self), n_threads=n_threads(self)).learn().W


@dataclass(frozen=True, kw_only=True)
class IrspackRP3BetaConfig(IrspackP3AlphaConfig):
    """irspack's names and defaults, except top_k."""

    beta: float = 0.6


class IrspackRP3Beta(PeerWeights[IrspackRP3BetaConfig]):
    """irspack's RP3betaRecommender."""

    name = "irspack_rp3beta"
    config_type = IrspackRP3BetaConfig

    def _fitted_weights(self, likes: sp.csr_matrix) -> Any:
        from irspack import RP3betaRecommender

        return RP3betaRecommender(likes, **library_settings(self), n_threads=n_threads(self)).learn().W
