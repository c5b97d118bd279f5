"""Trials that hang: where a fit does not come to the end of an epoch, nobody in its own process looks at the clock."""

from __future__ import annotations

import time
from collections.abc import Container

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from studies.execution.objective import Ending, TrialTimeoutError
from studies.storage.schema import OWNER

__all__ = ["TrialTimeouts"]

GRACE_SECONDS = 5.0  #: for the end of the epoch at hand, where the trial's own process says how far it got


class TrialTimeouts:
    """Looks at the trials of other processes, by this process's clock, from when it first saw them run."""

    def __init__(self, study: optuna.Study, allowed: float | None) -> None:
        self._study = study
        self._allowed = allowed  #: seconds that a trial may take
        self._since: dict[int, float] = {}

    def fail(self, processes: Container[str]) -> dict[str, int]:
        """Fail the trials that these processes have run for too long: process -> the number of its trial."""
        if self._allowed is None:
            return {}
        now = time.monotonic()
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        theirs = [trial for trial in running if OWNER.read(trial.user_attrs) in processes]
        self._since = {trial.number: self._since.get(trial.number, now) for trial in theirs}
        late = [trial for trial in theirs if now - self._since[trial.number] > self._allowed + GRACE_SECONDS]
        return {OWNER.require(trial.user_attrs): trial.number for trial in late if self._has_failed(trial, now)}

    def _has_failed(self, trial: FrozenTrial, now: float) -> bool:
        """Whether it is failed now, and did not end by itself at the last moment."""
        seconds = now - self._since[trial.number]
        error = TrialTimeoutError(f"{seconds:.3g} s gone in the middle of a fit, of {self._allowed:g} s allowed")
        try:
            Ending.of_error(error, curve=[], seconds=seconds).write(Trial(self._study, trial._trial_id))
        except UpdateFinishedTrialError:
            return False
        return True
