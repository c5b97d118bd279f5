"""Positions of configurations in the unit cube, one coordinate per parameter, on the scale of its range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from studies.spec import Searched

__all__ = ["Positions", "Values"]

Values = NDArray[np.float64]

KEPT = 0.7  #: probability that a choice stays near another configuration


class Positions:
    """Maps parameters to positions from 0 to 1 and back. A choice has the middle of its share of the unit interval."""

    def __init__(self, space: Mapping[str, Searched]) -> None:
        self._space = space
        self.names = tuple(space)
        self.sizes = tuple(column for column, each in enumerate(space.values()) if each.cost is not None)
        self.distributions: dict[str, BaseDistribution] = {name: each.distribution for name, each in space.items()}

    def of(self, params: Mapping[str, Any]) -> Values:
        """Return the position (n_parameters,) of a configuration; a parameter that is missing has 0.5."""
        return np.array(
            [_position(params[name], of) if name in params else 0.5 for name, of in self.distributions.items()]
        )

    def params(self, position: Values) -> dict[str, Any]:
        """Return the configuration at ``position``, without the parameters that have no meaning in it."""
        params: dict[str, Any] = {}
        for (name, searched), place in zip(self._space.items(), position.tolist(), strict=True):
            if searched.applies(params):
                params[name] = _value(place, searched.distribution)
        return params

    def uniform(self, n: int, rng: np.random.Generator) -> Values:
        """Draw (n, n_parameters) positions from the whole space."""
        return rng.random((n, len(self.names)))

    def near(self, position: Values, spread: float, n: int, rng: np.random.Generator) -> Values:
        """Draw (n, n_parameters) positions around ``position``; a choice is kept or drawn anew."""
        drawn = position + spread * rng.standard_normal((n, len(self.names)))
        drawn = np.clip(np.where(drawn < 0, -drawn, np.where(drawn > 1, 2 - drawn, drawn)), 0.0, 1.0)
        anew, is_kept = rng.random(drawn.shape), rng.random(drawn.shape) < KEPT
        is_choice = np.array([isinstance(of, CategoricalDistribution) for of in self.distributions.values()])
        return np.where(is_choice, np.where(is_kept, position, anew), drawn)

    def log_costs(self, positions: Values) -> Values:
        """Return the logarithm (n,) of what a fit costs at each position: the product of the powers of sizes."""
        total = np.zeros(len(positions))
        for column, searched in enumerate(self._space.values()):
            if searched.cost:
                low, high = _ends(searched.distribution)
                total += searched.cost * (low + positions[:, column] * (high - low))
        return total

    def features(self, positions: Values) -> Values:
        """Return (n, n_features) for a model: a number as its position, a choice as indicators.

        A number without a meaning has 0.5, a choice without one no indicator.
        """
        columns: list[Values] = []
        chosen: dict[str, NDArray[np.int64]] = {}
        for column, (name, searched) in enumerate(self._space.items()):
            place, of = positions[:, column], searched.distribution
            applies = np.ones(len(positions), bool)
            if searched.only_if:
                choice, *values = searched.only_if
                choices = _choices(self.distributions[choice])
                applies = np.isin(chosen[choice], [choices.index(value) for value in values])
            if isinstance(of, CategoricalDistribution):
                index = np.minimum((place * len(of.choices)).astype(np.int64), len(of.choices) - 1)
                chosen[name] = np.where(applies, index, -1)
                columns += [(chosen[name] == each).astype(np.float64) for each in range(len(of.choices))]
            else:
                columns.append(np.where(applies, place, 0.5))
        return np.stack(columns, axis=1)


def _choices(distribution: BaseDistribution) -> tuple[Any, ...]:
    assert isinstance(distribution, CategoricalDistribution)
    return distribution.choices


def _position(value: Any, distribution: BaseDistribution) -> float:
    if isinstance(distribution, CategoricalDistribution):
        return (distribution.choices.index(value) + 0.5) / len(distribution.choices)
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high = _ends(distribution)
    if low == high:
        return 0.5
    at = math.log(value) if distribution.log else value
    return float(min(max((at - low) / (high - low), 0.0), 1.0))


def _value(position: float, distribution: BaseDistribution) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[min(int(position * len(distribution.choices)), len(distribution.choices) - 1)]
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high = _ends(distribution)
    at = low + position * (high - low)
    value = min(max(math.exp(at) if distribution.log else at, distribution.low), distribution.high)
    return round(value) if isinstance(distribution, IntDistribution) else value


def _ends(distribution: BaseDistribution) -> tuple[float, float]:
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    if distribution.log:
        return math.log(distribution.low), math.log(distribution.high)
    return distribution.low, distribution.high
