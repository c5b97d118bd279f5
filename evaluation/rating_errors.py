"""Errors of predicted ratings: one error per rating, and RMSE and MAE with intervals over users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.fold import Withheld
from evaluation.significance import Estimate, bootstrap_means

__all__ = ["FORMULAS", "RatingErrors", "error_estimates", "rating_errors"]

#: For N withheld ratings r, each predicted as p; lower is better.
FORMULAS = {
    "rmse": "RMSE = sqrt((sum over withheld ratings of (p - r)^2) / N)",
    "mae": "MAE = (sum over withheld ratings of |p - r|) / N",
}


@dataclass(frozen=True, kw_only=True)
class RatingErrors:
    """Errors of one fit: ``errors`` (n,) float64, predicted minus given, of ratings by ``users`` (n,) int64."""

    users: NDArray[np.int64]
    errors: NDArray[np.float64]


def rating_errors(predict: Callable[..., ArrayLike], withheld: Withheld) -> RatingErrors:
    """Errors of the ratings (n,) that ``predict(users, items, timestamps=...)`` returns for ``withheld``.

    Raises ValueError if a prediction is not finite.
    """
    predicted = np.asarray(predict(withheld.users, withheld.items, timestamps=withheld.timestamps), np.float64)
    if not np.isfinite(predicted).all():
        n_lost = int((~np.isfinite(predicted)).sum())
        raise ValueError(
            f"{n_lost} of {len(predicted)} predicted ratings are not finite; the fit has probably diverged"
        )
    return RatingErrors(users=withheld.users, errors=predicted - withheld.ratings)


def error_estimates(draws: Sequence[RatingErrors], *, seed: int) -> dict[str, Estimate]:
    """RMSE and MAE over the ratings of all ``draws``, with bootstrap intervals over users as for other metrics."""
    users = np.concatenate([draw.users for draw in draws])
    errors = np.concatenate([draw.errors for draw in draws])
    means = bootstrap_means(users, {"rmse": errors**2, "mae": np.abs(errors)}, seed=seed)
    squares = means["rmse"]
    return {**means, "rmse": Estimate(*(float(np.sqrt(x)) for x in (squares.mean, squares.low, squares.high)))}
