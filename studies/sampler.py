"""A TPE whose draws follow from the study's seed and the trial's number alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from studies.storage import is_abandoned

__all__ = ["N_STARTUP_TRIALS", "SeededTPESampler"]

N_STARTUP_TRIALS = 10  #: random trials before TPE, and before anything is pruned


class SeededTPESampler(BaseSampler):
    """Multivariate TPE (Bergstra et al. 2011; Falkner et al. 2018), with a generator of its own for each trial.

    Optuna's sampler draws from one stream, which starts again when a study is resumed: trials would repeat.
    Here trial n draws from (seed, n), where trials that were abandoned and queued again do not count, so that a
    resumed study goes on as if it had never stopped.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._number = -1
        self._sampler = self._fresh(0)

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

    def _of(self, study: Study, trial: FrozenTrial) -> TPESampler:
        if trial.number != self._number:
            earlier = study.get_trials(deepcopy=False)[: trial.number]
            self._number = trial.number
            self._sampler = self._fresh(trial.number - sum(map(is_abandoned, earlier)))
        return self._sampler

    def _fresh(self, number: int) -> TPESampler:
        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        return TPESampler(seed=seed, multivariate=True, n_startup_trials=N_STARTUP_TRIALS, constant_liar=False)
