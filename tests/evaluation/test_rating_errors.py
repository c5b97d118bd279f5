"""RMSE and MAE by hand, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.fold import Withheld
from evaluation.rating_errors import RatingErrors, error_estimates, rating_errors

WITHHELD = Withheld(
    users=np.array([0, 0, 4]),
    items=np.array([1, 2, 1]),
    ratings=np.array([5, 1, 3], np.float32),
    timestamps=np.array([10, 20, 30]),
)


def test_errors_are_predicted_minus_given_ratings() -> None:
    errors = rating_errors(lambda users, items, timestamps: users + items + timestamps / 10, WITHHELD)
    assert errors.users.tolist() == [0, 0, 4]
    assert errors.errors.tolist() == [0 + 1 + 1 - 5, 0 + 2 + 2 - 1, 4 + 1 + 3 - 3]


def test_rmse_and_mae_cover_the_ratings_of_all_draws() -> None:
    draws = [
        RatingErrors(users=np.array([0, 0, 4]), errors=np.array([-3.0, 3.0, 5.0])),
        RatingErrors(users=np.array([1]), errors=np.array([1.0])),
    ]
    found = error_estimates(draws, seed=0)
    assert found["rmse"].mean == pytest.approx(((9 + 9 + 25 + 1) / 4) ** 0.5)
    assert found["mae"].mean == pytest.approx((3 + 3 + 5 + 1) / 4)
    for estimate in found.values():
        assert 1 <= estimate.low < estimate.mean < estimate.high <= 5


def test_predictions_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="1 of 3 predicted ratings are not finite; the fit has probably diverged"):
        rating_errors(lambda users, items, timestamps: np.array([1, np.nan, 2]), WITHHELD)
