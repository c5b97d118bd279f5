"""The hybrid model: vectors of users and items that are sums over what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_at_least_one, check_choice, check_not_negative, check_positive
from models.inputs import csr_parts
from models.kernels import bpr, hybrid, warp
from models.kernels.hybrid import ANY, Sampling, Side, Step
from models.kernels.strata import Strata
from models.pairwise import PairwiseModel, drawn_key
from models.sparse_products import dense_product
from models.strata import MAX_BLOCKS, Dealer, by_popularity, undealt
from models.threads import limited_threads

__all__ = ["Hybrid", "HybridConfig"]

FOLD_IN_SWEEPS = 20  #: passes over a stranger's history
LOSSES = {"logistic": hybrid.LOGISTIC, "bpr": hybrid.BPR, "warp": hybrid.WARP, "k-os": hybrid.KOS}
SIDES = ("user", "item")
STATE = ("embeddings", "sums", "steps")  #: what a fit goes on from
KNOWN = ("indptr", "indices", "weights")  #: which features each user, or item, has


@dataclass(frozen=True, kw_only=True)
class HybridConfig:
    """Hyperparameters of the hybrid model; the only place where its defaults are written."""

    n_factors: int = 64  #: length of a feature's vector, the bias not counted
    loss: Literal["logistic", "bpr", "warp", "k-os"] = "warp"  #: see the model
    identity: Literal["both", "users", "items", "none"] = "both"  #: who has a feature of its own beside those given
    optimizer: Literal["adagrad", "adadelta"] = "adagrad"
    learning_rate: float = 0.05  #: of Adagrad
    rho: float = 0.95  #: Adadelta: what is kept of its running means at a step
    epsilon: float = 1e-6  #: Adadelta: added to them
    reg_user: float = 0.03  #: L2 penalty, at each step, of each feature of the user
    reg_item: float = 0.03  #: of either item's
    max_sampled: int = 30  #: warp, k-os: draws of a negative for one like, at most
    n_positives: int = 10  #: k-os: likes drawn for one step
    kth: int = 5  #: k-os: which of them is learnt, 1 being the best scored
    negatives: Literal["uniform", "popularity"] = "uniform"  #: logistic, bpr: any, or as likely as they have likes
    init_scale: float = 0.03  #: standard deviation of a fresh vector's length
    n_epochs: int = 20  #: passes over the likes

    def __post_init__(self) -> None:
        check_at_least_one(self, "n_factors", "max_sampled", "n_positives", "kth", "n_epochs")
        check_positive(self, "learning_rate", "epsilon", "init_scale")
        check_not_negative(self, "rho", "reg_user", "reg_item")
        check_choice(self, "loss", tuple(LOSSES))
        check_choice(self, "identity", ("both", "users", "items", "none"))
        check_choice(self, "optimizer", ("adagrad", "adadelta"))
        check_choice(self, "negatives", ("uniform", "popularity"))
        if self.rho >= 1:
            raise ValueError(f"rho must be less than 1, got {self.rho}")
        if self.kth > self.n_positives:
            raise ValueError(f"kth must be at most n_positives, which is {self.n_positives}; got {self.kth}")


class Hybrid(PairwiseModel[HybridConfig]):
    """LightFM's model (Kula 2015, arXiv:1507.08439): s_ui = x_u.y_i + b_u + b_i, where a user's vector and bias are
    the sums of those of the user's features, and an item's likewise, each times its weight.

    A user's, or an item's, identity is a feature like others. So an item without a like is known by the others, and
    without any features given this is plain matrix factorisation. Losses, i being liked by u and j not:

    - ``logistic``: -ln sigma(s_ui) for each like and -ln sigma(-s_uj) for another item that is drawn beside it;
    - ``bpr``: -ln sigma(s_ui - s_uj);
    - ``warp``: j is the first of at most ``max_sampled`` drawn to score above s_ui - 1; where that took N draws, the
      loss is ln(max(1, floor((n_items - 1) / N))) |1 - s_ui + s_uj|_+;
    - ``k-os``: the same of the ``kth`` best scored of ``n_positives`` draws from the user's likes in a block of items.

    Other than in LightFM, penalties are of the features that a step moves, at each step, and features which both items
    have stay, as the difference of the two scores knows nothing of them.

    What users or items share each cell of a stratum learns in a copy of its own, and afterwards they become the mean
    (``models.kernels.hybrid``): factors are the same on any number of threads, where LightFM's threads overwrite each
    other. Scores leave the user's bias out, which orders nothing. A stranger's features are not known: the vector is
    learnt from the history, the items held fixed, by steps of ``bpr`` where that or ``logistic`` is the loss, else of
    ``warp``; ``users_like`` knows strangers by features alone.
    """

    name = "hybrid"
    config_type = HybridConfig
    learns_from_features = True

    arrays: ClassVar[tuple[str, ...]] = (
        *PairwiseModel.arrays,
        *(f"{side}_{part}" for side in SIDES for part in (*STATE, *KNOWN)),
    )
    user_embeddings: NDArray[np.float32]  #: (n_users + n_user_features, n_factors + 1), identities first, biases last
    user_sums: NDArray[np.float32]  #: like them: Adagrad's or Adadelta's, of squared gradients
    user_steps: NDArray[np.float32]  #: Adadelta's, of squared steps
    user_indptr: NDArray[np.int64]  #: (n_users + 1,) which features a user has, and how much of each
    user_indices: NDArray[np.int32]
    user_weights: NDArray[np.float32]
    item_embeddings: NDArray[np.float32]  #: and the same of items
    item_sums: NDArray[np.float32]
    item_steps: NDArray[np.float32]
    item_indptr: NDArray[np.int64]
    item_indices: NDArray[np.int32]
    item_weights: NDArray[np.float32]

    def users_like(self, features: sp.csr_array) -> NDArray[np.float32]:
        """Like ``user_factors``, (n, n_factors + 1), of users known by ``features`` (n, n_user_features) alone."""
        self._fitted_train()
        vectors = self._summed("user", sp.csr_array(features, dtype=np.float32))
        vectors[:, -1] = 1
        return vectors

    def loss(self) -> float:
        """The mean of the loss over likes, with the same draws at every call; no penalties. That of k-os is warp's."""
        train = self._fitted_train()
        sums, likes = np.zeros((train.shape[0], 2)), undealt(train)
        key, (X, Y) = drawn_key(np.random.default_rng(self.seed)), (self.user_factors, self.item_factors)
        with limited_threads(self.threads):
            if self.config.loss == "logistic":
                hybrid.sum_logistic_losses(likes, key, X, self._composed("user")[:, -1].copy(), Y, sums[:, 0])
            elif self.config.loss == "bpr":
                free = bpr.Step(*np.zeros(4, np.float32))
                bpr.sum_losses(likes, bpr.Negatives(*ANY, 1), key, free, X, Y, sums)
            else:
                warp.sum_losses(likes, self._pair_sampling(), key, X, Y, sums[:, 0])
        return float(sums[:, 0].sum() / max(train.nnz, 1))

    def _start(self, train: sp.csr_array) -> None:
        self.n_epochs_done = np.array(0)
        for side, given, n_rows in zip(SIDES, self.features, train.shape, strict=True):
            features = sp.csr_array((n_rows, 0), dtype=np.float32) if given is None else given
            self._set(side, features, self._fresh(side, *features.shape))
        self._compose()

    def _grow(self, train: sp.csr_array) -> None:
        for side, given, n_rows in zip(SIDES, self.features, train.shape, strict=True):
            known, n_own, n_shared = self._features_of(side), self._n_own(side), self._n_shared(side)
            if given is None:
                known.resize((n_rows, n_shared))
            elif given.shape[1] < n_shared:
                raise ValueError(f"{given.shape[1]} features of {side}s are less than the {n_shared} that are known")
            before = {name: getattr(self, f"{side}_{name}") for name in STATE}
            features = known if given is None else given
            state = self._fresh(side, *features.shape)
            self._set(side, features, state)
            for name in STATE if self.config.optimizer == "adadelta" else STATE[:2]:
                state[name][:n_own] = before[name][:n_own]
                state[name][self._n_own(side) :][:n_shared] = before[name][n_own:]
        self._compose()

    def _dealer(self, train: sp.csr_array) -> Dealer:
        """Copies of what is shared, one for each cell, are to cost no more than steps do."""
        n_shared = sum(map(self._n_shared, SIDES))
        return Dealer(train, max_blocks=max(1, isqrt(train.nnz // n_shared)) if n_shared else MAX_BLOCKS)

    def _learn(self, strata: Strata, key: np.uint64) -> None:
        n_copies = len(strata.item_start) - 1
        users, items = self._side("user", n_copies), self._side("item", n_copies)
        hybrid.learn_epoch(strata, self._sampling(strata), key, self._step(), users, items)
        for side, learnt in (("user", users), ("item", items)):
            for name, rows in zip(STATE, (learnt.E, learnt.G, learnt.D), strict=True):
                known = getattr(self, f"{side}_{name}")
                known[:] = rows[: len(known)]
        self._compose()

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        out = np.zeros((histories.shape[0], self.config.n_factors + 1), np.float32)
        out[:, -1] = 1
        key = drawn_key(np.random.default_rng(self.seed))
        step = warp.Step(*(np.float32(v) for v in (self.config.learning_rate, self.config.reg_user, 0.0)))
        sampling, sums = self._pair_sampling(), np.ones_like(out)
        with limited_threads(self.threads, work=FOLD_IN_SWEEPS * histories.nnz):
            warp.fold_in_users(undealt(histories), sampling, key, FOLD_IN_SWEEPS, step, self.item_factors, out, sums)
        return out

    def _set(self, side: str, features: sp.csr_array, state: dict[str, NDArray[np.float32]]) -> None:
        for name, array in zip(KNOWN, (*csr_parts(features), features.data), strict=True):
            setattr(self, f"{side}_{name}", array)
        for name, rows in state.items():
            setattr(self, f"{side}_{name}", rows)
        if not len(state["embeddings"]):
            raise ValueError(
                f"{side}s have no features but identity={self.config.identity!r}; give some, or leave it both"
            )

    def _fresh(self, side: str, n_rows: int, n_shared: int) -> dict[str, NDArray[np.float32]]:
        """What a fit starts from; the first rows are the same however many there are."""
        k, place = self.config.n_factors, SIDES.index(side)
        scale = np.float32(self.config.init_scale / np.sqrt(k))
        drawn = [
            scale * np.random.default_rng([self.seed, stream]).standard_normal((n, k), np.float32)
            for n, stream in ((self._has_own(side) * n_rows, place), (n_shared, 2 + place))
        ]
        embeddings = np.hstack([np.concatenate(drawn), np.zeros((sum(map(len, drawn)), 1), np.float32)])
        if self.config.optimizer == "adadelta":
            return dict(zip(STATE, (embeddings, np.zeros_like(embeddings), np.zeros_like(embeddings)), strict=True))
        return dict(zip(STATE, (embeddings, np.ones_like(embeddings), embeddings[:0]), strict=True))

    def _has_own(self, side: str) -> bool:
        return self.config.identity in ("both", f"{side}s")

    def _n_own(self, side: str) -> int:
        """Features that are identities."""
        return self._has_own(side) * (len(getattr(self, f"{side}_indptr")) - 1)

    def _n_shared(self, side: str) -> int:
        return len(getattr(self, f"{side}_embeddings")) - self._n_own(side)

    def _features_of(self, side: str) -> sp.csr_array:
        """(n_users, n_user_features), or of items."""
        indptr, indices, weights = (getattr(self, f"{side}_{name}") for name in KNOWN)
        return sp.csr_array((weights, indices, indptr), shape=(len(indptr) - 1, self._n_shared(side)))

    def _compose(self) -> None:
        self.user_factors, self.item_factors = map(self._composed, SIDES)
        self.user_factors[:, -1] = 1

    def _composed(self, side: str) -> NDArray[np.float32]:
        """Vectors of all users, or items, with their biases."""
        summed = self._summed(side, self._features_of(side))
        if self._has_own(side):
            summed += getattr(self, f"{side}_embeddings")[: len(summed)]
        return summed

    def _summed(self, side: str, features: sp.csr_array) -> NDArray[np.float32]:
        """The same without identities, (n, n_factors + 1), of ``features`` (n, n_user_features)."""
        shared = np.ascontiguousarray(getattr(self, f"{side}_embeddings")[self._n_own(side) :])
        return dense_product(features, shared, threads=self.threads)

    def _side(self, side: str, n_copies: int) -> Side:
        n_own, n_shared = self._n_own(side), self._n_shared(side)
        indptr, indices, weights = (getattr(self, f"{side}_{name}") for name in KNOWN)
        tables = (getattr(self, f"{side}_{name}") for name in STATE)
        E, G, D = (np.concatenate([rows[:n_own], *n_copies * [rows[n_own:]]]) for rows in tables)
        return Side(n_own, indptr, indices, weights, E, G, D, np.zeros((n_copies, n_shared), np.bool_))

    def _sampling(self, strata: Strata) -> Sampling:
        config = self.config
        kth, n_positives = (config.kth, config.n_positives) if config.loss == "k-os" else (1, 1)
        draws = by_popularity(strata, 1.0) if config.negatives == "popularity" else ANY
        return Sampling(LOSSES[config.loss], config.max_sampled, kth, n_positives, *draws)

    def _pair_sampling(self) -> warp.Sampling:
        """How a model whose items are plain vectors would find pairs."""
        config = self.config
        if config.loss in ("bpr", "logistic"):
            return warp.Sampling(warp.HARDEST, 1, 1, 1)  # the hardest of one: any
        kth, n_positives = (config.kth, config.n_positives) if config.loss == "k-os" else (1, 1)
        return warp.Sampling(warp.VIOLATOR, config.max_sampled, kth, n_positives)

    def _step(self) -> Step:
        config = self.config
        numbers = (config.learning_rate, config.rho, config.epsilon, config.reg_user, config.reg_item)
        return Step(config.optimizer == "adadelta", *map(np.float32, numbers))
