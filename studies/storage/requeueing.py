"""Trials whose process died or was stopped: they are recognised, and their configurations queued again."""

from __future__ import annotations

import time
from typing import Any

import optuna
from optuna.storages import fail_stale_trials
from optuna.trial import FrozenTrial, TrialState

from studies.storage.retrying import OWNERLESS_SECONDS
from studies.storage.schema import AGAIN, DEATHS, DEFAULTS, ERROR, OWNER

__all__ = ["draw_position", "finished_trials", "is_abandoned", "is_finished", "queue_again", "queue_lost_trials"]


def finished_trials(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that ended by themselves: not those running, waiting, or abandoned."""
    return [trial for trial in study.get_trials(deepcopy=False) if is_finished(trial)]


def is_finished(trial: FrozenTrial) -> bool:
    """Whether the trial ended by itself."""
    return trial.state.is_finished() and not is_abandoned(trial)


def is_abandoned(trial: FrozenTrial) -> bool:
    """Whether the trial was stopped from outside, and its configuration queued again: a failure has an error."""
    return trial.state is TrialState.FAIL and not ERROR.is_in(trial.user_attrs)


def draw_position(study: optuna.Study, number: int) -> int:
    """Which trial of the study the trial ``number`` would be, had none ever been abandoned: its draws follow from that.

    A repetition has the place of what it repeats. What was abandoned before anything of it was known has none, and
    leaves its own to whoever comes next.
    """
    trials = study.get_trials(deepcopy=False)
    abandoned = AGAIN.read(trials[number].user_attrs)
    if abandoned is not None and abandoned < number:  # not so only in a damaged study
        return draw_position(study, abandoned)
    # Not those that are abandoned: others may ask between that and the repetition, and would draw what is drawn.
    no_place = [
        AGAIN.is_in(trial.user_attrs) or (is_abandoned(trial) and not _known(trial)) for trial in trials[:number]
    ]
    return number - sum(no_place)


def queue_again(study: optuna.Study, number: int, *, died: bool = False) -> None:
    """Queue the configuration of a trial that was abandoned, unless it is queued already."""
    trials = study.get_trials(deepcopy=False)
    if any(AGAIN.read(other.user_attrs) == number for other in trials):
        return
    trial = trials[number]
    is_default = DEFAULTS.read(trial.user_attrs)
    deaths = (DEATHS.read(trial.user_attrs) or 0) + died
    attrs = (
        AGAIN.entry(number) | (DEFAULTS.entry(True) if is_default else {}) | (DEATHS.entry(deaths) if deaths else {})
    )
    known = _known(trial)
    if known or is_default:  # else any new trial takes its place
        study.enqueue_trial(known, user_attrs=attrs)


def _known(trial: FrozenTrial) -> dict[str, Any]:
    """Of its parameters those that have been written down, or were given to it."""
    return trial.system_attrs.get("fixed_params", {}) | trial.params


def queue_lost_trials(study: optuna.Study) -> None:
    """Fail the trials whose processes have died, and queue the configuration of every trial that was left halfway."""
    fail_stale_trials(study)
    if any(
        not OWNER.is_in(trial.user_attrs) for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    ):
        time.sleep(OWNERLESS_SECONDS)
        fail_stale_trials(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.FAIL,)):
        if is_abandoned(trial):
            queue_again(study, trial.number)
