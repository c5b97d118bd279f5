"""Trials whose process died or was stopped: they are recognised, and their configurations queued again."""

from __future__ import annotations

from collections.abc import Container
from contextlib import suppress
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from studies.storage.retrying import backend_of
from studies.storage.schema import AGAIN, DEATHS, DEFAULTS, ERROR, OWNER, SURPLUS

__all__ = [
    "draw_position",
    "fail_dead_trials",
    "finished_trials",
    "give_back",
    "give_back_surplus",
    "is_abandoned",
    "is_finished",
    "queue_again",
    "queue_lost_trials",
]


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
    """Position of the trial ``number`` in the sequence of draws: its number, had no trial been abandoned.

    A repetition has the position of the trial that it repeats, and draws there what that trial would have drawn if it
    was abandoned before its parameters were written. Only a surplus trial has no position.
    """
    trials = study.get_trials(deepcopy=False)
    repeated = AGAIN.read(trials[number].user_attrs)
    if repeated is not None and repeated < number:  # a later one only in a damaged study
        return draw_position(study, repeated)
    # An abandoned trial keeps its position whatever is known of it: trials beside it have drawn at the next ones.
    no_position = [AGAIN.is_in(trial.user_attrs) or SURPLUS.is_in(trial.user_attrs) for trial in trials[:number]]
    return number - sum(no_position)


def give_back(study: optuna.Study, number: int, *, died: bool = False) -> None:
    """Fail a running trial without an error and queue its configuration again, both in one transaction.

    ``died`` counts a death of its configuration. UpdateFinishedTrialError, and nothing written, where the trial has
    ended.
    """
    storage, trial_id = backend_of(study), study.get_trials(deepcopy=False)[number]._trial_id

    def attempt(is_repetition: bool) -> None:
        with storage.exclusive_transaction(trial_id):
            _queue(study, number, died=died)
            storage.set_trial_state_values(trial_id, TrialState.FAIL)

    storage.repeated(attempt)


def give_back_surplus(study: optuna.Study, trial: Trial) -> None:
    """Fail a trial that was begun beyond the last one, before it has drawn anything; a waiting one waits again."""
    if _known(study.get_trials(deepcopy=False)[trial.number]) or AGAIN.is_in(trial.user_attrs):
        give_back(study, trial.number)
        return
    storage = backend_of(study)

    def attempt(is_repetition: bool) -> None:
        with storage.exclusive_transaction(trial._trial_id):
            SURPLUS.write(trial, True)
            storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)

    storage.repeated(attempt)


def queue_again(study: optuna.Study, number: int) -> None:
    """Queue the configuration of a trial that was abandoned, unless it is queued already."""
    storage, trial_id = backend_of(study), study.get_trials(deepcopy=False)[number]._trial_id

    def attempt(is_repetition: bool) -> None:
        with storage.one_transaction():
            storage.lock_trial(trial_id, *TrialState)  # others may be about to queue it, too
            _queue(study, number, died=False)

    if not _is_queued(study, number):
        storage.repeated(attempt)


def _queue(study: optuna.Study, number: int, *, died: bool) -> None:
    if _is_queued(study, number):
        return
    storage = backend_of(study)
    trial = storage.get_trial(study.get_trials(deepcopy=False)[number]._trial_id)  # as it is stored, not as it was read
    is_default = DEFAULTS.read(trial.user_attrs)
    deaths = (DEATHS.read(trial.user_attrs) or 0) + died
    attrs = (
        AGAIN.entry(number) | (DEFAULTS.entry(True) if is_default else {}) | (DEATHS.entry(deaths) if deaths else {})
    )
    if SURPLUS.is_in(trial.user_attrs):
        return
    # not by study.enqueue_trial: the cache of the study would keep the trial though the transaction is rolled back
    waiting = create_trial(state=TrialState.WAITING, system_attrs={"fixed_params": _known(trial)}, user_attrs=attrs)
    storage.create_new_trial(study._study_id, waiting)


def _is_queued(study: optuna.Study, number: int) -> bool:
    return any(AGAIN.read(trial.user_attrs) == number for trial in study.get_trials(deepcopy=False))


def _known(trial: FrozenTrial) -> dict[str, Any]:
    """Of its parameters those that have been written down, or were given to it."""
    return trial.system_attrs.get("fixed_params", {}) | trial.params


def fail_dead_trials(study: optuna.Study, deadly: Container[str] = ()) -> None:
    """Fail the trials whose processes have died, and queue their configurations again.

    ``deadly`` are processes whose death says something about the configuration that they tried. Only the command that
    started a worker and outlived it can tell: a command that is killed takes its workers with it, whatever they tried.
    So a configuration that kills a search without workers (``--workers 1``) is tried again as often as its user starts
    the command again.
    """
    for trial in backend_of(study).dead_trials(study._study_id):
        with suppress(UpdateFinishedTrialError):  # others have noticed, too
            give_back(study, trial.number, died=OWNER.read(trial.user_attrs) in deadly)


def queue_lost_trials(study: optuna.Study) -> None:
    """Fail the trials whose processes have died, and queue the configuration of every trial that was left halfway."""
    fail_dead_trials(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.FAIL,)):
        if is_abandoned(trial):
            queue_again(study, trial.number)
