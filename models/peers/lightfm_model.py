"""LightFM (github.com/lyst/lightfm), as the package lightfm-next, which installs on current Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp

from models.config_checks import check_choice
from models.peers.adapters import PeerFactors, binary_csr, library_settings, n_threads

__all__ = ["LightFM", "LightFMConfig"]


@dataclass(frozen=True, kw_only=True)
class LightFMConfig:
    """LightFM's names and defaults."""

    no_components: int = 10
    loss: Literal["logistic", "bpr", "warp", "warp-kos"] = "warp"
    learning_rate: float = 0.05
    user_alpha: float = 0.0
    item_alpha: float = 0.0
    max_sampled: int = 10
    n_epochs: int = 30

    def __post_init__(self) -> None:
        check_choice(self, "loss", ("logistic", "bpr", "warp", "warp-kos"))


class LightFM(PeerFactors[LightFMConfig]):
    """LightFM without features; with several threads its factors vary from run to run."""

    name = "lightfm"
    config_type = LightFMConfig
    n_bias_columns = 1  #: the item's bias; the user's does not change the order of items

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        from lightfm import LightFM as Theirs

        likes = binary_csr(train).tocoo()
        model = Theirs(**library_settings(self), random_state=self.seed)
        ones = np.ones((train.shape[0], 1), np.float32)
        for epoch in range(1, self.config.n_epochs + 1):
            model.fit_partial(likes, epochs=1, num_threads=n_threads(self))
            self.user_factors = np.hstack([model.user_embeddings, ones])
            self.item_factors = np.hstack([model.item_embeddings, model.item_biases[:, None]])
            yield epoch
