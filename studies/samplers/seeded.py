"""Samplers whose draws depend only on the seed of the study and the number of the trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from studies.options import SamplerName
from studies.samplers.gaussian_process import GaussianProcessSampler
from studies.samplers.grid import GRID_POINTS, GridSampler
from studies.samplers.growth import Growth, GrowthSampler
from studies.spec import Searched
from studies.storage.requeueing import draw_position

__all__ = ["N_STARTUP_TRIALS", "SeededSampler", "describe_sampler", "make_sampler"]

N_STARTUP_TRIALS = 10  #: trials before a sampler learns from them, and before any trial is pruned


def make_sampler(
    name: SamplerName,
    seed: int,
    space: Mapping[str, Searched],
    growth: Growth | None = None,
    *,
    first: Mapping[str, Any] | None = None,
) -> BaseSampler:
    """Make the sampler ``name``; ``first`` is the first configuration, around which a Gaussian process begins."""
    if name == "grid":
        return GridSampler(seed, space)
    sampler = GaussianProcessSampler(seed, space, first or {}) if name == "gp" else SeededSampler(name, seed)
    return GrowthSampler(sampler, seed, space, growth) if growth else sampler


def describe_sampler(name: SamplerName, growth: Growth | None = None, search_seed: int | None = None) -> str:
    """Describe the sampler for a report; ``search_seed`` is its seed if that is another one than the study's."""
    description = {
        "tpe": "TPE, multivariate",
        "random": "random",
        "gp": "Gaussian process",
        "grid": f"grid of {GRID_POINTS} points a range",
    }[name]
    if search_seed is not None:
        description += f", seed {search_seed}"
    return f"{description}; growing: {growth.description}" if growth else description


class SeededSampler(BaseSampler):
    """One of Optuna's samplers with a generator of its own for each trial.

    Multivariate TPE (Bergstra et al. 2011; Falkner et al. 2018), or random draws. Optuna's samplers draw from one
    stream, which restarts when a study is resumed, and trials would repeat. Here trial n draws from (seed, n), where
    repetitions of abandoned trials do not count. A resumed study continues as if it had never stopped.
    """

    def __init__(self, name: SamplerName, seed: int) -> None:
        self._name = name
        self._seed = seed
        self._number = -1
        self._sampler = self._fresh(0)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._number = -1  # the trial may be begun again, and draws again what it drew

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._of(study, trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._of(study, trial).sample_relative(study, trial, search_space)

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        return self._of(study, trial).sample_independent(study, trial, name, distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._of(study, trial).after_trial(study, trial, state, values)

    def _of(self, study: Study, trial: FrozenTrial) -> BaseSampler:
        if trial.number != self._number:
            self._number = trial.number
            self._sampler = self._fresh(draw_position(study, trial.number))
        return self._sampler

    def _fresh(self, number: int) -> BaseSampler:
        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        if self._name == "random":
            return RandomSampler(seed=seed)
        return TPESampler(seed=seed, multivariate=True, n_startup_trials=N_STARTUP_TRIALS, constant_liar=False)
