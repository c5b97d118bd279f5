"""Search with few factors, then double them: half of the trials are small, and the best of them are grown.

Rendle et al. 2021 (arXiv:2110.14037) tune iALS this way: good penalties and weights change little with the number of
factors, and a fit with few factors is cheap. Each doubling starts from the best smaller configuration. Its first trial
changes only the number of factors; the others draw every other parameter within a factor of three.
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
SMALL = 32  #: the most factors of the first trials
NEAR = 3.0  #: the factor within which parameters are drawn around the best smaller configuration


class GrowthError(UserError):
    """The number of factors cannot grow; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Numbers of factors, each twice the one before, and the number of trials with each."""

    sizes: tuple[int, ...]
    n_trials: tuple[int, ...]

    @property
    def description(self) -> str:
        counts = (self.n_trials[0] - 1, *self.n_trials[1:])  # the first trial has the defaults
        parts = [f"{n} with {size}" for size, n in zip(self.sizes, counts, strict=True)]
        return f"the defaults, then {', '.join(parts[:-1])} and {parts[-1]} factors"

    def stage(self, index: int) -> int:
        """Return the stage of the trial at this position in the sequence of draws, counted from 0."""
        return next((n for n, end in enumerate(accumulate(self.n_trials)) if index < end), len(self.sizes) - 1)

    def starts(self, index: int) -> bool:
        """Whether this trial is the first of a doubling."""
        return index > 0 and self.stage(index) != self.stage(index - 1)

    def space(self, space: Mapping[str, Searched]) -> dict[str, Searched]:
        """Return ``space`` with the final number of factors as its upper end."""
        low, source = _size(space).low, space[SIZE].source
        return {**space, SIZE: Searched(IntDistribution(low, self.sizes[-1], log=True), source)}


def plan_growth(model: str, space: Mapping[str, Searched], limit: int, n_trials: int) -> Growth:
    """Plan half of ``n_trials`` at the smallest size, and the rest shared evenly by its doublings up to ``limit``.

    Raises GrowthError where ``model`` has no factors, or where ``limit`` leaves nothing to double.
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
    """Proposes by ``small`` at the smallest size, and around the best smaller configuration at every other."""

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
        return {
            name: _near(base.params[name], of, rng) for name, of in self._space.items() if name in base.params
        } | size

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        return self._small.sample_independent(study, trial, name, distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        self._small.after_trial(study, trial, state, values)

    def _base(self, study: Study, trial: FrozenTrial) -> FrozenTrial | None:
        """Return the best completed trial with fewer factors; None at the smallest size or where there is none."""
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
    """Draw within the range and a factor of ``NEAR`` of the value; return a choice, and 0, as it is."""
    if not isinstance(distribution, IntDistribution | FloatDistribution) or value <= 0:
        return value
    low, high = max(distribution.low, value / NEAR), min(distribution.high, value * NEAR)
    drawn = math.exp(rng.uniform(math.log(low), math.log(high))) if distribution.log else rng.uniform(low, high)
    drawn = min(max(drawn, distribution.low), distribution.high)
    return round(drawn) if isinstance(distribution, IntDistribution) else float(drawn)
