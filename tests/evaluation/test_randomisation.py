"""Tests of a difference: known answers, rates of false positives, arithmetic."""

from __future__ import annotations

from itertools import product
from math import sqrt

import numpy as np
import pytest

from evaluation.significance import effect_size, holm, is_equivalent, paired_randomisation, randomisations_for

USERS = np.arange(10)


def test_the_p_value_is_the_share_of_sign_changes_that_are_as_extreme() -> None:
    a, b = np.array([0.9, 0.1, 0.5, 0.7, 0.3, 0.8]), np.array([0.2, 0.3, 0.1, 0.6, 0.25, 0.4])
    sums = [np.dot(signs, a - b) for signs in product([-1, 1], repeat=6)]
    exact = np.mean(np.abs(sums) >= abs((a - b).sum()) - 1e-12)
    assert paired_randomisation(np.arange(6), a, b, seed=0, n_draws=40_000) == pytest.approx(exact, abs=0.008)


def test_the_same_difference_for_every_user_has_the_smallest_p() -> None:
    a = np.random.default_rng(0).random(60)
    assert paired_randomisation(np.arange(60), a + 0.1, a, seed=0, n_draws=999) == 1 / 1000


def test_equal_values_have_p_1() -> None:
    a = np.ones(10)
    assert paired_randomisation(USERS, a, a, seed=0) == 1


def test_the_rate_of_false_positives_is_the_level() -> None:
    rng, n_repetitions = np.random.default_rng(1), 1000
    n_false_positives = 0
    for repetition in range(n_repetitions):
        # reciprocal ranks of two equally good algorithms: mostly 0, some large
        values = np.where(rng.random((2, 80)) < 0.3, 1 / rng.integers(1, 30, (2, 80)), 0.0)
        n_false_positives += paired_randomisation(np.arange(80), *values, seed=repetition, n_draws=200) <= 0.05
    # 5 % with a standard error of sqrt(.05 * .95 / 1000) = .7 %
    assert 0.03 <= n_false_positives / n_repetitions <= 0.071


def test_rows_of_one_user_change_sign_together() -> None:
    # five rows of one user are not five users
    users = np.repeat(np.arange(4), 5)
    a = np.repeat([0.4, 0.3, 0.5, 0.6], 5)
    assert paired_randomisation(users, a, np.zeros(20), seed=0, n_draws=20_000) == pytest.approx(2 / 2**4, abs=0.01)


@pytest.mark.parametrize("n_models", [2, 60])
def test_a_consistent_difference_is_significant_among_many_pairs(n_models: int) -> None:
    n_pairs = n_models * (n_models - 1) // 2
    a = np.random.default_rng(0).random(60)
    p_value = paired_randomisation(np.arange(60), a + 0.1, a, seed=0, n_draws=randomisations_for(n_pairs))
    assert holm(dict.fromkeys(range(n_pairs), p_value))[0] < 0.03


def test_holm_by_arithmetic() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.5})
    assert adjusted == pytest.approx({"a": 4 * 0.01, "c": 3 * 0.03, "b": max(3 * 0.03, 2 * 0.04), "d": 0.5})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_effect_size_by_hand() -> None:
    a, b = np.array([0.5, 0.5, 0.8]), np.array([0.4, 0.3, 0.5])
    # differences .1, .2, .3: mean .2, standard deviation .1
    assert effect_size(np.arange(3), a, b) == pytest.approx(0.2 / 0.1)
    assert effect_size(np.arange(3), a, a) == 0
    assert effect_size(np.arange(3), b + 1.0, b) > 1e6


def test_effect_size_is_over_users_not_rows() -> None:
    a = np.array([0.1, 0.3, 0.2, 0.6])
    assert effect_size(np.array([0, 0, 1, 1]), a, np.zeros(4)) == pytest.approx(0.3 / (0.2 / sqrt(2)))


def test_equivalence_needs_evidence() -> None:
    rng = np.random.default_rng(0)
    many, few = rng.normal(0, 0.1, 2000), rng.normal(0, 0.1, 20)
    assert is_equivalent(np.arange(2000), many, np.zeros(2000), margin=0.01, seed=0)
    assert not is_equivalent(np.arange(20), few, np.zeros(20), margin=0.01, seed=0)
    assert not is_equivalent(np.arange(2000), many + 0.05, np.zeros(2000), margin=0.01, seed=0)
