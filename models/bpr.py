"""BPR: matrix factorisation that learns to rank a liked item above an item that was not liked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_at_least_one, check_choice, check_not_negative, check_positive
from models.kernels.bpr import Negatives, Step, fold_in_users, learn_epoch, sum_losses
from models.kernels.strata import Strata
from models.pairwise import PairwiseModel, drawn_key
from models.strata import by_popularity, single_block
from models.threads import limited_threads

__all__ = ["BPR", "BPRConfig"]

FOLD_IN_SWEEPS = 20  #: passes over the history of a cold-start user


@dataclass(frozen=True, kw_only=True)
class BPRConfig:
    """Hyperparameters of BPR; the only place where its defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector, without the bias
    learning_rate: float = 0.08  #: learning rate of the first epoch
    decay: float = 0.15  #: the learning rate of epoch t is learning_rate / (1 + decay (t - 1))
    reg_user: float = 0.03  #: L2 penalty of the user's vector, applied at each step
    reg_positive: float = 0.01  #: L2 penalty of the liked item's vector and bias
    reg_negative: float = 0.01  #: L2 penalty of the other item's vector and bias
    negatives: Literal["uniform", "popularity", "adaptive"] = (
        "adaptive"  #: uniform or popularity-weighted draws, or the best scored of n_candidates draws
    )
    n_candidates: int = 5  #: adaptive negatives: number of draws to choose from
    popularity_exponent: float = (
        0.75  #: popularity negatives are drawn in proportion to their number of likes to this power
    )
    init_scale: float = 0.1  #: root mean square length of an initial vector
    n_epochs: int = 40  #: passes over the likes

    def __post_init__(self) -> None:
        check_at_least_one(self, "n_factors", "n_candidates", "n_epochs")
        check_positive(self, "learning_rate", "init_scale")
        check_not_negative(self, "decay", "reg_user", "reg_positive", "reg_negative", "popularity_exponent")
        check_choice(self, "negatives", ("uniform", "popularity", "adaptive"))


class BPR(PairwiseModel[BPRConfig]):
    """Bayesian personalised ranking (Rendle et al. 2009, arXiv:1205.2618), with item biases.

    Each step takes a like (u, i) and an item j that u does not like, and descends -ln sigma(s_ui - s_uj)
    + (reg_user |x_u|^2 + reg_positive |(y_i, b_i)|^2 + reg_negative |(y_j, b_j)|^2) / 2 with s_ui = x_u.y_i + b_i.
    Adaptive negatives are the best scored of ``n_candidates`` uniform ones (Zhang et al. 2013, SIGIR, "dynamic
    negative sampling"). Weights of likes do not count.

    The vector of a cold-start user starts from 0 and is learnt by the same steps with the items held fixed. It is
    deterministic; for a user of ``train`` it is near the fitted vector but not equal to it.
    """

    name = "bpr"
    config_type = BPRConfig

    def loss(self) -> float:
        """Return the mean loss of one step for each like, with uniform negatives.

        The draws are the same in every call.
        """
        train = self._fitted_train()
        sums = np.zeros((train.shape[0], 2))
        negatives = _uniform(1)
        with limited_threads(self.threads):
            sum_losses(
                single_block(train),
                negatives,
                drawn_key(np.random.default_rng(self.seed)),
                self._step(0),
                self.user_factors,
                self.item_factors,
                sums,
            )
        total, n_steps = sums.sum(axis=0)
        return float(total / max(n_steps, 1))

    def _learn(self, strata: Strata, key: np.uint64) -> None:
        step = self._step(int(self.n_epochs_done))
        learn_epoch(strata, self._negatives(strata), key, step, self.user_factors, self.item_factors)

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        likes = single_block(histories)
        out = np.zeros((histories.shape[0], self.config.n_factors + 1), np.float32)
        out[:, -1] = 1
        rates = np.array([self._step(sweep).learning_rate for sweep in range(FOLD_IN_SWEEPS)], np.float32)
        work = FOLD_IN_SWEEPS * self.config.n_candidates * histories.nnz
        with limited_threads(self.threads, work=work):
            fold_in_users(
                likes,
                self._negatives(single_block(self._fitted_train())),
                drawn_key(np.random.default_rng(self.seed)),
                rates,
                self._step(0),
                self.item_factors,
                out,
            )
        return out

    def _step(self, epoch: int) -> Step:
        config = self.config
        rate = config.learning_rate / (1 + config.decay * epoch)
        return Step(*(np.float32(v) for v in (rate, config.reg_user, config.reg_positive, config.reg_negative)))

    def _negatives(self, strata: Strata) -> Negatives:
        config = self.config
        if config.negatives != "popularity":
            return _uniform(config.n_candidates if config.negatives == "adaptive" else 1)
        return Negatives(*by_popularity(strata, config.popularity_exponent), 1)


def _uniform(n_candidates: int) -> Negatives:
    return Negatives(np.zeros(0), np.zeros(0, np.int32), n_candidates)
