"""Ranges that several models share, bounded by the data."""

from __future__ import annotations

from collections.abc import Callable

from optuna.distributions import IntDistribution

from studies.spec import DataShape, Searched

__all__ = ["n_factors", "n_neighbors"]

RANK_SHARE = 4  #: more factors than a quarter of the smaller side fit noise
FEWEST = 64  #: factors that are searched on the smallest data


def n_factors(low: int, high: int, source: str) -> Callable[[DataShape], Searched]:
    """Search ``low`` to ``high`` factors, at most a quarter of the users or of the items."""

    def searched(shape: DataShape) -> Searched:
        limit = max(FEWEST, min(shape.n_users, shape.n_items) // RANK_SHARE)
        return Searched(IntDistribution(low, min(high, limit), log=True), source, cost=1.0)

    return searched


def n_neighbors(low: int, high: int, source: str, *, cost: float = 0.0) -> Callable[[DataShape], Searched]:
    """Search ``low`` to ``high`` neighbours, at most as many as there are items."""

    def searched(shape: DataShape) -> Searched:
        return Searched(IntDistribution(low, max(low, min(high, shape.n_items)), log=True), source, cost=cost)

    return searched
