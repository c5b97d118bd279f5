"""timeSVD++ compared with a textbook implementation, and tests of its behaviour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from models.svdpp import SVDpp, SVDppConfig
from models.testing import assert_refused
from models.time_svdpp import TimeSVDpp, TimeSVDppConfig
from tests.models.rating_contract import INVALID, RATED, TIMES, RatingContract

DAY = 86_400


class TestTimeSVDpp(RatingContract):
    model = TimeSVDpp
    config = TimeSVDppConfig(n_factors=6, n_epochs=3, n_bins=4)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        TimeSVDppConfig,
        *INVALID,
        ({"n_bins": 0}, "n_bins must be at least 1, got 0"),
        ({"drift_power": 0.0}, "drift_power must be positive, got 0.0"),
        ({"drift_rate": -1.0}, "drift_rate must be positive, got -1.0"),
        ({"reg_drift": -1.0}, "reg_drift must not be negative, got -1.0"),
    )


def in_time(rating_at: np.ndarray) -> tuple[sp.csr_array, np.ndarray]:
    """Return ratings of 60 users for 30 items on random days of 100, and their times; ``rating_at`` (100,) by day."""
    days = np.random.default_rng(0).integers(0, 100, 60 * 30)
    ratings = sp.csr_array(rating_at[days].reshape(60, 30).astype(np.float32))
    return ratings, days * DAY


def test_an_item_rated_higher_in_the_past_is_predicted_higher_for_the_past() -> None:
    ratings, times = in_time(np.where(np.arange(100) < 50, 4.0, 2.0))
    model = TimeSVDpp(TimeSVDppConfig(n_factors=2, n_bins=10, drift_rate=1.0)).fit(ratings, timestamps=times)
    early, late = (model.predict([1], [1], timestamps=np.array([day * DAY]))[0] for day in (10, 90))
    assert early > 3.5
    assert late < 2.5


def test_users_drift() -> None:
    ratings, times = in_time(np.linspace(5, 1, 100))
    model = TimeSVDpp(TimeSVDppConfig(n_factors=2, n_bins=1, drift_rate=1.0)).fit(ratings, timestamps=times)
    early, late = (model.predict([1], [1], timestamps=np.array([day * DAY]))[0] for day in (10, 90))
    assert early > late + 1


def test_scores_are_those_at_the_users_last_rating() -> None:
    model = TimeSVDpp(TimeSVDppConfig(n_factors=6, n_epochs=3, n_bins=4)).fit(RATED, timestamps=TIMES)
    last = TIMES[RATED.indptr[7] : RATED.indptr[8]].max()
    items = np.arange(40)
    then = model.predict(np.full(40, 7), items, timestamps=np.full(40, last))
    np.testing.assert_allclose(then, model.predict(np.full(40, 7), items), rtol=1e-4)


def test_times_outside_the_training_data_are_clipped() -> None:
    model = TimeSVDpp(TimeSVDppConfig(n_factors=6, n_epochs=3, n_bins=4)).fit(RATED, timestamps=TIMES)
    at = [model.predict([7], [1], timestamps=np.array([t]))[0] for t in (0, TIMES.min(), TIMES.max(), 2**40)]
    assert at[0] == at[1]
    assert at[2] == at[3]


def test_without_times_it_is_svdpp() -> None:
    timeless = TimeSVDpp(TimeSVDppConfig(n_factors=6, n_bins=1, drift_rate=1e-9)).fit(RATED)
    plain = SVDpp(SVDppConfig(n_factors=6)).fit(RATED)
    np.testing.assert_allclose(timeless.scores([0, 9]), plain.scores([0, 9]), rtol=1e-3, atol=1e-3)


def test_a_loaded_model_predicts_by_date(tmp_path: Path) -> None:
    model = TimeSVDpp(TimeSVDppConfig(n_factors=6, n_epochs=3, n_bins=4)).fit(RATED, timestamps=TIMES)
    model.save(tmp_path)
    when = np.array([int(np.median(TIMES))])
    loaded = TimeSVDpp.load(tmp_path)
    assert loaded.predict([7], [1], timestamps=when) == pytest.approx(model.predict([7], [1], timestamps=when))
