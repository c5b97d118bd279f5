"""Bootstrap intervals: coverage, clusters of rows of one user, and reproducibility."""

from __future__ import annotations

import itertools
from math import sqrt

import numpy as np
import pytest

from evaluation import significance
from evaluation.significance import Estimate, bootstrap_means, paired_difference

N_DRAWS = 5


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def interval(users: np.ndarray, values: np.ndarray, *, seed: int = 0, **options: float) -> Estimate:
    return bootstrap_means(users, {"values": values}, seed=seed, **options)["values"]


def test_the_mean_is_the_plain_mean_of_all_rows() -> None:
    users, values = np.array([7, 7, 7, 9]), np.array([0.0, 0.5, 1.0, 0.2])
    assert interval(users, values).mean == pytest.approx(1 / 4 * (0.0 + 0.5 + 1.0 + 0.2))


def test_the_width_of_the_interval_follows_from_the_standard_error() -> None:
    values = np.random.default_rng(1).normal(3, 2, 4000)
    estimate = interval(np.arange(4000), values)
    assert width(estimate) == pytest.approx(2 * 1.96 * values.std() / sqrt(4000), rel=0.05)


def test_95_percent_of_the_intervals_hold_the_true_mean() -> None:
    rng, n_repetitions, n_users = np.random.default_rng(2), 400, 150
    held = 0
    for repetition in range(n_repetitions):
        values = rng.exponential(1.0, n_users)
        estimate = interval(np.arange(n_users), values, seed=repetition, n_resamples=400)
        held += estimate.low <= 1.0 <= estimate.high
    # 95 % with a standard error of sqrt(.95 * .05 / 400) = 1.1 %; skew and few resamples cost about 2 %
    assert 0.91 <= held / n_repetitions <= 0.975


def test_a_lower_level_gives_a_narrower_interval() -> None:
    values = np.random.default_rng(1).normal(size=500)
    assert width(interval(np.arange(500), values, level=0.5)) < 0.5 * width(interval(np.arange(500), values))


def test_the_quantiles_are_those_of_all_possible_resamples() -> None:
    users, values = np.array([0, 0, 1, 2, 2, 2, 3, 4]), np.array([0.1, 0.9, 0.35, 0.2, 0.3, 0.7, 0.05, 0.62])
    rows = [values[users == user] for user in range(5)]
    every = [np.concatenate([rows[user] for user in drawn]).mean() for drawn in itertools.product(range(5), repeat=5)]
    estimate = interval(users, values, n_resamples=40_000)
    assert [estimate.low, estimate.high] == pytest.approx(np.quantile(every, [0.025, 0.975]), abs=0.01)


def test_repeating_every_users_values_in_five_draws_does_not_narrow_the_interval() -> None:
    users, values = np.arange(300), np.random.default_rng(4).random(300)
    once, often = interval(users, values), interval(np.tile(users, N_DRAWS), np.tile(values, N_DRAWS))
    assert [often.mean, often.low, often.high] == pytest.approx([once.mean, once.low, once.high])
    as_different_users = interval(np.arange(300 * N_DRAWS), np.tile(values, N_DRAWS))
    assert width(as_different_users) < 0.5 * width(once)


def test_draws_that_differ_within_a_user_narrow_the_interval() -> None:
    rng, users = np.random.default_rng(5), np.arange(300)
    first, others = rng.random(300), rng.random(300 * (N_DRAWS - 1))
    pooled = interval(np.tile(users, N_DRAWS), np.concatenate([first, others]))
    assert width(pooled) == pytest.approx(width(interval(users, first)) / sqrt(N_DRAWS), rel=0.15)


def test_one_seed_gives_one_interval() -> None:
    users, values = np.arange(50), np.random.default_rng(6).random(50)
    assert interval(users, values, seed=1) == interval(users, values, seed=1)
    assert interval(users, values, seed=1) != interval(users, values, seed=2)


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    users, values = np.repeat(np.arange(40), 3), rng.random(120)
    order = rng.permutation(120)
    shuffled, sorted_ = interval(users[order], values[order]), interval(users, values)
    assert [shuffled.low, shuffled.high] == pytest.approx([sorted_.low, sorted_.high])


@pytest.mark.bits
@pytest.mark.parametrize("n_others", [1, 7, 64])
def test_the_interval_of_a_column_does_not_depend_on_other_columns(n_others: int) -> None:
    rng = np.random.default_rng(7)
    users, ranks = np.arange(700), rng.integers(1, 400, (700, n_others + 1))
    columns = {f"column {i}": np.where(ranks[:, i] <= 100, 1 / ranks[:, i], 0.0) for i in range(n_others + 1)}
    together = bootstrap_means(users, columns, seed=3)
    for name in columns:
        assert together[name] == interval(users, columns[name], seed=3)


def test_chunks_cover_every_resample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(significance, "CHUNK_ENTRIES", 70)
    values = np.random.default_rng(9).random(20)
    estimate = interval(np.arange(20), values, n_resamples=1999)
    assert width(estimate) == pytest.approx(2 * 1.96 * values.std() / sqrt(20), rel=0.1)


def test_the_interval_of_a_constant_difference_collapses() -> None:
    users, values = np.arange(80), np.random.default_rng(10).random(80)
    estimate = paired_difference(users, values + 0.25, values, seed=0)
    assert [estimate.mean, estimate.low, estimate.high] == pytest.approx([0.25] * 3)


def test_a_paired_difference_is_narrower_than_the_means_it_compares() -> None:
    rng, users = np.random.default_rng(11), np.arange(200)
    a = rng.random(200)
    b = a + rng.normal(0.02, 0.05, 200)
    difference = paired_difference(users, b, a, seed=0)
    assert difference.low > 0
    assert width(difference) < 0.5 * width(interval(users, a))


def test_the_interval_of_one_user_collapses_to_the_mean() -> None:
    estimate = interval(np.array([3, 3]), np.array([0.25, 0.75]))
    assert estimate == Estimate(0.5, 0.5, 0.5)


def test_no_user_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one user, got none"):
        interval(np.empty(0, int), np.empty(0))


def test_columns_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"values: \(2,\) values for \(3,\) users"):
        interval(np.arange(3), np.ones(2))


def test_cached_resamples_equal_fresh_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    users, values = np.arange(300), np.random.default_rng(5).random(300)
    cached = [interval(users, values, seed=seed) for seed in (1, 2, 1)]
    monkeypatch.setattr(significance, "KEPT_ENTRIES", 0)
    assert cached == [interval(users, values, seed=seed) for seed in (1, 2, 1)]
    assert cached[0] != cached[1]
