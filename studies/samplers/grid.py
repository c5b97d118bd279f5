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

Configuration = tuple[Any, ...]  #: values in the order of the space


class GridSampler(BaseSampler):
    """Proposes for each trial a configuration of the grid that no other trial has, also to concurrent processes.

    Optuna's GridSampler draws one at random: two processes may get the same one, and a resumed study other ones.
    """

    def __init__(self, seed: int, space: Mapping[str, Searched]) -> None:
        self._space = {name: searched.distribution for name, searched in space.items()}
        grid = _grid(self._space)
        self._grid = [grid[index] for index in np.random.default_rng([seed, len(grid)]).permutation(len(grid))]

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._space

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
        return dict(zip(self._space, next(free, self._grid[0]), strict=True))

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        raise AssertionError(f"{name} is not in the space of the grid")


def n_configurations(study: Study, space: Mapping[str, Searched], defaults: Mapping[str, Any]) -> int:
    """Count the different configurations of the study: the grid, the defaults, and what other samplers tried."""
    distributions = {name: searched.distribution for name, searched in space.items()}
    tried = [trial for trial in study.get_trials(deepcopy=False) if not is_abandoned(trial)]
    first = tuple(defaults[name] for name in distributions)
    return len({first, *_grid(distributions), *_configurations(tried, distributions)})


def _grid(space: Mapping[str, BaseDistribution]) -> list[Configuration]:
    return list(itertools.product(*(_points(distribution) for distribution in space.values())))


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


def _configurations(trials: Iterable[FrozenTrial], space: Mapping[str, BaseDistribution]) -> list[Configuration]:
    return [found for trial in trials if (found := _configuration(trial, space)) is not None]


def _configuration(trial: FrozenTrial, space: Mapping[str, BaseDistribution]) -> Configuration | None:
    """Return the configuration of the trial, run or queued; None while some of its parameters are missing."""
    params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
    return tuple(params[name] for name in space) if params.keys() >= space.keys() else None
