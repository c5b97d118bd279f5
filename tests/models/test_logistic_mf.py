"""Logistic matrix factorisation compared with a textbook implementation, and tests of its behaviour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.logistic_mf import LogisticMF, LogisticMFConfig
from models.pairwise import drawn_key
from models.testing import FactorModelContract, assert_refused, random_likes
from tests.models import textbook_logistic_mf

WEIGHTED = random_likes(60, 40, weighted=True)
MANY = random_likes(300, 200, density=0.1)


class TestLogisticMF(FactorModelContract):
    model = LogisticMF
    config = LogisticMFConfig(n_factors=6, n_epochs=3, negatives="sampled")
    checkerboard_config = LogisticMFConfig(n_factors=8, n_epochs=60, negatives="sampled")
    histories_equal_users = False


class TestWeighted(TestLogisticMF):
    config = LogisticMFConfig(n_factors=6, n_epochs=3, negatives="weighted")
    checkerboard_config = LogisticMFConfig(n_factors=8, n_epochs=60, negatives="weighted")


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        LogisticMFConfig,
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
        ({"n_epochs": 0}, "n_epochs must be at least 1, got 0"),
        ({"n_negatives": 0}, "n_negatives must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive, got 0.0"),
        ({"alpha": 0.0}, "alpha must be positive, got 0.0"),
        ({"unobserved_mass": -1.0}, "unobserved_mass must be positive, got -1.0"),
        ({"init_scale": float("nan")}, "init_scale must be positive, got nan"),
        ({"reg": -1.0}, "reg must not be negative, got -1.0"),
        ({"decay": -1.0}, "decay must not be negative, got -1.0"),
        ({"confidence": "square"}, "confidence must be one of linear, log, got 'square'"),
        ({"negatives": "all"}, "negatives must be one of sampled, weighted, got 'all'"),
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"negatives": "sampled"},
        {"negatives": "sampled", "alpha": 2.5, "confidence": "linear", "reg": 0.1},
        {"negatives": "weighted", "unobserved_mass": 2.0, "n_negatives": 3},
    ],
)
def test_epochs_equal_the_textbook_term_for_term(settings: dict[str, Any]) -> None:
    config = LogisticMFConfig(n_factors=5, n_epochs=2, **settings)
    model = LogisticMF(config, threads=1)
    X, Y = (factors.astype(np.float64) for factors in model._drawn(WEIGHTED.shape))
    dense = WEIGHTED.toarray().astype(np.float64)
    for epoch in model.fit_epochs(WEIGHTED):
        rng = np.random.default_rng([0, epoch - 1])
        rate = config.learning_rate / (1 + config.decay * (epoch - 1))
        textbook_logistic_mf.sweep(dense, Y, X, int(drawn_key(rng)), config, rate, side="users")
        textbook_logistic_mf.sweep(dense.T, X, Y, int(drawn_key(rng)), config, rate, side="items")
        np.testing.assert_allclose(model.user_factors, X, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(model.item_factors, Y, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("negatives", ["sampled", "weighted"])
def test_the_loss_goes_down(negatives: Any) -> None:
    model = LogisticMF(LogisticMFConfig(n_factors=6, n_epochs=10, negatives=negatives))
    losses = [model.loss() for _ in model.fit_epochs(MANY)]
    assert losses[-1] < losses[3] < losses[0]


@pytest.mark.bits
def test_factors_are_bit_equal_on_any_number_of_threads() -> None:
    one, two = (LogisticMF(LogisticMFConfig(n_epochs=2), threads=threads).fit(MANY) for threads in (1, 2))
    assert (one.user_factors == two.user_factors).all()
    assert (one.item_factors == two.item_factors).all()


def test_a_continued_fit_equals_an_uninterrupted_one() -> None:
    config = LogisticMFConfig(n_factors=6, n_epochs=4)
    in_two = LogisticMF(replace(config, n_epochs=2)).fit(MANY).continue_fit(MANY)
    assert (in_two.item_factors == LogisticMF(config).fit(MANY).item_factors).all()


def test_constant_columns_do_not_change() -> None:
    model = LogisticMF(LogisticMFConfig(n_epochs=2)).fit(MANY)
    assert (model.user_factors[:, -1] == 1).all()
    assert (model.item_factors[:, -2] == 1).all()


@pytest.mark.parametrize("negatives", ["sampled", "weighted"])
def test_popular_items_have_higher_biases(negatives: Any) -> None:
    model = LogisticMF(LogisticMFConfig(n_factors=2, n_epochs=20, negatives=negatives)).fit(MANY)
    n_likes = np.bincount(MANY.indices, minlength=MANY.shape[1])
    assert np.corrcoef(np.log(n_likes + 1), model.item_factors[:, -1])[0, 1] > 0.8


def test_a_heavier_like_scores_higher() -> None:
    light, heavy = (LogisticMF(LogisticMFConfig(n_factors=4, n_epochs=10)).fit(MANY * w) for w in (1.0, 10.0))
    liked = MANY.toarray() > 0
    users = np.arange(len(liked))
    assert heavy.scores(users)[liked].mean() > light.scores(users)[liked].mean()


@pytest.mark.bits
def test_a_folded_in_vector_does_not_depend_on_the_other_histories() -> None:
    model = LogisticMF(LogisticMFConfig(n_factors=6, n_epochs=2)).fit(MANY)
    assert (model.fold_in(MANY[[7]])[0] == model.fold_in(MANY[:9])[7]).all()


def test_play_counts_do_not_make_the_fit_diverge() -> None:
    counts = MANY.copy()
    counts.data = np.random.default_rng(0).integers(1, 100_000, counts.nnz).astype(np.float32)
    assert np.isfinite(LogisticMF(LogisticMFConfig(n_epochs=10)).fit(counts).item_factors).all()


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights must not be negative, got -1\.0; leave out what is not liked"):
        LogisticMF().fit(MANY * np.float32(-1))
