"""Funk's SVD compared with a textbook implementation, and tests of its behaviour."""

from __future__ import annotations

import numpy as np

from models.funk_svd import FunkSVD, FunkSVDConfig
from models.testing import assert_refused
from tests.models.rating_contract import INVALID, RATED, RatingContract


class TestFunkSVD(RatingContract):
    model = FunkSVD
    config = FunkSVDConfig(n_factors=6, n_epochs=3)
    most_error = 0.7  # two of the factors are spent on the missing biases


def test_invalid_settings_are_refused() -> None:
    assert_refused(FunkSVDConfig, *INVALID)


def test_there_are_no_biases() -> None:
    model = FunkSVD(FunkSVDConfig(n_factors=6)).fit(RATED)
    assert (model.user_factors[:, 6] == model.mean).all()
    assert (model.item_factors[:, 7] == 0).all()
    np.testing.assert_allclose(model.mean, RATED.data.mean(), rtol=1e-6)
