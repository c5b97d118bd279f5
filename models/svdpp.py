"""SVD++: biased SVD that also learns from which items a user rated, whatever the rating."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.biased_svd import BiasedConfig, BiasedModel
from models.kernels.rating_sgd import Cells, Step
from models.rating_cells import deal_ratings

__all__ = ["ImplicitConfig", "ImplicitModel", "SVDpp", "SVDppConfig"]


@dataclass(frozen=True, kw_only=True)
class ImplicitConfig(BiasedConfig):
    """Hyperparameters of the models with an implicit part; the only place where their defaults are written."""

    reg_implicit: float = 0.01  #: L2 penalty of the implicit item vectors y_j, applied at each rating


M = TypeVar("M", bound=ImplicitConfig)


class ImplicitModel(BiasedModel[M]):
    """A model whose users have  x_u = p_u + |N(u)|^-1/2 sum_{j in N(u)} y_j,  where N(u) are the items that u rated.

    All users share the y_j, so that an epoch runs on one core.
    """

    arrays: ClassVar[tuple[str, ...]] = (*BiasedModel.arrays, "own_factors", "implicit_factors")
    own_factors: NDArray[np.float32]  #: (n_users, n_factors + 2) columns: p_u, mu + b_u, 1
    implicit_factors: NDArray[np.float32]  #: (n_items, n_factors) y_j

    def _step(self, **more: Any) -> Step:
        return super()._step(reg_implicit=self.config.reg_implicit, **more)

    def _drawn(self, train: sp.csr_array) -> dict[str, NDArray[np.float32]]:
        state = super()._drawn(train)
        k = self.config.n_factors
        scale = np.float32(self.config.init_scale / np.sqrt(k))
        drawn = np.random.default_rng([self.seed, 2]).standard_normal((train.shape[1], k), np.float32)
        return state | {"implicit": scale * drawn}

    def _state(self) -> dict[str, NDArray[np.float32]]:
        return {"users": self.own_factors, "items": self.item_factors, "implicit": self.implicit_factors}

    def _set_state(self, state: dict[str, NDArray[np.float32]]) -> None:
        self.own_factors, self.item_factors, self.implicit_factors = state["users"], state["items"], state["implicit"]

    def _compose(self, train: sp.csr_array) -> None:
        self.user_factors = self.own_factors.copy()
        self.user_factors[:, : self.config.n_factors] += self._implicit_part(train)

    def _cells(self, train: sp.csr_array, rng: np.random.Generator) -> Cells:
        return deal_ratings(train, rng, users_share_items=True)

    def _without_ratings(self, histories: sp.csr_array) -> NDArray[np.float32]:
        users = super()._without_ratings(histories)
        users[:, : self.config.n_factors] = self._implicit_part(histories)
        return users

    def _implicit_part(self, rated: sp.csr_array) -> NDArray[np.float32]:
        """Return |N(u)|^-1/2 sum y_j of the users of the rows of ``rated``, (n, n_factors)."""
        n_rated = np.diff(rated.indptr)
        weights = np.repeat(np.float32(1) / np.sqrt(np.maximum(n_rated, 1), dtype=np.float32), n_rated)
        part: NDArray[np.float32] = sp.csr_array((weights, rated.indices, rated.indptr), rated.shape) @ (
            self.implicit_factors
        )
        return part


@dataclass(frozen=True, kw_only=True)
class SVDppConfig(ImplicitConfig):
    """Hyperparameters of SVD++; the only place where its defaults are written."""


class SVDpp(ImplicitModel[SVDppConfig]):
    """r_ui = mu + b_u + b_i + q_i.(p_u + |N(u)|^-1/2 sum_{j in N(u)} y_j)  (Koren 2008, KDD, equation 15)."""

    name = "svdpp"
    config_type = SVDppConfig
