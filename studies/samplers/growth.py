"""Search small, then double: most trials with few factors, and the best of them again with twice as many, and twice.

Rendle et al. 2021 (arXiv:2110.14037) tune iALS so: what penalties and weights are good changes little with the number
of factors, and a fit with few costs little. From the best smaller configuration each doubling starts; its first trial
changes nothing but the size, the others draw every other number within a factor of three.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from models.errors import UserError
from studies.spec import Searched
from studies.storage.requeueing import draw_position

__all__ = ["Growth", "GrowthError", "GrowthSampler", "plan_growth"]

SIZE = "n_factors"
SMALL = 32  #: factors to begin with, at most
NEAR = 3.0  #: times as much or as little, around the best smaller configuration


class GrowthError(UserError):
    """The study cannot grow its factors; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Numbers of factors, each twice the one before, and how many of the study's trials each has."""

    sizes: tuple[int, ...]
    n_trials: tuple[int, ...]

    @property
    def description(self) -> str:
        counts = (self.n_trials[0] - 1, *self.n_trials[1:])  # the first trial has the defaults
        parts = [f"{n} with {size}" for size, n in zip(self.sizes, counts, strict=True)]
        return f"the defaults, then {', '.join(parts[:-1])} and {parts[-1]} factors"

    def stage(self, index: int) -> int:
        """Of the trial that is the ``index``-th to count, from 0 on."""
        return next((n for n, end in enumerate(accumulate(self.n_trials)) if index < end), len(self.sizes) - 1)

    def starts(self, index: int) -> bool:
        """Whether a doubling begins with this trial."""
        return index > 0 and self.stage(index) != self.stage(index - 1)

    def space(self, space: Mapping[str, Searched]) -> dict[str, Searched]:
        """``space`` with as many factors as there are to be."""
        low, source = _size(space).low, space[SIZE].source
        return {**space, SIZE: Searched(IntDistribution(low, self.sizes[-1], log=True), source)}


def plan_growth(model: str, space: Mapping[str, Searched], limit: int, n_trials: int) -> Growth:
    """Half of ``n_trials`` at the smallest size, the rest shared evenly by its doublings up to ``limit``.

    Raises GrowthError where ``model`` has no factors, or ``limit`` leaves nothing to double.
    """
    if not isinstance(space.get(SIZE, Searched(FloatDistribution(0, 1), "")).distribution, IntDistribution):
        raise GrowthError(f"{model} has no factors that could grow; leave --grow-factors out")
    if limit <= SMALL:
        raise GrowthError(f"Growth begins at {SMALL} factors or fewer and needs more to end at, got {limit}")
    n_doublings = math.ceil(math.log2(limit / SMALL))
    sizes = tuple(max(limit >> n, _size(space).low) for n in range(n_doublings, -1, -1))
    small = math.ceil(n_trials / 2)
    share, more = divmod(n_trials - small, n_doublings)
    return Growth(sizes=sizes, n_trials=(small, *(share + (n < more) for n in range(n_doublings))))


class GrowthSampler(BaseSampler):
    """Has ``small`` propose at the smallest size, and draws around the best smaller configuration at every other."""

    def __init__(self, small: BaseSampler, seed: int, space: Mapping[str, Searched], growth: Growth) -> None:
        self._small = small
        self._seed = seed
        self._space = {name: searched.distribution for name, searched in space.items()}
        self._growth = growth

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._small.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        if self._base(study, trial) is not None:
            return self._space
        return {**self._small.infer_relative_search_space(study, trial), SIZE: self._space[SIZE]}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        index = draw_position(study, trial.number)
        size = {SIZE: self._growth.sizes[self._growth.stage(index)]}
        base = self._base(study, trial)
        if base is None:
            others = {name: of for name, of in search_space.items() if name != SIZE}
            return {**self._small.sample_relative(study, trial, others), **size}
        if self._growth.starts(index):
            return {**base.params, **size}
        rng = np.random.default_rng([self._seed, index])
        return {name: _near(base.params[name], of, rng) for name, of in self._space.items()} | size

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        return self._small.sample_independent(study, trial, name, distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        self._small.after_trial(study, trial, state, values)

    def _base(self, study: Study, trial: FrozenTrial) -> FrozenTrial | None:
        """The best completed trial with fewer factors; None at the smallest size, and while there is none."""
        stage = self._growth.stage(draw_position(study, trial.number))
        smaller = [
            other
            for other in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if stage > 0 and other.params[SIZE] < self._growth.sizes[stage]
        ]
        return max(smaller, key=lambda other: (other.values[0], -other.number), default=None)


def _size(space: Mapping[str, Searched]) -> IntDistribution:
    distribution = space[SIZE].distribution
    assert isinstance(distribution, IntDistribution)
    return distribution


def _near(value: Any, distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    """A draw within the range and a factor of ``NEAR`` of the value; a choice, and 0, stay as they are."""
    if not isinstance(distribution, IntDistribution | FloatDistribution) or value <= 0:
        return value
    low, high = max(distribution.low, value / NEAR), min(distribution.high, value * NEAR)
    drawn = math.exp(rng.uniform(math.log(low), math.log(high))) if distribution.log else rng.uniform(low, high)
    drawn = min(max(drawn, distribution.low), distribution.high)
    return round(drawn) if isinstance(distribution, IntDistribution) else float(drawn)
