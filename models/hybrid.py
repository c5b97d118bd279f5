"""The hybrid model: the vector of a user or an item is the sum of the vectors of its features."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_at_least_one, check_choice, check_not_negative, check_positive
from models.inputs import csr_arrays
from models.kernels import bpr, hybrid, warp
from models.kernels.hybrid import ANY, Sampling, Side, Step
from models.kernels.strata import Strata
from models.pairwise import PairwiseModel, drawn_key
from models.sparse_products import dense_product
from models.strata import MAX_BLOCKS, Dealer, by_popularity, single_block
from models.threads import limited_threads

__all__ = ["Hybrid", "HybridConfig"]

FOLD_IN_SWEEPS = 20  #: passes over the history of a cold-start user
LOSSES = {"logistic": hybrid.LOGISTIC, "bpr": hybrid.BPR, "warp": hybrid.WARP, "k-os": hybrid.KOS}
SIDES = ("user", "item")
STATE = ("embeddings", "sums", "steps")  #: arrays that a continued fit starts from
KNOWN = ("indptr", "indices", "weights")  #: CSR of the features of each user or item


@dataclass(frozen=True, kw_only=True)
class HybridConfig:
    """Hyperparameters of the hybrid model; the only place where its defaults are written."""

    n_factors: int = 64  #: length of a feature's vector, without the bias
    loss: Literal["logistic", "bpr", "warp", "k-os"] = "warp"  #: described at the model
    identity: Literal["both", "users", "items", "none"] = (
        "both"  #: which sides have an own feature for each user or item, beside the given features
    )
    optimizer: Literal["adagrad", "adadelta"] = "adagrad"
    learning_rate: float = 0.05  #: learning rate of Adagrad
    rho: float = 0.95  #: Adadelta: share of the running means that is kept at a step
    epsilon: float = 1e-6  #: Adadelta: added to the running means
    reg_user: float = 0.03  #: L2 penalty of each feature of the user, applied at each step
    reg_item: float = 0.03  #: L2 penalty of each feature of the two items, applied at each step
    max_sampled: int = 30  #: warp, k-os: at most this many draws of a negative for one like
    n_positives: int = 10  #: k-os: likes drawn for one step
    kth: int = 5  #: k-os: rank of the like that is learnt among these; 1 is the best scored
    negatives: Literal["uniform", "popularity"] = (
        "uniform"  #: logistic, bpr: uniform draws, or in proportion to an item's number of likes
    )
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
            raise ValueError(f"kth must be at most n_positives, {self.n_positives}, got {self.kth}")


class Hybrid(PairwiseModel[HybridConfig]):
    """LightFM's model (Kula 2015, arXiv:1507.08439): s_ui = x_u.y_i + b_u + b_i. The vector and bias of a user are
    the weighted sums of the vectors and biases of the user's features; those of an item likewise.

    The identity of a user or an item is one of its features. An item without likes is therefore scored by its other
    features, and without given features the model is plain matrix factorisation. Losses, for a liked item i and an
    item j that u does not like:

    - ``logistic``: -ln sigma(s_ui) for each like and -ln sigma(-s_uj) for one drawn item j;
    - ``bpr``: -ln sigma(s_ui - s_uj);
    - ``warp``: j is the first of at most ``max_sampled`` draws that scores above s_ui - 1; if it is draw number N, the
      loss is ln(max(1, floor((n_items - 1) / N))) |1 - s_ui + s_uj|_+;
    - ``k-os``: like ``warp``, where i is the ``kth`` best scored of ``n_positives`` draws from the user's likes in a
      block of items.

    Unlike in LightFM, a step penalises only the features that it moves, and does not move features that i and j both
    have with the same weight, since these cancel in s_ui - s_uj.

    Each cell of a stratum updates its own copy of the features that several users or items share, and the copies are
    averaged afterwards (``models.kernels.hybrid``). Factors are therefore the same on any number of threads, whereas
    LightFM's threads overwrite each other. Scores omit the user's bias, which does not change the order of items.

    The vector of a cold-start user is learnt from the history with the items held fixed: by steps of ``bpr`` if the
    loss is ``bpr`` or ``logistic``, else of ``warp``. It uses no features; ``users_from_features`` uses nothing else.
    """

    name = "hybrid"
    config_type = HybridConfig
    learns_from_features = True

    arrays: ClassVar[tuple[str, ...]] = (
        *PairwiseModel.arrays,
        *(f"{side}_{part}" for side in SIDES for part in (*STATE, *KNOWN)),
    )
    user_embeddings: NDArray[np.float32]  #: (n_users + n_user_features, n_factors + 1)
    user_sums: NDArray[np.float32]  #: of the same shape: sums (Adagrad) or means (Adadelta) of squared gradients
    user_steps: NDArray[np.float32]  #: Adadelta: means of squared steps
    user_indptr: NDArray[np.int64]  #: (n_users + 1,) CSR of given features by user
    user_indices: NDArray[np.int32]
    user_weights: NDArray[np.float32]
    item_embeddings: NDArray[np.float32]  #: the same six arrays for items
    item_sums: NDArray[np.float32]
    item_steps: NDArray[np.float32]
    item_indptr: NDArray[np.int64]
    item_indices: NDArray[np.int32]
    item_weights: NDArray[np.float32]

    def users_from_features(self, features: sp.csr_array) -> NDArray[np.float32]:
        """Return vectors, (n, n_factors + 1), of cold-start users from their ``features`` (n, n_user_features)."""
        self._fitted_train()
        vectors = self._summed("user", sp.csr_array(features, dtype=np.float32))
        vectors[:, -1] = 1
        return vectors

    def loss(self) -> float:
        """Return the mean loss over likes, without penalties; the draws are the same in every call.

        For ``k-os`` it is the loss of ``warp``.
        """
        train = self._fitted_train()
        sums, likes = np.zeros((train.shape[0], 2)), single_block(train)
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
                raise ValueError(
                    f"features of {side}s have {given.shape[1]} columns, fewer than the {n_shared} of the earlier fit"
                )
            before = {name: getattr(self, f"{side}_{name}") for name in STATE}
            features = known if given is None else given
            state = self._fresh(side, *features.shape)
            self._set(side, features, state)
            for name in STATE if self.config.optimizer == "adadelta" else STATE[:2]:
                state[name][:n_own] = before[name][:n_own]
                state[name][self._n_own(side) :][:n_shared] = before[name][n_own:]
        self._compose()

    def _dealer(self, train: sp.csr_array) -> Dealer:
        """Limit the blocks so that the copies of shared features cost no more than the steps."""
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
            warp.fold_in_users(
                single_block(histories), sampling, key, FOLD_IN_SWEEPS, step, self.item_factors, out, sums
            )
        return out

    def _set(self, side: str, features: sp.csr_array, state: dict[str, NDArray[np.float32]]) -> None:
        for name, array in zip(KNOWN, (*csr_arrays(features), features.data), strict=True):
            setattr(self, f"{side}_{name}", array)
        for name, rows in state.items():
            setattr(self, f"{side}_{name}", rows)
        if not len(state["embeddings"]):
            raise ValueError(
                f"{side}s have no features, not even their own, as identity is {self.config.identity!r}; "
                "pass features, or set identity='both'"
            )

    def _fresh(self, side: str, n_rows: int, n_shared: int) -> dict[str, NDArray[np.float32]]:
        """Return initial arrays by name; the first rows do not depend on the number of rows."""
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
        """Return the number of identity features."""
        return self._has_own(side) * (len(getattr(self, f"{side}_indptr")) - 1)

    def _n_shared(self, side: str) -> int:
        return len(getattr(self, f"{side}_embeddings")) - self._n_own(side)

    def _features_of(self, side: str) -> sp.csr_array:
        """Return the given features, (n_users, n_user_features), or those of items."""
        indptr, indices, weights = (getattr(self, f"{side}_{name}") for name in KNOWN)
        return sp.csr_array((weights, indices, indptr), shape=(len(indptr) - 1, self._n_shared(side)))

    def _compose(self) -> None:
        self.user_factors, self.item_factors = map(self._composed, SIDES)
        self.user_factors[:, -1] = 1

    def _composed(self, side: str) -> NDArray[np.float32]:
        """Return the vectors and biases of all users or items, (n, n_factors + 1)."""
        summed = self._summed(side, self._features_of(side))
        if self._has_own(side):
            summed += getattr(self, f"{side}_embeddings")[: len(summed)]
        return summed

    def _summed(self, side: str, features: sp.csr_array) -> NDArray[np.float32]:
        """Return weighted sums of vectors, (n, n_factors + 1), for given ``features`` (n, n_user_features)."""
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
        """Return the sampling of pairs for a model whose items are plain vectors."""
        config = self.config
        if config.loss in ("bpr", "logistic"):
            return warp.Sampling(warp.HARDEST, 1, 1, 1)  # the hardest of one draw is any item
        kth, n_positives = (config.kth, config.n_positives) if config.loss == "k-os" else (1, 1)
        return warp.Sampling(warp.VIOLATOR, config.max_sampled, kth, n_positives)

    def _step(self) -> Step:
        config = self.config
        numbers = (config.learning_rate, config.rho, config.epsilon, config.reg_user, config.reg_item)
        return Step(config.optimizer == "adadelta", *map(np.float32, numbers))
