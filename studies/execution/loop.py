"""The trial loop: ask, try, tell, until the study has its trials or has to stop.

Any number of processes on any number of machines may run it on one study. The storage gives a waiting trial to one
of them alone and numbers new ones without a gap, so that who claimed one too many can tell by its number.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from studies.execution.objective import AbandonedError, Ending
from studies.storage.opening import HEARTBEAT_SECONDS
from studies.storage.requeueing import fail_dead_trials, give_back, give_back_surplus, is_abandoned, is_finished
from studies.storage.retrying import give_up
from studies.storage.schema import ERROR

__all__ = ["Limits", "has_enough", "run_trials"]

LOOK_AGAIN_SECONDS = 1.0
STOP_SECONDS = 0.05  #: between two looks whether to stop, while there is nothing to do
DEAD_SECONDS = 5.0  #: between two looks for trials whose process has died


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a study has enough."""

    n_trials: int  #: finished ones, whoever ran them
    timeout: float | None  #: seconds of this loop after which no new trial is started
    max_failures: int  #: of the study


def run_trials(
    study: optuna.Study,
    objective: Callable[[Trial], Ending],
    limits: Limits,
    should_stop: Callable[[], bool],
    trial_finished: Callable[[int], None],
) -> None:
    """Run trials until ``limits`` or ``should_stop`` end it; ``trial_finished`` is told once the storage has each."""
    start = time.monotonic()
    looked = -math.inf
    while not should_stop():
        if time.monotonic() - looked >= DEAD_SECONDS:
            fail_dead_trials(study)
            looked = time.monotonic()
        trials = study.get_trials(deepcopy=False)
        if has_enough(trials, limits):
            break
        trial = _claim(study, trials, limits.n_trials)
        if trial is None:
            _pause(should_stop)  # others run the last ones, and may yet die of it
        else:
            try:
                if _run(study, objective, trial):
                    trial_finished(trial.number)
            except AbandonedError:
                break
        if limits.timeout is not None and time.monotonic() - start >= limits.timeout:
            break


def _pause(should_stop: Callable[[], bool]) -> None:
    """Until it is time to look again, or to stop."""
    end = time.monotonic() + LOOK_AGAIN_SECONDS
    while time.monotonic() < end and not should_stop():
        time.sleep(STOP_SECONDS)


def _claim(study: optuna.Study, trials: Sequence[FrozenTrial], n_trials: int) -> Trial | None:
    """A trial that is this process's alone; None where finished and running ones are as many as were asked for."""
    if sum(is_finished(trial) or trial.state is TrialState.RUNNING for trial in trials) >= n_trials:
        return None
    trial = study.ask()
    earlier = study.get_trials(deepcopy=False)[: trial.number]
    if sum(not is_abandoned(other) for other in earlier) < n_trials:
        return trial
    give_back_surplus(study, trial)  # others saw the same room, and were first
    return None


def _run(study: optuna.Study, objective: Callable[[Trial], Ending], trial: Trial) -> bool:
    """Whether the trial came to its end here; one that did not is queued again before what stopped it is raised."""
    try:
        with _heartbeat(trial):
            ending = objective(trial)
        ending.write(trial)
    except UpdateFinishedTrialError:
        return False  # it was thought dead, or to hang, and is in others' hands
    except BaseException:
        give_up(trial)
        # of a storage that fails, which the next run notices, or of a trial that others have ended
        with suppress(Exception):
            give_back(study, trial.number)
        raise
    return True


def has_enough(trials: Sequence[FrozenTrial], limits: Limits) -> bool:
    """Whether as many trials as were asked for are finished, or as many have failed as may."""
    finished = [trial for trial in trials if is_finished(trial)]
    n_failed = sum(ERROR.is_in(trial.user_attrs) for trial in finished)
    return len(finished) >= limits.n_trials or n_failed >= limits.max_failures


@contextmanager
def _heartbeat(trial: Trial) -> Iterator[None]:
    """Says now and then that the trial's process lives, to those who cannot see it."""
    done = threading.Event()

    def beat() -> None:
        storage: Any = trial.storage
        while not done.wait(HEARTBEAT_SECONDS):
            storage.record_heartbeat(trial._trial_id)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
