"""WARP: matrix factorisation that learns from items ranked wrongly above or close to a liked item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_at_least_one, check_choice, check_not_negative, check_positive
from models.kernels.strata import Strata
from models.kernels.warp import HARDEST, VIOLATOR, Sampling, Step, fold_in_users, learn_epoch, sum_losses
from models.pairwise import PairwiseModel, drawn_key
from models.strata import Dealer, single_block
from models.threads import limited_threads

__all__ = ["WARP", "WARPConfig"]

FEW_BLOCKS = 4  #: for sparse likes: with 8 blocks, within which negatives are drawn, ten epochs reach a lower quality
FOLD_IN_SWEEPS = 20  #: passes over the history of a cold-start user


@dataclass(frozen=True, kw_only=True)
class WARPConfig:
    """Hyperparameters of WARP; the only place where its defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector, without the bias
    variant: Literal["warp", "k-os", "hardest"] = "warp"  #: described at the model
    learning_rate: float = 0.05  #: learning rate of Adagrad
    reg_user: float = 0.03  #: L2 penalty of the user's vector, applied at each step
    reg_item: float = 0.03  #: L2 penalty of the vectors and biases of the two items, applied at each step
    max_sampled: int = 30  #: at most this many draws of a negative for one like
    n_positives: int = 10  #: k-os: likes drawn for one step
    kth: int = 5  #: k-os: rank of the like that is learnt among these; 1 is the best scored
    init_scale: float = 0.03  #: standard deviation of a fresh vector's length
    n_epochs: int = 20  #: passes over the likes

    def __post_init__(self) -> None:
        check_at_least_one(self, "n_factors", "max_sampled", "n_positives", "kth", "n_epochs")
        check_positive(self, "learning_rate", "init_scale")
        check_not_negative(self, "reg_user", "reg_item")
        check_choice(self, "variant", ("warp", "k-os", "hardest"))
        if self.kth > self.n_positives:
            raise ValueError(f"kth must be at most n_positives, {self.n_positives}, got {self.kth}")


class WARP(PairwiseModel[WARPConfig]):
    """Weighted approximate-rank pairwise loss (Weston et al. 2011), with LightFM's Adagrad and item biases.

    For each like (u, i) at most ``max_sampled`` items are drawn until one, j, scores above s_ui - 1 and is not liked by
    u. If j is draw number N, a step descends ln(max(1, floor((n_items - 1) / N))) |1 - s_ui + s_uj|_+
    + (reg_user |x_u|^2 + reg_item (|(y_i, b_i)|^2 + |(y_j, b_j)|^2)) / 2, with s_ui = x_u.y_i + b_i. Variants:

    - ``k-os`` (Weston et al. 2013, RecSys): i is the ``kth`` best scored of ``n_positives`` draws from u's likes in one
      block of items (see PairwiseModel), of which a short history has few;
    - ``hardest``: j is the best scored of ``max_sampled`` unseen items, and the loss is BPR's, -ln sigma(s_ui - s_uj).

    Weights of likes do not count. The vector of a cold-start user starts from 0 and is learnt by the same steps with
    the items held fixed. It is deterministic; for a user of ``train`` it is near the fitted vector but not equal to it.
    """

    name = "warp"
    config_type = WARPConfig

    arrays: ClassVar[tuple[str, ...]] = (*PairwiseModel.arrays, "user_sums", "item_sums")
    user_sums: NDArray[np.float32]  #: Adagrad: 1 + the sum of squared gradients of each entry of ``user_factors``
    item_sums: NDArray[np.float32]  #: the same for ``item_factors``

    def loss(self) -> float:
        """Return the mean over likes of the weighted hinge of ``warp``, without penalties.

        The draws are the same in every call.
        """
        train = self._fitted_train()
        sums = np.zeros(train.shape[0])
        sampling = self._sampling()._replace(search=VIOLATOR)
        key = drawn_key(np.random.default_rng(self.seed))
        with limited_threads(self.threads):
            sum_losses(single_block(train), sampling, key, self.user_factors, self.item_factors, sums)
        return float(sums.sum() / max(train.nnz, 1))

    def _start(self, train: sp.csr_array) -> None:
        super()._start(train)
        self.user_sums, self.item_sums = np.ones_like(self.user_factors), np.ones_like(self.item_factors)

    def _grow(self, train: sp.csr_array) -> None:
        before = self.user_sums, self.item_sums
        super()._grow(train)
        self.user_sums, self.item_sums = np.ones_like(self.user_factors), np.ones_like(self.item_factors)
        for sums, known in zip((self.user_sums, self.item_sums), before, strict=True):
            sums[: len(known)] = known

    def _dealer(self, train: sp.csr_array) -> Dealer:
        return Dealer(train, few_blocks=FEW_BLOCKS)

    def _learn(self, strata: Strata, key: np.uint64) -> None:
        state = (self.user_factors, self.item_factors, self.user_sums, self.item_sums)
        learn_epoch(strata, self._sampling(), key, self._step(), *state)

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        out = np.zeros((histories.shape[0], self.config.n_factors + 1), np.float32)
        out[:, -1] = 1
        key = drawn_key(np.random.default_rng(self.seed))
        step, items = self._step(), self.item_factors
        with limited_threads(self.threads, work=FOLD_IN_SWEEPS * histories.nnz):
            fold_in_users(
                single_block(histories), self._sampling(), key, FOLD_IN_SWEEPS, step, items, out, np.ones_like(out)
            )
        return out

    def _sampling(self) -> Sampling:
        config = self.config
        search = HARDEST if config.variant == "hardest" else VIOLATOR
        kth, n_positives = (config.kth, config.n_positives) if config.variant == "k-os" else (1, 1)
        return Sampling(search, config.max_sampled, kth, n_positives)

    def _step(self) -> Step:
        config = self.config
        return Step(*(np.float32(v) for v in (config.learning_rate, config.reg_user, config.reg_item)))
