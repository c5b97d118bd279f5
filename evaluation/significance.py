"""How sure we are: bootstrap intervals of means over users, and tests of the difference between two algorithms.

Users are resampled, not rows: where several draws ask the same user, the rows are no independent
evidence, and an interval over rows would be too narrow. With several algorithms or metrics all
columns share one set of resamples, so that differences between them are paired.

Differences are tested by randomisation, not by Wilcoxon's or the sign test: on samples as large as these both call
true nulls different far more often than their level says, while the paired t test, the bootstrap and randomisation
hold it (Ihemelandu & Ekstrand 2023, arXiv:2305.02461). Ranks of differences answer another question than means do.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Estimate",
    "bootstrap_means",
    "effect_size",
    "holm",
    "is_equivalent",
    "paired_difference",
    "paired_randomisation",
    "randomisations_for",
]

Key = TypeVar("Key", bound=Hashable)

N_RESAMPLES = 2000
LEVEL = 0.95  #: share of the resamples inside an interval
EQUIVALENCE_LEVEL = 0.9  #: two one-sided tests at 5 % each
N_RANDOMISATIONS = 10_000  #: the smallest p is one in as many
RANDOMISATIONS_A_TEST = 40  #: so that the smallest p, corrected for all tests, is half of .05
CHUNK_ENTRIES = 1 << 18  #: user counts of resamples used at a time: 2 MiB, which stays in cache
KEPT_ENTRIES = 1 << 25  #: 32 MiB of them are kept for the next call


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


def paired_randomisation(
    users: NDArray[Any],
    values_a: NDArray[np.float64],
    values_b: NDArray[np.float64],
    *,
    seed: int,
    n_draws: int = N_RANDOMISATIONS,
) -> float:
    """Two-sided p of the null that it does not matter which of the two algorithms a user's values come from.

    Of each user all differences change sign together or not at all. The p is (1 + draws at least as extreme as what was
    seen) / (1 + draws), which is never 0 (Phipson & Smyth 2010).
    """
    codes = np.unique(users, return_inverse=True)[1]
    sums = np.bincount(codes, weights=values_a - values_b)
    sums = sums[sums != 0]  # no sign changes a zero
    if len(sums) == 0:
        return 1.0
    rng = np.random.default_rng(seed)
    seen = abs(sums.sum()) * (1 - 1e-12)  # equal sums, added up in another order, are as extreme
    n_extreme = 0
    n_chunk = max(1, CHUNK_ENTRIES // len(sums))
    for first in range(0, n_draws, n_chunk):
        n = min(n_chunk, n_draws - first)
        bits = np.unpackbits(rng.integers(256, size=(n, (len(sums) + 7) // 8), dtype=np.uint8), axis=1)
        signs = 2.0 * bits[:, : len(sums)] - 1
        n_extreme += int((np.abs(signs @ sums) >= seen).sum())
    return (1 + n_extreme) / (1 + n_draws)


def randomisations_for(n_tests: int) -> int:
    """Draws of each of so many tests that are corrected together: of too few no p could be small enough."""
    return max(N_RANDOMISATIONS, RANDOMISATIONS_A_TEST * n_tests)


def holm(p_values: Mapping[Key, float]) -> dict[Key, float]:
    """The p values of one family of tests, adjusted so that at most the level of all families errs once (Holm 1979).

    The i-th smallest of m is multiplied by m - i + 1; none gets below one that was smaller, or above 1.
    """
    adjusted: dict[Key, float] = {}
    reached = 0.0
    for i, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        reached = max(reached, min(1.0, (len(p_values) - i) * p_values[name]))
        adjusted[name] = reached
    return {name: adjusted[name] for name in p_values}


def effect_size(users: NDArray[Any], values_a: NDArray[np.float64], values_b: NDArray[np.float64]) -> float:
    """Cohen's d_z: the mean of the users' differences in units of their standard deviation; 0 where all are 0.

    Not the sample's size but how consistent users are decides it: .2 is called small, .5 medium, .8 large.
    """
    codes = np.unique(users, return_inverse=True)[1]
    differences = np.bincount(codes, weights=values_a - values_b) / np.bincount(codes)
    if len(differences) < 2 or not differences.any():
        return 0.0
    spread = differences.std(ddof=1)
    return float(differences.mean() / spread) if spread > 0 else float(np.copysign(np.inf, differences[0]))


def is_equivalent(
    users: NDArray[Any], values_a: NDArray[np.float64], values_b: NDArray[np.float64], *, margin: float, seed: int
) -> bool:
    """Whether the difference is shown to be smaller than ``margin`` in either direction, at the 5 % level.

    Two one-sided tests (Schuirmann 1987) by their interval: the 90 % bootstrap interval lies within the margin.
    """
    interval = paired_difference(users, values_a, values_b, seed=seed, level=EQUIVALENCE_LEVEL)
    return -margin < interval.low and interval.high < margin


def _resampled_totals(table: NDArray[np.float64], *, seed: int, n_resamples: int) -> NDArray[np.float64]:
    """(n_resamples, n_columns) column sums of ``table`` (n_users, n_columns) with its rows drawn with replacement."""
    n_users = len(table)
    chunks = _kept_counts if n_resamples * n_users <= KEPT_ENTRIES else _counts
    return np.concatenate([counts.astype(np.float64) @ table for counts in chunks(n_users, n_resamples, seed)])


def _counts(n_users: int, n_resamples: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    """How often each resample has drawn each user, (n, n_users), some resamples at a time."""
    rng = np.random.default_rng(seed)
    n_chunk = max(1, CHUNK_ENTRIES // n_users)
    for first in range(0, n_resamples, n_chunk):
        n = min(n_chunk, n_resamples - first)
        drawn = rng.integers(n_users, size=(n, n_users), dtype=np.int32)
        drawn += np.arange(0, n * n_users, n_users, dtype=np.int32)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=n * n_users).reshape(n, n_users)
        yield counts.astype(np.uint8)  # a user is drawn once in the mean, and never 256 times


@lru_cache(maxsize=2)
def _kept_counts(n_users: int, n_resamples: int, seed: int) -> tuple[NDArray[np.uint8], ...]:
    """Those of a study, which asks again after each trial: drawing them takes longer than using them."""
    return tuple(_counts(n_users, n_resamples, seed))
