"""A grid over a search space: a few points of every range, all combinations, in an order drawn by the seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from studies.spec import Searched
from studies.storage.requeueing import is_abandoned

__all__ = ["GRID_POINTS", "GridSampler", "n_configurations"]

GRID_POINTS = 4  #: points of a range, its ends included, evenly spaced on its scale; all values of a choice
NOT_SEARCHED = "not searched"  #: stands for a hyperparameter that has no meaning with the other values

Configuration = tuple[Any, ...]  #: values in the order of the space


class GridSampler(BaseSampler):
    """Proposes for each trial a configuration of the grid that no other trial has, also to concurrent processes.

    Optuna's GridSampler draws one at random: two processes may get the same one, and a resumed study other ones.
    """

    def __init__(self, seed: int, space: Mapping[str, Searched]) -> None:
        self._space = space
        grid = _grid(space)
        self._grid = [grid[index] for index in np.random.default_rng([seed, len(grid)]).permutation(len(grid))]

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {name: searched.distribution for name, searched in self._space.items()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        others = [other for other in study.get_trials(deepcopy=False) if other.number != trial.number]
        taken = set(_configurations(others, self._space))  # those of abandoned trials too, as they are repeated
        # earlier trials without parameters take the next configurations
        n_ahead = sum(
            other.number < trial.number and not is_abandoned(other) and _configuration(other, self._space) is None
            for other in others
        )
        free = itertools.islice((each for each in self._grid if each not in taken), n_ahead, None)
        chosen = zip(self._space, next(free, self._grid[0]), strict=True)
        return {name: value for name, value in chosen if value is not NOT_SEARCHED}

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        raise AssertionError(f"{name} is not in the space of the grid")


def n_configurations(study: Study, space: Mapping[str, Searched], defaults: Mapping[str, Any]) -> int:
    """Count the different configurations of the study: the grid, the defaults, and what other samplers tried."""
    tried = [trial for trial in study.get_trials(deepcopy=False) if not is_abandoned(trial)]
    first = tuple(defaults.get(name, NOT_SEARCHED) for name in space)
    return len({first, *_grid(space), *_configurations(tried, space)})


def _grid(space: Mapping[str, Searched]) -> list[Configuration]:
    """Return all combinations, each once; a hyperparameter without a meaning has no value."""
    products = itertools.product(*(_points(searched.distribution) for searched in space.values()))
    return list(dict.fromkeys(_searched_only(dict(zip(space, values, strict=True)), space) for values in products))


def _searched_only(params: Mapping[str, Any], space: Mapping[str, Searched]) -> Configuration:
    return tuple(params[name] if searched.applies(params) else NOT_SEARCHED for name, searched in space.items())


def _points(distribution: BaseDistribution) -> tuple[Any, ...]:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    spaced = np.geomspace if distribution.log else np.linspace
    inner = spaced(distribution.low, distribution.high, GRID_POINTS)[1:-1]
    points = [distribution.low, *inner.tolist(), distribution.high]
    if isinstance(distribution, IntDistribution):
        return tuple(dict.fromkeys(round(point) for point in points))
    return tuple(points)


def _configurations(trials: Iterable[FrozenTrial], space: Mapping[str, Searched]) -> list[Configuration]:
    return [found for trial in trials if (found := _configuration(trial, space)) is not None]


def _configuration(trial: FrozenTrial, space: Mapping[str, Searched]) -> Configuration | None:
    """Return the configuration of the trial, run or queued; None while some of its parameters are missing."""
    params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
    if any(searched.applies(params) and name not in params for name, searched in space.items()):
        return None
    return _searched_only(params, space)
