"""Uncertainty: bootstrap intervals of means over users, and tests of the difference between two algorithms.

The bootstrap resamples users, not rows: rows of the same user in several draws are not independent, and an
interval over rows would be too narrow. All columns (algorithms or metrics) share one set of resamples, so that
differences between them are paired.

Differences are tested by randomisation. On samples of this size, Wilcoxon's test and the sign test reject true null
hypotheses far more often than their level, while the paired t test, the bootstrap and randomisation keep it
(Ihemelandu & Ekstrand 2023, arXiv:2305.02461). Tests on ranks of differences also do not compare means.
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
N_RANDOMISATIONS = 10_000  #: the smallest possible p is about 1 / N_RANDOMISATIONS
RANDOMISATIONS_A_TEST = 40  #: the smallest possible p, corrected for all tests, is then half of .05
CHUNK_ENTRIES = 1 << 18  #: counts (resamples x users) per chunk: 2 MiB as float64, which stays in cache
KEPT_ENTRIES = 1 << 25  #: counts cached for the next call: 32 MiB
EXACT_BITS = 53  #: whole numbers of this many bits are added without rounding in float64


@dataclass(frozen=True)
class Estimate:
    """A mean over users with its interval, by default the 95 % interval."""

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
    """Mean of each column with a percentile interval, from a cluster bootstrap over users.

    ``users`` (n,) are the users that the rows of the ``columns`` (n,) belong to. All rows of a user are drawn
    together; the mean of a resample is the sum of its values divided by the number of its rows (Davison & Hinkley
    1997, section 3.8, strategy 1). With one user the interval collapses to the mean.

    Raises ValueError if there are no rows, or if the length of a column differs from that of ``users``.
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
    """Mean of ``values_a - values_b`` with the interval of ``bootstrap_means``."""
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
    """Two-sided p value of the null hypothesis that the two algorithms' values of each user are exchangeable.

    All differences of a user change sign together. The p value is (1 + draws at least as extreme as the observed
    difference) / (1 + draws), which is never 0 (Phipson & Smyth 2010).
    """
    codes = np.unique(users, return_inverse=True)[1]
    sums = np.bincount(codes, weights=values_a - values_b)
    sums = sums[sums != 0]  # zeros do not change with their sign
    if len(sums) == 0:
        return 1.0
    whole, _ = _as_whole_numbers(sums, len(sums))
    rng = np.random.default_rng(seed)
    seen = abs(whole.sum()) - len(whole)  # tolerance for sums that were equal before each term was rounded
    n_extreme = 0
    n_chunk = max(1, CHUNK_ENTRIES // len(sums))
    for first in range(0, n_draws, n_chunk):
        n = min(n_chunk, n_draws - first)
        bits = np.unpackbits(rng.integers(256, size=(n, (len(sums) + 7) // 8), dtype=np.uint8), axis=1)
        signs = 2.0 * bits[:, : len(sums)] - 1
        n_extreme += int((np.abs(signs @ whole) >= seen).sum())
    return (1 + n_extreme) / (1 + n_draws)


def randomisations_for(n_tests: int) -> int:
    """Draws per test, enough for a corrected p value below .05 in a family of ``n_tests``."""
    return max(N_RANDOMISATIONS, RANDOMISATIONS_A_TEST * n_tests)


def holm(p_values: Mapping[Key, float]) -> dict[Key, float]:
    """Adjust the p values of a family of tests to control its family-wise error rate (Holm 1979).

    The i-th smallest of m is multiplied by m - i + 1; the result is kept monotone and at most 1.
    """
    adjusted: dict[Key, float] = {}
    reached = 0.0
    for i, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        reached = max(reached, min(1.0, (len(p_values) - i) * p_values[name]))
        adjusted[name] = reached
    return {name: adjusted[name] for name in p_values}


def effect_size(users: NDArray[Any], values_a: NDArray[np.float64], values_b: NDArray[np.float64]) -> float:
    """Cohen's d_z: the mean difference per user divided by its standard deviation over users; 0 if all are 0.

    It does not grow with the number of users. By convention .2 is small, .5 medium and .8 large.
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
    """Whether the difference is significantly smaller than ``margin`` in both directions, at the 5 % level.

    Two one-sided tests (Schuirmann 1987): the 90 % bootstrap interval lies within the margin.
    """
    interval = paired_difference(users, values_a, values_b, seed=seed, level=EQUIVALENCE_LEVEL)
    return -margin < interval.low and interval.high < margin


def _resampled_totals(table: NDArray[np.float64], *, seed: int, n_resamples: int) -> NDArray[np.float64]:
    """Exact column sums of ``table`` (n_users, n_columns) with rows drawn with replacement, (n_resamples, n_columns).

    BLAS adds in an order that depends on the number of columns and on the processor; exact sums do not.
    """
    n_users = len(table)
    chunks = _kept_counts if n_resamples * n_users <= KEPT_ENTRIES else _counts
    whole, exponents = _as_whole_numbers(table, n_users)
    totals = [counts.astype(np.float64) @ whole for counts in chunks(n_users, n_resamples, seed)]
    return np.ldexp(np.concatenate(totals), exponents)


def _as_whole_numbers(values: NDArray[np.float64], n_terms: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Round ``values`` (n, ...) to multiples of 2^exponent; return the whole multiples and each column's exponent.

    The unit is the smallest for which no sum of ``n_terms`` values exceeds 2^53, so that sums are exact in any order.
    The rounding error of a value is below 2^-52 ``n_terms`` times the column's largest value.
    """
    exponents = np.frexp(np.abs(values).max(axis=0))[1] + (n_terms - 1).bit_length() - EXACT_BITS
    return np.rint(np.ldexp(values, -exponents)), exponents


def _counts(n_users: int, n_resamples: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    """Yield how often each resample draws each user, (n, n_users), in chunks of resamples."""
    rng = np.random.default_rng(seed)
    n_chunk = max(1, CHUNK_ENTRIES // n_users)
    for first in range(0, n_resamples, n_chunk):
        n = min(n_chunk, n_resamples - first)
        drawn = rng.integers(n_users, size=(n, n_users), dtype=np.int32)
        drawn += np.arange(0, n * n_users, n_users, dtype=np.int32)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=n * n_users).reshape(n, n_users)
        yield counts.astype(np.uint8)  # a count has mean 1 and never reaches 256


@lru_cache(maxsize=2)
def _kept_counts(n_users: int, n_resamples: int, seed: int) -> tuple[NDArray[np.uint8], ...]:
    """Counts cached for a study, which needs them after each trial: drawing takes longer than using them."""
    return tuple(_counts(n_users, n_resamples, seed))
