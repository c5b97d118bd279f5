"""WARP compared with a textbook implementation, and tests of its behaviour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.pairwise import drawn_key
from models.strata import Dealer
from models.testing import assert_refused, random_likes
from models.testing.contract import LIKES
from models.warp import WARP, WARPConfig
from tests.models import textbook_sgd
from tests.models.pairwise_contract import MANY, PairwiseContract


class TestWARP(PairwiseContract):
    model = WARP
    config = WARPConfig(n_factors=6, n_epochs=2)
    checkerboard_config = WARPConfig(n_factors=8, n_epochs=40)


class TestKOS(TestWARP):
    config = WARPConfig(n_factors=6, n_epochs=2, variant="k-os", n_positives=4, kth=2)
    checkerboard_config = replace(config, n_factors=8, n_epochs=60, max_sampled=10, reg_user=0, reg_item=0)


class TestHardest(TestWARP):
    config = WARPConfig(n_factors=6, n_epochs=2, variant="hardest", max_sampled=5)
    # of more samples, the held-out item is too often the hardest
    checkerboard_config = WARPConfig(n_factors=8, n_epochs=40, variant="hardest", max_sampled=3)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        WARPConfig,
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
        ({"n_epochs": 0}, "n_epochs must be at least 1, got 0"),
        ({"max_sampled": 0}, "max_sampled must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive, got 0.0"),
        ({"init_scale": 0.0}, "init_scale must be positive, got 0.0"),
        ({"reg_user": -1.0}, "reg_user must not be negative, got -1.0"),
        ({"reg_item": float("nan")}, "reg_item must not be negative, got nan"),
        ({"variant": "kos"}, "variant must be one of warp, k-os, hardest, got 'kos'"),
        ({"kth": 0}, "kth must be at least 1, got 0"),
        ({"kth": 11}, "kth must be at most n_positives, 10, got 11"),
    )


@pytest.mark.parametrize(
    "variant",
    [
        {"variant": "warp"},
        {"variant": "warp", "max_sampled": 3, "reg_user": 0.1, "reg_item": 0.05},
        {"variant": "k-os", "n_positives": 5, "kth": 2},
        {"variant": "k-os", "n_positives": 3, "kth": 3, "reg_item": 0.05},
        {"variant": "hardest", "max_sampled": 4},
    ],
)
def test_epochs_equal_the_textbook_step_for_step(variant: dict[str, Any]) -> None:
    config = WARPConfig(n_factors=5, n_epochs=2, **variant)
    model = WARP(config, threads=1)
    X, Y = (factors.astype(np.float64) for factors in model._drawn(MANY.shape))
    GX, GY = np.ones_like(X), np.ones_like(Y)
    for epoch in model.fit_epochs(MANY):
        rng = np.random.default_rng([0, epoch - 1])
        strata = Dealer(MANY).deal(rng)
        textbook_sgd.warp_epoch(strata, int(drawn_key(rng)), config, X, Y, GX, GY)
        np.testing.assert_allclose(model.user_factors, X, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model.item_factors, Y, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model.item_sums, GY, rtol=1e-4)


@pytest.mark.parametrize("name", ["reg_user", "reg_item"])
def test_each_penalty_shrinks_its_vectors(name: str) -> None:
    free, held = (WARP(WARPConfig(n_factors=6, n_epochs=10, **{name: reg})).fit(MANY) for reg in (0.0, 1.0))
    factors = "user_factors" if name == "reg_user" else "item_factors"
    assert np.linalg.norm(getattr(held, factors)[:, :-1]) < np.linalg.norm(getattr(free, factors)[:, :-1])


def test_the_loss_of_an_untrained_model_is_that_of_the_first_draws() -> None:
    model = WARP(WARPConfig(n_factors=4, n_epochs=1, learning_rate=1e-9, init_scale=1e-9)).fit(LIKES[1:])
    n_items = LIKES.shape[1]
    assert (
        np.log(n_items // 4) < model.loss() < np.log(n_items - 1)
    )  # the first draw is a violator unless it is a seen item


def test_a_continued_fit_keeps_adagrads_sums() -> None:
    model = WARP(WARPConfig(n_factors=4, n_epochs=2)).fit(MANY[:100])
    before = model.user_sums.copy()
    model.continue_fit(MANY)
    assert (model.user_sums[:100] >= before).all()
    assert model.user_sums.shape == model.user_factors.shape


def test_sparse_likes_are_divided_into_four_blocks() -> None:
    dealt = WARP(WARPConfig())._dealer(random_likes(300, 600, density=0.1)).deal(np.random.default_rng(0))
    assert len(dealt.item_start) == 4 + 1
