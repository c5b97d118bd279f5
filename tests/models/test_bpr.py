"""BPR compared with a textbook implementation, and tests of its behaviour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.bpr import BPR, BPRConfig
from models.pairwise import drawn_key
from models.strata import Dealer
from models.testing import assert_refused
from tests.models import textbook_sgd
from tests.models.pairwise_contract import MANY, PairwiseContract

LIKES = MANY[1:]  # without the heavy user, for whom some steps find no negative


class TestBPR(PairwiseContract):
    model = BPR
    config = BPRConfig(n_factors=6, n_epochs=2, negatives="uniform")
    checkerboard_config = BPRConfig(n_factors=8, n_epochs=60)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        BPRConfig,
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
        ({"n_epochs": -1}, "n_epochs must be at least 1, got -1"),
        ({"n_candidates": 0}, "n_candidates must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive, got 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive, got nan"),
        ({"init_scale": -1.0}, "init_scale must be positive, got -1.0"),
        ({"decay": -0.1}, "decay must not be negative, got -0.1"),
        ({"reg_user": -1.0}, "reg_user must not be negative, got -1.0"),
        ({"reg_positive": -1.0}, "reg_positive must not be negative, got -1.0"),
        ({"reg_negative": -1.0}, "reg_negative must not be negative, got -1.0"),
        ({"popularity_exponent": -1.0}, "popularity_exponent must not be negative, got -1.0"),
        ({"negatives": "hard"}, "negatives must be one of uniform, popularity, adaptive, got 'hard'"),
    )


@pytest.mark.parametrize("negatives", ["uniform", "popularity", "adaptive"])
@pytest.mark.parametrize("n_factors", [3, 16])
def test_epochs_equal_the_textbook_step_for_step(negatives: Any, n_factors: int) -> None:
    config = BPRConfig(
        n_factors=n_factors, n_epochs=2, negatives=negatives, reg_user=0.1, reg_positive=0.03, reg_negative=0.2
    )
    model = BPR(config, threads=1)
    X, Y = (factors.astype(np.float64) for factors in model._drawn(MANY.shape))
    weights = np.bincount(MANY.indices, minlength=MANY.shape[1]) ** 0.75 if negatives == "popularity" else None
    for epoch in model.fit_epochs(MANY):
        rng = np.random.default_rng([0, epoch - 1])
        strata = Dealer(MANY).deal(rng)
        rate = config.learning_rate / (1 + config.decay * (epoch - 1))
        textbook_sgd.bpr_epoch(strata, int(drawn_key(rng)), config, rate, X, Y, weights)
        np.testing.assert_allclose(model.user_factors, X, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model.item_factors, Y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["reg_user", "reg_positive", "reg_negative"])
def test_each_penalty_shrinks_its_vectors(name: str) -> None:
    free, held = (BPR(BPRConfig(n_factors=6, n_epochs=10, **{name: reg})).fit(MANY) for reg in (0.0, 0.5))
    factors = "user_factors" if name == "reg_user" else "item_factors"
    assert np.linalg.norm(getattr(held, factors)[:, :-1]) < np.linalg.norm(getattr(free, factors)[:, :-1])


def test_the_loss_of_an_untrained_model_is_ln_2() -> None:
    model = BPR(BPRConfig(n_factors=4, n_epochs=1, learning_rate=1e-9, init_scale=1e-9)).fit(MANY)
    assert model.loss() == pytest.approx(np.log(2), rel=1e-3)


def test_penalties_are_part_of_the_loss() -> None:
    free = BPR(BPRConfig(n_factors=4, n_epochs=1, reg_user=0, reg_positive=0, reg_negative=0)).fit(LIKES)
    held = BPR(BPRConfig(n_factors=4, n_epochs=1, reg_user=2, reg_positive=0, reg_negative=0))
    held.train, held.user_factors, held.item_factors = free.train, free.user_factors, free.item_factors
    squares = (free.user_factors[:, :-1].astype(np.float64) ** 2).sum(axis=1)
    n_likes = np.diff(LIKES.indptr)
    assert held.loss() - free.loss() == pytest.approx((squares * n_likes).sum() / n_likes.sum(), rel=1e-4)
