"""Biased SVD compared with a textbook implementation, and tests of its behaviour."""

from __future__ import annotations

import numpy as np

from models.biased_svd import BiasedSVD, BiasedSVDConfig
from models.funk_svd import FunkSVD, FunkSVDConfig
from models.testing import assert_refused
from tests.models.rating_contract import INVALID, RATED, RatingContract, rmse, structured


class TestBiasedSVD(RatingContract):
    model = BiasedSVD
    config = BiasedSVDConfig(n_factors=6, n_epochs=3)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        BiasedSVDConfig,
        *INVALID,
        ({"reg_bias": -1.0}, "reg_bias must not be negative, got -1.0"),
    )


def test_items_rated_higher_have_higher_biases() -> None:
    known, _ = structured()
    model = BiasedSVD(BiasedSVDConfig(n_factors=2)).fit(known)
    means = known.sum(axis=0) / np.bincount(known.indices)
    assert np.corrcoef(means, model.item_factors[:, -1])[0, 1] > 0.9


def test_with_a_heavy_penalty_only_the_mean_remains() -> None:
    config = BiasedSVDConfig(n_factors=2, reg=40.0, reg_bias=40.0)
    np.testing.assert_allclose(BiasedSVD(config).fit(RATED).scores([0, 7]), RATED.data.mean(), atol=0.1)


def test_biases_predict_better_than_vectors_from_few_ratings() -> None:
    known, held_out = structured()
    few = known.multiply(np.random.default_rng(1).random(known.shape) < 0.3).tocsr()
    biased = BiasedSVD(BiasedSVDConfig(n_factors=4)).fit(few)
    assert rmse(biased, held_out) < rmse(FunkSVD(FunkSVDConfig(n_factors=4)).fit(few), held_out)
