"""A slow, simple implementation of the models of ratings: every rating updates every y_j of its user, as in Koren."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


class Textbook:
    """SGD in float64 from the initial arrays ``state`` of a model; ``step`` takes one rating at a time."""

    def __init__(self, state: dict[str, NDArray[np.float32]], config: Any, mean: float, *, has_biases: bool) -> None:
        k = config.n_factors
        users, items = state["users"].astype(np.float64), state["items"].astype(np.float64)
        self.config, self.mean, self.has_biases = config, mean, has_biases
        self.p, self.b_user = users[:, :k], users[:, k] - mean
        self.q, self.b_item, self.b_bin = items[:, :k], items[:, k + 1], items[:, k + 2 :]
        self.y = state.get("implicit", np.zeros_like(items[:, :k])).astype(np.float64)
        drift = state.get("drift", np.zeros((len(users), k + 1))).astype(np.float64)
        self.d, self.a = drift[:, :k], drift[:, k]

    def predict(self, u: int, i: int, rated: list[int], dev: float = 0.0, time_bin: int | None = None) -> float:
        at = 0.0 if time_bin is None else self.b_bin[i, time_bin]
        bias = self.mean + self.b_user[u] + dev * self.a[u] + self.b_item[i] + at
        return float(bias + self.q[i] @ self.vector(u, rated, dev))

    def vector(self, u: int, rated: list[int], dev: float) -> Matrix:
        implicit: Matrix = sum((self.y[j] for j in rated), np.zeros_like(self.p[u])) / max(len(rated), 1) ** 0.5
        return self.p[u] + implicit + dev * self.d[u]

    def step(
        self,
        u: int,
        i: int,
        rating: float,
        rated: list[int],
        rate: float,
        dev: float = 0.0,
        time_bin: int | None = None,
    ) -> None:
        config = self.config
        error = rating - self.predict(u, i, rated, dev, time_bin)
        vector, q, p, d = self.vector(u, rated, dev), self.q[i].copy(), self.p[u].copy(), self.d[u].copy()
        self.p[u] += rate * (error * q - config.reg * p)
        self.q[i] += rate * (error * vector - config.reg * q)
        if self.has_biases:
            self.b_user[u] += rate * (error - config.reg_bias * self.b_user[u])
            self.b_item[i] += rate * (error - config.reg_bias * self.b_item[i])
        for j in rated:
            self.y[j] += rate * (error * q / len(rated) ** 0.5 - config.reg_implicit * self.y[j])
        if time_bin is not None:
            slow = rate * config.drift_rate
            self.d[u] += slow * (error * dev * q - config.reg_drift * d)
            self.a[u] += slow * (error * dev - config.reg_drift * self.a[u])
            self.b_bin[i, time_bin] += slow * (error - config.reg_drift * self.b_bin[i, time_bin])
