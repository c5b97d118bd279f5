"""Models of Cornac (github.com/PreferredAI/cornac), which uses one thread when it is given a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from models.peers.adapters import PeerFactors, PeerWeights, library_settings
from models.threads import limited_threads

__all__ = ["CornacBPR", "CornacEASE", "CornacEASEConfig", "CornacMMMF", "CornacPairwiseConfig"]


@dataclass(frozen=True, kw_only=True)
class CornacPairwiseConfig:
    """Cornac's names and defaults."""

    k: int = 10
    learning_rate: float = 0.001
    lambda_reg: float = 0.01
    n_epochs: int = 100


class _CornacPairwise(PeerFactors[CornacPairwiseConfig]):
    config_type = CornacPairwiseConfig
    n_bias_columns = 1
    theirs: ClassVar[str]  #: name of Cornac's class

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        import cornac.models

        theirs = getattr(cornac.models, self.theirs)
        likes, ones = _dataset(train), np.ones((train.shape[0], 1), np.float32)
        fitted: dict[str, Any] = {}
        for epoch in range(1, self.config.n_epochs + 1):
            seed = int(np.random.default_rng([self.seed, epoch]).integers(2**31))
            model = theirs(**library_settings(self), max_iter=1, init_params=fitted, seed=seed).fit(likes)
            fitted = {"U": model.u_factors, "V": model.i_factors, "Bi": model.i_biases}
            self.user_factors = np.hstack([model.u_factors, ones])
            self.item_factors = np.hstack([model.i_factors, model.i_biases[:, None]])
            yield epoch


class CornacBPR(_CornacPairwise):
    """Cornac's BPR: positives are drawn uniformly from the likes, negatives uniformly from the items."""

    name = "cornac_bpr"
    theirs = "BPR"


class CornacMMMF(_CornacPairwise):
    """Cornac's MMMF: the pairs of BPR, with a step only if they are ranked in the wrong order."""

    name = "cornac_mmmf"
    theirs = "MMMF"


@dataclass(frozen=True, kw_only=True)
class CornacEASEConfig:
    """Cornac's names and defaults."""

    lamb: float = 500.0
    posB: bool = True  # noqa: N815  # Cornac's name  #: negative weights are replaced by 0


class CornacEASE(PeerWeights[CornacEASEConfig]):
    """Cornac's EASE, in float64."""

    name = "cornac_ease"
    config_type = CornacEASEConfig

    @classmethod
    def bytes_to_fit(cls, n_items: int) -> int:
        return 36 * n_items**2  # measured: float64 Gramian, inverse and B, with copies

    def _fitted_weights(self, likes: sp.csr_matrix) -> Any:
        from cornac.models import EASE

        with limited_threads(self.threads):
            return sp.csr_array(EASE(**library_settings(self), verbose=False).fit(_dataset(likes)).B)


def _dataset(train: sp.csr_array | sp.csr_matrix) -> Any:
    """Return the likes as Cornac's Dataset, with user and item numbers as ids."""
    from cornac.data import Dataset

    n_users, n_items = train.shape
    users = np.repeat(np.arange(n_users), np.diff(train.indptr))
    ids = {user: user for user in range(n_users)}, {item: item for item in range(n_items)}
    return Dataset(n_users, n_items, *ids, (users, train.indices.astype(np.int64), np.ones(train.nnz)))
