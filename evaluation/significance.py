"""How sure we are: bootstrap intervals of means over users.

Users are resampled, not rows: where several draws ask the same user, the rows are no independent
evidence, and an interval over rows would be too narrow. With several algorithms or metrics all
columns share one set of resamples, so that differences between them are paired.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "bootstrap_means", "paired_difference"]

Key = TypeVar("Key", bound=Hashable)

N_RESAMPLES = 2000
LEVEL = 0.95  #: share of the resamples inside an interval
CHUNK_ENTRIES = 1 << 18  #: user counts of resamples held at a time: 2 MiB, which stays in cache


@dataclass(frozen=True)
class Estimate:
    """A mean over users and its interval, 95 % unless asked otherwise."""

    mean: float
    low: float
    high: float


def bootstrap_means(
    users: NDArray[Any],
    columns: Mapping[Key, NDArray[np.float64]],
    *,
    seed: int,
    n_resamples: int = N_RESAMPLES,
    level: float = LEVEL,
) -> dict[Key, Estimate]:
    """The mean of each column with a percentile interval, from a cluster bootstrap over users.

    ``users`` (n,) says whose value each row of the ``columns`` (n,) is; a user's rows are drawn together,
    and a resample's mean is the sum of its values over the number of its rows (Davison & Hinkley 1997, section
    3.8, strategy 1). With one user the interval collapses to the mean.

    Raises ValueError where there is no row, or a column has another length than ``users``.
    """
    if len(users) == 0:
        raise ValueError("a mean needs at least one user, got none")
    for name, values in columns.items():
        if values.shape != users.shape:
            raise ValueError(f"{name}: {values.shape} values for {users.shape} users")
    codes = np.unique(users, return_inverse=True)[1]
    n_rows = np.bincount(codes)
    sums = np.stack([np.bincount(codes, weights=values) for values in columns.values()], axis=1)
    totals = _resampled_totals(np.column_stack([n_rows, sums]), seed=seed, n_resamples=n_resamples)
    means = totals[:, 1:] / totals[:, :1]
    lows, highs = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {
        name: Estimate(float(values.mean()), float(low), float(high))
        for (name, values), low, high in zip(columns.items(), lows, highs, strict=True)
    }


def paired_difference(
    users: NDArray[Any],
    values_a: NDArray[np.float64],
    values_b: NDArray[np.float64],
    *,
    seed: int,
    n_resamples: int = N_RESAMPLES,
    level: float = LEVEL,
) -> Estimate:
    """The mean of ``values_a - values_b``, row by row, as by ``bootstrap_means``."""
    columns = {"difference": values_a - values_b}
    return bootstrap_means(users, columns, seed=seed, n_resamples=n_resamples, level=level)["difference"]


def _resampled_totals(table: NDArray[np.float64], *, seed: int, n_resamples: int) -> NDArray[np.float64]:
    """(n_resamples, n_columns) column sums of ``table`` (n_users, n_columns) with its rows drawn with replacement."""
    rng = np.random.default_rng(seed)
    n_users, n_columns = table.shape
    totals = np.empty((n_resamples, n_columns))
    n_chunk = max(1, CHUNK_ENTRIES // n_users)
    for first in range(0, n_resamples, n_chunk):
        n = min(n_chunk, n_resamples - first)
        drawn = rng.integers(n_users, size=(n, n_users), dtype=np.int32)
        drawn += np.arange(0, n * n_users, n_users, dtype=np.int32)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=n * n_users).reshape(n, n_users)
        totals[first : first + n] = counts.astype(np.float64) @ table
    return totals
