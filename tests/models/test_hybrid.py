"""The hybrid model compared with a textbook implementation, and tests of its behaviour."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from models.hybrid import Hybrid, HybridConfig
from models.inputs import Features
from models.pairwise import drawn_key
from models.testing import assert_refused, checkerboard
from models.testing.contract import LIKES
from tests.models import textbook_hybrid
from tests.models.pairwise_contract import MANY, PairwiseContract

N_USERS, N_ITEMS = MANY.shape


def random_features(n_rows: int, n_features: int, seed: int) -> sp.csr_array:
    """Return features with different weights; every seventh row has none."""
    rng = np.random.default_rng(seed)
    dense = np.where(rng.random((n_rows, n_features)) < 0.4, rng.uniform(0.5, 2, (n_rows, n_features)), 0)
    dense[::7] = 0
    return sp.csr_array(dense.astype(np.float32))


FEATURES = Features(users=random_features(N_USERS, 4, 1), items=random_features(N_ITEMS, 6, 2))


class TestHybrid(PairwiseContract):
    model = Hybrid
    config = HybridConfig(n_factors=6, n_epochs=2)
    checkerboard_config = HybridConfig(n_factors=8, n_epochs=40)


class TestLogistic(TestHybrid):
    config = HybridConfig(n_factors=6, n_epochs=2, loss="logistic")
    checkerboard_config = HybridConfig(n_factors=8, n_epochs=60, loss="logistic", learning_rate=0.2, reg_item=0.01)


class TestBPR(TestHybrid):
    config = HybridConfig(n_factors=6, n_epochs=2, loss="bpr", negatives="popularity")
    checkerboard_config = HybridConfig(n_factors=8, n_epochs=60, loss="bpr")


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        HybridConfig,
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
        ({"n_epochs": 0}, "n_epochs must be at least 1, got 0"),
        ({"max_sampled": 0}, "max_sampled must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive, got 0.0"),
        ({"epsilon": 0.0}, "epsilon must be positive, got 0.0"),
        ({"init_scale": 0.0}, "init_scale must be positive, got 0.0"),
        ({"reg_user": -1.0}, "reg_user must not be negative, got -1.0"),
        ({"reg_item": float("nan")}, "reg_item must not be negative, got nan"),
        ({"rho": 1.0}, "rho must be less than 1, got 1.0"),
        ({"loss": "kos"}, "loss must be one of logistic, bpr, warp, k-os, got 'kos'"),
        ({"identity": "no"}, "identity must be one of both, users, items, none, got 'no'"),
        ({"optimizer": "adam"}, "optimizer must be one of adagrad, adadelta, got 'adam'"),
        ({"negatives": "hard"}, "negatives must be one of uniform, popularity, got 'hard'"),
        ({"kth": 11}, "kth must be at most n_positives, 10, got 11"),
    )


VARIANTS: list[dict[str, Any]] = [
    {"loss": "warp"},
    {"loss": "warp", "identity": "none", "reg_user": 0.2, "reg_item": 0.1},
    {"loss": "warp", "optimizer": "adadelta", "max_sampled": 3},
    {"loss": "k-os", "n_positives": 4, "kth": 2, "identity": "users"},
    {"loss": "bpr", "identity": "items"},
    {"loss": "bpr", "optimizer": "adadelta", "epsilon": 1e-3},
    {"loss": "logistic", "reg_user": 0.1},
    {"loss": "logistic", "optimizer": "adadelta", "identity": "none"},
]


def name(value: dict[str, Any] | Features) -> str:
    if isinstance(value, dict):
        return "-".join(map(str, value.values()))
    return "+".join(side for side, given in zip(("users", "items"), value, strict=True) if given is not None) or "none"


@pytest.mark.parametrize(
    ("settings", "features"),
    [(settings, FEATURES) for settings in VARIANTS]
    + [
        (settings, features)
        for settings in VARIANTS
        if "identity" not in settings  # without own features, users or items would have none
        for features in (Features(), Features(items=FEATURES.items))
    ],
    ids=name,
)
def test_epochs_equal_the_textbook_step_for_step(settings: dict[str, Any], features: Features) -> None:
    config = HybridConfig(n_factors=5, n_epochs=2, **settings)
    model, twin, tables = Hybrid(config, threads=1), Hybrid(config), []
    twin.features = features
    twin._start(MANY)
    for side, known, n_rows in zip(("user", "item"), features, MANY.shape, strict=True):
        embeddings = getattr(twin, f"{side}_embeddings")
        tables.append(textbook_hybrid.table_of(known, n_rows, embeddings, config.optimizer == "adadelta"))
    atol = 2e-5 if config.optimizer == "adagrad" else 5e-4  # Adadelta divides small numbers by small numbers
    for epoch in model.fit_epochs(MANY, features=features):
        rng = np.random.default_rng([0, epoch - 1])
        strata = twin._dealer(MANY).deal(rng)
        assert len(strata.item_start) > 2
        textbook_hybrid.epoch(strata, int(drawn_key(rng)), config, *tables)
        for side, table in zip(("user", "item"), tables, strict=True):
            np.testing.assert_allclose(getattr(model, f"{side}_embeddings"), table.E, rtol=1e-3, atol=atol)
            np.testing.assert_allclose(getattr(model, f"{side}_sums"), table.G, rtol=5e-3, atol=1e-5)
        np.testing.assert_allclose(model.item_factors, tables[1].F @ tables[1].E, rtol=1e-3, atol=atol)


@pytest.mark.bits
def test_factors_are_bit_equal_on_any_number_of_threads_with_features_too() -> None:
    one, two = (Hybrid(HybridConfig(n_factors=6, n_epochs=3), threads=n).fit(MANY, features=FEATURES) for n in (1, 2))
    assert (one.user_embeddings == two.user_embeddings).all()
    assert (one.item_factors == two.item_factors).all()


def coloured_board(n: int = 60, n_cold: int = 12) -> tuple[sp.csr_array, sp.csr_array]:
    """Return a checkerboard whose last ``n_cold`` items have no likes, and the colours of users and items."""
    board = checkerboard(n).tolil()
    board[:, n - n_cold :] = 0
    colours = np.arange(n) % 2 == np.arange(2)[:, None]
    return sp.csr_array(board.tocsr().astype(np.float32)), sp.csr_array(colours.T.astype(np.float32))


@pytest.mark.parametrize("loss", ["logistic", "bpr", "warp", "k-os"])
def test_an_item_without_likes_is_recommended_by_its_features(loss: Any) -> None:
    board, colours = coloured_board()
    users, cold = np.arange(60), np.arange(48, 60)
    config = HybridConfig(n_factors=8, n_epochs=60, loss=loss, learning_rate=0.1, kth=2, reg_item=0.01)
    known = Hybrid(config).fit(board, features=Features(items=colours))
    best = known.recommend(users, 6, allowed=cold).items
    assert (best % 2 == users[:, None] % 2).mean() > 0.95
    unknown = Hybrid(config).fit(board).recommend(users, 6, allowed=cold).items
    assert (unknown % 2 == users[:, None] % 2).mean() < 0.75


def test_features_alone_give_the_vector_of_a_cold_start_user() -> None:
    board, colours = coloured_board()
    model = Hybrid(HybridConfig(n_factors=8, n_epochs=40)).fit(board, features=Features(users=colours, items=colours))
    even, odd = model.users_from_features(sp.csr_array(np.eye(2, dtype=np.float32))) @ model.item_factors.T
    assert (np.argsort(-even)[:20] % 2 == 0).all()
    assert (np.argsort(-odd)[:20] % 2 == 1).all()


def test_vectors_are_sums_over_features() -> None:
    model = Hybrid(HybridConfig(n_factors=4, n_epochs=1, identity="users")).fit(MANY, features=FEATURES)
    assert model.item_embeddings.shape == (6, 5)
    np.testing.assert_allclose(model.item_factors, FEATURES.items @ model.item_embeddings, rtol=1e-5, atol=1e-6)
    own, shared = model.user_embeddings[:N_USERS, :4], model.user_embeddings[N_USERS:, :4]
    np.testing.assert_allclose(model.user_factors[:, :4], own + FEATURES.users @ shared, rtol=1e-5, atol=1e-6)


def test_features_are_saved_with_the_model(tmp_path: Path) -> None:
    model = Hybrid(HybridConfig(n_factors=4, n_epochs=2)).fit(MANY, features=FEATURES)
    model.save(tmp_path)
    loaded = Hybrid.load(tmp_path)
    assert (loaded.item_factors == model.item_factors).all()
    assert (loaded.continue_fit(MANY).item_factors == model.continue_fit(MANY).item_factors).all()


@pytest.mark.parametrize("optimizer", ["adagrad", "adadelta"])
def test_a_fit_continues_with_more_items_and_more_features(optimizer: Any) -> None:
    config = HybridConfig(n_factors=4, n_epochs=1, optimizer=optimizer, learning_rate=1e-6, epsilon=1e-30)
    first = Hybrid(config).fit(MANY[:100, :140], features=Features(items=FEATURES.items[:140, :4]))
    before = first.item_embeddings.copy()
    first.continue_fit(MANY, features=FEATURES)
    assert first.item_embeddings.shape == (N_ITEMS + 6, 5)
    np.testing.assert_allclose(first.item_embeddings[:140], before[:140], atol=1e-4)
    np.testing.assert_allclose(first.item_embeddings[N_ITEMS : N_ITEMS + 4], before[140:], atol=1e-4)
    first.continue_fit(MANY)
    assert first.item_embeddings.shape == (N_ITEMS + 6, 5)
    with pytest.raises(ValueError, match="features of items have 3 columns, fewer than the 6 of the earlier fit"):
        first.continue_fit(MANY, features=Features(items=FEATURES.items[:, :3]))


def test_invalid_features_are_refused() -> None:
    config = HybridConfig(n_factors=4, n_epochs=1)
    with pytest.raises(ValueError, match=f"features of items have 7 rows, but train has {N_ITEMS} items"):
        Hybrid(config).fit(MANY, features=Features(items=FEATURES.items[:7]))
    with pytest.raises(ValueError, match="features of users must be a two-dimensional SciPy sparse matrix, got shape"):
        Hybrid(config).fit(MANY, features=Features(users=np.ones((3, 3))))  # type: ignore[arg-type]  # wrong on purpose
    broken = FEATURES.items.copy()
    broken.data[0] = np.nan
    with pytest.raises(ValueError, match="weights of features of items must be finite; 1 are not"):
        Hybrid(config).fit(MANY, features=Features(items=broken))
    with pytest.raises(ValueError, match="items have no features, not even their own, as identity is 'users'"):
        Hybrid(replace(config, identity="users")).fit(LIKES)


def test_the_losses_of_an_untrained_model_have_their_known_values() -> None:
    def unlearnt(loss: Any) -> float:
        config = HybridConfig(n_factors=4, n_epochs=1, learning_rate=1e-9, init_scale=1e-9, loss=loss)
        return Hybrid(config).fit(LIKES[1:]).loss()

    assert unlearnt("bpr") == pytest.approx(np.log(2), rel=1e-3)
    assert unlearnt("logistic") == pytest.approx(2 * np.log(2), rel=1e-3)
    assert np.log(LIKES.shape[1] // 4) < unlearnt("warp") < np.log(LIKES.shape[1] - 1)
