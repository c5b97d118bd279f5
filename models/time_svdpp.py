"""timeSVD++: SVD++ with item biases that change with time and users that drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_at_least_one, check_positive
from models.kernels.rating_sgd import Cells, Step
from models.rating_cells import deal_ratings
from models.svdpp import ImplicitConfig, ImplicitModel

__all__ = ["TimeSVDpp", "TimeSVDppConfig"]


@dataclass(frozen=True, kw_only=True)
class TimeSVDppConfig(ImplicitConfig):
    """Hyperparameters of timeSVD++; the only place where its defaults are written."""

    n_bins: int = 30  #: time bins between the first and the last rating, each with a bias for every item
    drift_power: float = 0.4  #: exponent of dev_u(t)
    drift_rate: float = 0.1  #: learning rate of the terms that depend on time, as a share of learning_rate
    reg_drift: float = 0.05  #: L2 penalty of drifts and of biases in time bins, applied at each rating

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least_one(self, "n_bins")
        check_positive(self, "drift_power", "drift_rate")


class TimeSVDpp(ImplicitModel[TimeSVDppConfig]):
    """SVD++ with terms that depend on time  (Koren 2010, CACM 53(4)):

    b_i(t) = b_i + b_i,bin(t),  b_u(t) = b_u + dev_u(t) a_u,  p_u(t) = p_u + dev_u(t) d_u,
    dev_u(t) = sign(t - t_u) |t - t_u|^drift_power, where t_u is the mean date of the user's ratings and dates are
    shares of the time between the first and the last rating of all. The paper's biases of single days are left out,
    since recommendations are for days after these.

    Scores are those at the date of the user's last rating; for cold-start users, at the date of the last rating of all
    and with dev_u = 0. Without timestamps all ratings have the same date.
    """

    name = "time_svdpp"
    config_type = TimeSVDppConfig
    learns_from_times = True
    arrays: ClassVar[tuple[str, ...]] = (*ImplicitModel.arrays, "drift_factors", "span", "mean_dates", "last_dates")
    drift_factors: NDArray[np.float32]  #: (n_users, n_factors + 1) columns: d_u, a_u
    span: NDArray[np.int64]  #: (2,) the first and the last timestamp
    mean_dates: NDArray[np.float64]  #: (n_users,) as shares of the span
    last_dates: NDArray[np.float64]  #: (n_users,) as shares of the span

    def __init__(self, config: TimeSVDppConfig | None = None, *, seed: int = 0, threads: int | None = None) -> None:
        super().__init__(config, seed=seed, threads=threads)
        self.n_bias_columns = 2 + self.config.n_bins

    def _step(self, **more: Any) -> Step:
        rate = super()._step().rate * self.config.drift_rate
        return super()._step(drift_rate=rate, reg_drift=self.config.reg_drift, **more)

    def _start(self, train: sp.csr_array) -> None:
        times = self.timestamps
        self.span = np.zeros(2, np.int64) if times is None or not len(times) else np.array([times.min(), times.max()])
        super()._start(train)

    def _drawn(self, train: sp.csr_array) -> dict[str, NDArray[np.float32]]:
        state = super()._drawn(train)
        bins = np.zeros((train.shape[1], self.config.n_bins), np.float32)
        drift = np.zeros((train.shape[0], self.config.n_factors + 1), np.float32)
        return state | {"items": np.hstack([state["items"], bins]), "drift": drift}

    def _state(self) -> dict[str, NDArray[np.float32]]:
        return super()._state() | {"drift": self.drift_factors}

    def _set_state(self, state: dict[str, NDArray[np.float32]]) -> None:
        super()._set_state(state)
        self.drift_factors = state["drift"]

    def _cells(self, train: sp.csr_array, rng: np.random.Generator) -> Cells:
        n_rated = np.diff(train.indptr)
        users = np.repeat(np.arange(len(n_rated)), n_rated)
        dates = np.ones(train.nnz) if self.timestamps is None else self._dates(self.timestamps)
        self.mean_dates = np.bincount(users, dates, len(n_rated)) / np.maximum(n_rated, 1)
        self.last_dates = np.zeros(len(n_rated))
        np.maximum.at(self.last_dates, users, dates)
        dev, bins = self._dev(users, dates), self._bins(dates)
        return deal_ratings(train, rng, users_share_items=True, dev=dev, bins=bins)

    def _compose(self, train: sp.csr_array) -> None:
        super()._compose(train)
        users = np.arange(train.shape[0])
        self.user_factors = self._at(users, self.user_factors, self.last_dates)

    def _at(
        self, users: NDArray[np.int64], still: NDArray[np.float32], dates: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return the factors of ``users`` at ``dates`` from their factors without drift, ``still``."""
        k, n_bins = self.config.n_factors, self.config.n_bins
        moved = np.zeros((len(users), k + 2 + n_bins), np.float32)
        moved[:, : k + 2] = still
        moved[:, : k + 1] += self._dev(users, dates)[:, None] * self.drift_factors[users]
        moved[np.arange(len(users)), k + 2 + self._bins(dates)] = 1
        return moved

    def _predict(
        self, users: NDArray[np.int64], items: NDArray[np.int64], timestamps: NDArray[np.int64] | None
    ) -> NDArray[np.float32]:
        if timestamps is None:
            return super()._predict(users, items, None)
        k = self.config.n_factors
        still = self.user_factors[users, : k + 2]
        still[:, : k + 1] -= self._dev(users, self.last_dates[users])[:, None] * self.drift_factors[users]
        moved = self._at(users, still, self._dates(timestamps))
        predicted: NDArray[np.float32] = np.einsum("ij,ij->i", moved, self.item_factors[items])
        return predicted

    def _without_ratings(self, histories: sp.csr_array) -> NDArray[np.float32]:
        users = super()._without_ratings(histories)
        users[:, -1] = 1  # the last bin
        return users

    def _dates(self, timestamps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return timestamps as shares of the span, clipped to [0, 1]."""
        first, last = self.span
        return np.clip((timestamps - first) / max(last - first, 1), 0, 1)

    def _dev(self, users: NDArray[np.int64], dates: NDArray[np.float64]) -> NDArray[np.float32]:
        away = dates - self.mean_dates[users]
        return (np.sign(away) * np.abs(away) ** self.config.drift_power).astype(np.float32)

    def _bins(self, dates: NDArray[np.float64]) -> NDArray[np.int32]:
        return np.minimum(dates * self.config.n_bins, self.config.n_bins - 1).astype(np.int32)
