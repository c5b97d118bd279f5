"""Logistic matrix factorisation: the probability that a user likes an item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_at_least_one, check_choice, check_not_negative, check_positive
from models.decay import DecayConfig
from models.factor_model import FactorModel
from models.inputs import check_no_negative_weight, csr_arrays
from models.kernels.logistic_mf import Likes, Zeros, fold_in_rows, sum_losses, sweep_rows
from models.pairwise import drawn_key
from models.threads import limited_threads

__all__ = ["LogisticMF", "LogisticMFConfig"]

FOLD_IN_SWEEPS = 20  #: passes over the history of a cold-start user


@dataclass(frozen=True, kw_only=True)
class LogisticMFConfig(DecayConfig):
    """Hyperparameters of logistic MF; the only place where its defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector, without biases
    learning_rate: float = 0.05  #: learning rate of the first epoch
    decay: float = 0.1  #: the learning rate of epoch t is learning_rate / (1 + decay (t - 1))
    reg: float = 0.01  #: L2 penalty of a row, applied at each step
    alpha: float = 1.0  #: confidence of a like of weight 1
    confidence: Literal["linear", "log"] = "log"  #: c = alpha r, or alpha log2(1 + r), which suits play counts
    negatives: Literal["sampled", "weighted"] = "weighted"  #: described at the model
    n_negatives: int = 3  #: pairs without a like drawn for each like
    unobserved_mass: float = 10.0  #: weighted: total weight of all pairs without a like, for each like
    init_scale: float = 0.1  #: standard deviation of a fresh vector's length
    n_epochs: int = 30  #: passes over the users, then over the items

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least_one(self, "n_factors", "n_negatives", "n_epochs")
        check_positive(self, "learning_rate", "alpha", "unobserved_mass", "init_scale")
        check_not_negative(self, "decay", "reg")
        check_choice(self, "confidence", ("linear", "log"))
        check_choice(self, "negatives", ("sampled", "weighted"))


class LogisticMF(FactorModel[LogisticMFConfig]):
    """Logistic matrix factorisation (Johnson 2014): alternating passes of SGD, users first, then items.

    p(u likes i) = sigma(s_ui), s_ui = x_u.y_i + b_u + b_i. Maximises sum_likes (c s - (1 + c) ln(1 + e^s))
    - sum_{other pairs} w ln(1 + e^s) less penalties, with c = alpha r or alpha log2(1 + r). Other pairs are those
    without a like. They are drawn anew in each pass; ``negatives`` defines their number and weight:

    - ``sampled``: users draw ``n_negatives`` items uniformly for each of their likes, with weight 1. Items all draw the
      same number of users, in proportion to the users' number of likes. The common alternative, draws in proportion to
      the item's likes, would cancel popularity out of the biases;
    - ``weighted``: all rows draw the same number of pairs, with weights that make them stand for all other pairs of the
      row. Each of these has the weight ``unobserved_mass`` nnz / (n_users n_items - nnz).

    Factors do not depend on the number of threads. The vector of a cold-start user starts from 0 and is learnt by
    ``FOLD_IN_SWEEPS`` passes with the items held fixed. It is deterministic; for a user of ``train`` it is near the
    fitted vector but not equal to it.
    """

    name = "logistic_mf"
    config_type = LogisticMFConfig
    n_bias_columns = 2

    arrays: ClassVar[tuple[str, ...]] = (*FactorModel.arrays, "n_epochs_done")
    n_epochs_done: NDArray[
        np.int64
    ]  #: (), epochs since the last fit from scratch; determines the draws of the next epoch

    def loss(self) -> float:
        """Return the mean over likes of the loss of the users' pass, without penalties.

        The draws are the same in every call.
        """
        train = self._fitted_train()
        likes, zeros = self._likes(train), self._zeros_of_users(train, train)
        sums = np.zeros(train.shape[0])
        with limited_threads(self.threads):
            key = drawn_key(np.random.default_rng(self.seed))
            sum_losses(likes, zeros, key, self.user_factors, self.item_factors, sums)
        return float(sums.sum() / max(train.nnz, 1))

    def _start(self, train: sp.csr_array) -> None:
        self.user_factors, self.item_factors = self._drawn(train.shape)
        self.n_epochs_done = np.array(0)

    def _grow(self, train: sp.csr_array) -> None:
        users, items = self._drawn(train.shape)
        self.user_factors = np.concatenate([self.user_factors, users[len(self.user_factors) :]])
        self.item_factors = np.concatenate([self.item_factors, items[len(self.item_factors) :]])

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        k, reg = self.config.n_factors, np.float32(self.config.reg)
        by_item = train.T.tocsr()
        users, of_users = self._likes(train), self._zeros_of_users(train, train)
        items, of_items = self._likes(by_item), self._zeros_of_items(by_item)
        for epoch in range(1, self.config.n_epochs + 1):
            rate = self._rate(int(self.n_epochs_done))
            rng = np.random.default_rng([self.seed, int(self.n_epochs_done)])
            with limited_threads(self.threads):
                sweep_rows(users, of_users, drawn_key(rng), rate, reg, k + 1, self.item_factors, self.user_factors)
                sweep_rows(items, of_items, drawn_key(rng), rate, reg, k, self.user_factors, self.item_factors)
            self.n_epochs_done = self.n_epochs_done + 1
            yield epoch

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        k, reg = self.config.n_factors, np.float32(self.config.reg)
        out = np.zeros((histories.shape[0], k + 2), np.float32)
        out[:, k + 1] = 1
        rates = np.array([self._rate(sweep) for sweep in range(FOLD_IN_SWEEPS)])
        key = drawn_key(np.random.default_rng(self.seed))
        likes, zeros = self._likes(histories), self._zeros_of_users(histories, self._fitted_train())
        work = FOLD_IN_SWEEPS * (histories.nnz + int(zeros.n_drawn.sum()))
        with limited_threads(self.threads, work=work):
            fold_in_rows(likes, zeros, key, rates, reg, k + 1, self.item_factors, out)
        return out

    def _rate(self, epoch: int) -> np.float32:
        return np.float32(self.config.learning_rate / (1 + self.config.decay * epoch))

    def _likes(self, rows: sp.csr_array) -> Likes:
        check_no_negative_weight(rows)
        grown = np.log2(1 + rows.data) if self.config.confidence == "log" else rows.data
        return Likes(*csr_arrays(rows), np.float32(self.config.alpha) * grown)

    def _zeros_of_users(self, rows: sp.csr_array, train: sp.csr_array) -> Zeros:
        """Return the pairs to draw for ``rows``, users of ``train`` or cold-start users."""
        if self.config.negatives == "weighted":
            return self._weighted_zeros(rows, train, n_likes=train.nnz / train.shape[0])
        n_drawn = self.config.n_negatives * np.diff(rows.indptr).astype(np.int64)
        return Zeros(n_drawn, np.ones(len(n_drawn), np.float32), np.zeros(0, np.int32))

    def _zeros_of_items(self, by_item: sp.csr_array) -> Zeros:
        n_likes = by_item.nnz / by_item.shape[0]
        if self.config.negatives == "weighted":
            return self._weighted_zeros(by_item, by_item, n_likes=n_likes)
        n_drawn = np.full(by_item.shape[0], round(self.config.n_negatives * n_likes))
        _, user_of_like = csr_arrays(by_item)  # a uniform draw of a like is a draw of its user by number of likes
        return Zeros(n_drawn, np.ones(len(n_drawn), np.float32), user_of_like)

    def _weighted_zeros(self, rows: sp.csr_array, train: sp.csr_array, *, n_likes: float) -> Zeros:
        """Return the pairs to draw; ``n_likes`` is the mean of a row of ``train``, which may be transposed."""
        n_rows, n_fixed = rows.shape
        n_drawn = max(1, round(self.config.n_negatives * n_likes))
        n_unliked = train.shape[0] * train.shape[1] - train.nnz
        share = self.config.unobserved_mass * train.nnz / max(n_unliked, 1)
        weight = share * (n_fixed - np.diff(rows.indptr)) / n_drawn
        return Zeros(np.full(n_rows, n_drawn), weight.astype(np.float32), np.zeros(0, np.int32))

    def _drawn(self, shape: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return initial users and items with biases 0; the first rows do not depend on their number."""
        k = self.config.n_factors
        scale = np.float32(self.config.init_scale / np.sqrt(k))
        factors = []
        for side, n in enumerate(shape):
            drawn = np.zeros((n, k + 2), np.float32)
            drawn[:, :k] = scale * np.random.default_rng([self.seed, side]).standard_normal((n, k), np.float32)
            drawn[:, k + 1 - side] = 1
            factors.append(drawn)
        return factors[0], factors[1]
