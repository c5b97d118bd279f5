"""Factor models of observed ratings, learnt by SGD: what the family has in common."""

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
SMALLEST_REG = 1e-6  #: keeps a stranger's system solvable


@dataclass(frozen=True, kw_only=True)
class RatingConfig:
    """Hyperparameters of every model of ratings; the only place where their defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector, biases not counted
    learning_rate: float = 0.02  #: of the first epoch
    decay: float = 0.1  #: epoch t learns at learning_rate / (1 + decay (t - 1))
    reg: float = 0.08  #: L2 penalty of vectors, for each rating
    init_scale: float = 0.5  #: standard deviation of a fresh vector's length
    n_epochs: int = 30  #: passes over the ratings

    def __post_init__(self) -> None:
        check_at_least_one(self, "n_factors", "n_epochs")
        check_positive(self, "learning_rate", "init_scale")
        check_not_negative(self, *(name for name in vars(self) if name == "decay" or name.startswith("reg")))


R = TypeVar("R", bound=RatingConfig)


class RatingModel(FactorModel[R]):
    """Predicts ratings:  r_ui = mu + p_u.q_i, and what a form adds; see ``models.kernels.rating_sgd``.

    ``train`` holds ratings as weights, low ones too. Scores are predictions, not cut to the scale of the ratings, so
    that none tie. Users and items without ratings have vectors of 0 and are predicted by what else is known.

    A stranger's vector and bias are the ridge regression of the history on the items, held fixed: deterministic, and
    for a user of ``train`` near the fitted vector, not equal to it.
    """

    learns_from_ratings = True
    n_bias_columns = 2
    arrays: ClassVar[tuple[str, ...]] = (*FactorModel.arrays, "mean", "rating_range", "n_epochs_done")
    mean: NDArray[np.float32]  #: () of all ratings
    rating_range: NDArray[np.float32]  #: (2,) the lowest and the highest rating
    n_epochs_done: NDArray[np.int64]  #: (), since the factors were drawn: what the rate follows from

    def predict(
        self, users: ArrayLike, items: ArrayLike, *, timestamps: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """(n,) ratings of ``items`` by ``users``, cut to the scale of the ratings of ``train``.

        ``timestamps`` (n,) int64 say when, for models that know of time; without, it is each user's last rating.
        """
        n_users, n_items = self._fitted_train().shape
        who, what = checked_users(users, n_users), checked_items(items, n_items)
        return np.clip(self._predict_all(who, what, timestamps), *self.rating_range)

    def loss(self) -> float:
        """The mean square error over the training ratings, without penalties."""
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

    # what a form may add

    def _drawn(self, train: sp.csr_array) -> dict[str, NDArray[np.float32]]:
        """What SGD starts from, by name; the first rows are the same however many there are."""
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
        """What SGD goes on from."""
        return {"users": self.user_factors, "items": self.item_factors}

    def _set_state(self, state: dict[str, NDArray[np.float32]]) -> None:
        self.user_factors, self.item_factors = state["users"], state["items"]

    def _compose(self, train: sp.csr_array) -> None:
        """Make ``user_factors`` whole, where there is more to them than what SGD goes on from."""

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
        return self._regressed(histories, self._before_rating(histories))

    def _before_rating(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Users as they are known before any of their ratings is."""
        users = np.zeros((histories.shape[0], self.item_factors.shape[1]), np.float32)
        users[:, self.config.n_factors] = self.mean
        users[:, self.config.n_factors + 1] = 1
        return users

    def _regressed(self, histories: sp.csr_array, users: NDArray[np.float32]) -> NDArray[np.float32]:
        """``users`` with the vectors, and the biases, that explain what is left of the ratings."""
        k = self.config.n_factors
        n_learnt = k if self._step().bias_rate == 0 else k + 1  # the column of the bias is 1 on the items' side
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
