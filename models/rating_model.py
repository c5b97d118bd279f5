"""Base class of factor models that learn observed ratings by SGD."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from models.config_checks import check_at_least_one, check_not_negative, check_positive
from models.factor_model import FactorModel
from models.inputs import checked_items, checked_users
from models.kernels.rating_sgd import Cells, Step, learn_epoch
from models.rating_cells import deal_ratings
from models.row_solvers import RowSolver
from models.threads import limited_threads

__all__ = ["RatingConfig", "RatingModel"]

PREDICTED_AT_A_TIME = 1 << 16
SMALLEST_REG = 1e-6  #: least penalty of a cold-start user's system, which keeps it regular


@dataclass(frozen=True, kw_only=True)
class RatingConfig:
    """Hyperparameters of every model of ratings; the only place where their defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector, without biases
    learning_rate: float = 0.02  #: learning rate of the first epoch
    decay: float = 0.1  #: the learning rate of epoch t is learning_rate / (1 + decay (t - 1))
    reg: float = 0.08  #: L2 penalty of the vectors, applied at each rating
    init_scale: float = 0.5  #: standard deviation of a fresh vector's length
    n_epochs: int = 30  #: passes over the ratings

    def __post_init__(self) -> None:
        check_at_least_one(self, "n_factors", "n_epochs")
        check_positive(self, "learning_rate", "init_scale")
        check_not_negative(self, *(name for name in vars(self) if name == "decay" or name.startswith("reg")))


R = TypeVar("R", bound=RatingConfig)


class RatingModel(FactorModel[R]):
    """Predicts ratings:  r_ui = mu + p_u.q_i and terms that subclasses add; see ``models.kernels.rating_sgd``.

    The weights of ``train`` are ratings, low ones too. Scores are predicted ratings. They are not clipped to the scale
    of the ratings, which would make ties. Users and items without ratings have vectors of 0; the other terms predict
    them.

    The vector and bias of a cold-start user are a ridge regression of the history on the items, which are held fixed.
    They are deterministic; for a user of ``train`` they are near the fitted ones but not equal to them.
    """

    learns_from_ratings = True
    n_bias_columns = 2
    arrays: ClassVar[tuple[str, ...]] = (*FactorModel.arrays, "mean", "rating_range", "n_epochs_done")
    mean: NDArray[np.float32]  #: () mean of all ratings
    rating_range: NDArray[np.float32]  #: (2,) the lowest and the highest rating
    n_epochs_done: NDArray[np.int64]  #: (), epochs since the last fit from scratch; determines the learning rate

    def predict(
        self, users: ArrayLike, items: ArrayLike, *, timestamps: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """Return predicted ratings, (n,), of n pairs of ``users`` and ``items``, clipped to the range of ``train``.

        ``timestamps`` (n,) int64 are the seconds of the ratings, for models of time; None is each user's last rating.
        """
        n_users, n_items = self._fitted_train().shape
        who, what = checked_users(users, n_users), checked_items(items, n_items)
        return np.clip(self._predict_all(who, what, timestamps), *self.rating_range)

    def loss(self) -> float:
        """Return the mean squared error on the training ratings, without penalties."""
        train = self._fitted_train()
        users = np.repeat(np.arange(train.shape[0]), np.diff(train.indptr))
        errors = train.data - self._predict_all(users, train.indices, self.timestamps)
        return float((errors.astype(np.float64) ** 2).mean()) if len(errors) else 0.0

    def _predict_all(
        self, users: NDArray[np.int64], items: NDArray[np.int64], timestamps: NDArray[np.int64] | None
    ) -> NDArray[np.float32]:
        predicted = np.empty(len(users), np.float32)
        for start in range(0, len(users), PREDICTED_AT_A_TIME):
            rows = slice(start, start + PREDICTED_AT_A_TIME)
            when = None if timestamps is None else timestamps[rows]
            predicted[rows] = self._predict(users[rows], items[rows], when)
        return predicted

    def _start(self, train: sp.csr_array) -> None:
        rated = train.data if train.nnz else np.zeros(1, np.float32)
        self.mean = np.array(rated.mean(dtype=np.float64), np.float32)
        self.rating_range = np.array([rated.min(), rated.max()])
        self.n_epochs_done = np.array(0)
        self._set_state(self._drawn(train))

    def _grow(self, train: sp.csr_array) -> None:
        drawn = self._drawn(train)
        known = self._state()
        self._set_state({name: np.concatenate([known[name], new[len(known[name]) :]]) for name, new in drawn.items()})

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        cells = self._cells(train, np.random.default_rng(self.seed))
        state = self._state()
        empty = np.zeros((0, self.config.n_factors + 1), np.float32)
        X, Q = state["users"], state["items"]
        Y, D = state.get("implicit", empty[:, :-1]), state.get("drift", empty)
        for epoch in range(1, self.config.n_epochs + 1):
            with limited_threads(self.threads):
                learn_epoch(cells, self._step(), X, Q, Y, D)
            self.n_epochs_done = self.n_epochs_done + 1
            self._set_state(state)
            self._compose(train)
            yield epoch

    # methods that subclasses extend

    def _drawn(self, train: sp.csr_array) -> dict[str, NDArray[np.float32]]:
        """Return the initial arrays by name; the first rows do not depend on the number of rows."""
        k = self.config.n_factors
        scale = np.float32(self.config.init_scale / np.sqrt(k))
        state = {}
        n_ratings = np.diff(train.indptr), np.bincount(train.indices, minlength=train.shape[1])
        for side, (name, rated) in enumerate(zip(("users", "items"), n_ratings, strict=True)):
            rng = np.random.default_rng([self.seed, side])
            drawn = np.zeros((len(rated), k + 2), np.float32)
            drawn[:, :k] = scale * rng.standard_normal((len(rated), k), np.float32) * (rated > 0)[:, None]
            drawn[:, k + 1 - side] = 1
            state[name] = drawn
        state["users"][:, k] = self.mean
        return state

    def _state(self) -> dict[str, NDArray[np.float32]]:
        """Return the arrays that SGD updates, by name."""
        return {"users": self.user_factors, "items": self.item_factors}

    def _set_state(self, state: dict[str, NDArray[np.float32]]) -> None:
        self.user_factors, self.item_factors = state["users"], state["items"]

    def _compose(self, train: sp.csr_array) -> None:
        """Compute ``user_factors`` from the arrays that SGD updates, in models that have more of these."""

    def _cells(self, train: sp.csr_array, rng: np.random.Generator) -> Cells:
        return deal_ratings(train, rng)

    def _step(self, **more: Any) -> Step:
        config = self.config
        rate = config.learning_rate / (1 + config.decay * int(self.n_epochs_done))
        numbers: dict[str, Any] = {
            "rate": rate,
            "reg": config.reg,
            "bias_rate": 0.0,
            "reg_bias": 0.0,
            "mean": self.mean,
        }
        numbers |= {"reg_implicit": 0.0, "drift_rate": 0.0, "reg_drift": 0.0} | more
        return Step(**{name: np.float32(number) for name, number in numbers.items()})

    def _predict(
        self, users: NDArray[np.int64], items: NDArray[np.int64], timestamps: NDArray[np.int64] | None
    ) -> NDArray[np.float32]:
        predicted: NDArray[np.float32] = np.einsum("ij,ij->i", self.user_factors[users], self.item_factors[items])
        return predicted

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        return self._regressed(histories, self._without_ratings(histories))

    def _without_ratings(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the factors of cold-start users without their ratings: mean, constant and implicit part."""
        users = np.zeros((histories.shape[0], self.item_factors.shape[1]), np.float32)
        users[:, self.config.n_factors] = self.mean
        users[:, self.config.n_factors + 1] = 1
        return users

    def _regressed(self, histories: sp.csr_array, users: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add to ``users`` the vectors and biases that a ridge regression finds for the rest of the ratings."""
        k = self.config.n_factors
        n_learnt = (
            k if self._step().bias_rate == 0 else k + 1
        )  # items have a constant 1 in the column of the user's bias
        n_rated = np.diff(histories.indptr)
        rows = np.repeat(np.arange(len(users)), n_rated)
        explained = np.einsum("ij,ij->i", users[rows], self.item_factors[histories.indices])
        left = sp.csr_array((histories.data - explained, histories.indices, histories.indptr), shape=histories.shape)
        solver = RowSolver(
            solver="cholesky", slope=0.0, intercept=1.0, tolerance=0.0, block_size=1, threads=self.threads
        )
        users[:, :n_learnt] += solver.solve(
            left,
            np.ascontiguousarray(self.item_factors[:, :n_learnt]),
            spectrum=np.zeros(n_learnt, np.float32),
            reg=np.maximum(self.config.reg, SMALLEST_REG) * np.maximum(n_rated, 1).astype(np.float64),
            start=np.zeros((len(users), n_learnt), np.float32),
        )
        return users
