"""The trial loop: ask, try, tell, until the study has its trials or has to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import fail_stale_trials
from optuna.trial import Trial, TrialState

from studies.objective import AbandonedError, Objective
from studies.storage import ERROR, HEARTBEAT_SECONDS, finished_trials

__all__ = ["Limits", "run_trials"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a study has enough."""

    n_trials: int  #: finished ones, whoever ran them
    timeout: float | None  #: seconds of this loop after which no new trial is started
    max_failures: int  #: of the study


def run_trials(
    study: optuna.Study,
    objective: Objective,
    limits: Limits,
    should_stop: Callable[[], bool],
    trial_finished: Callable[[Trial], None],
) -> None:
    """Run trials until ``limits`` or ``should_stop`` end it; ``trial_finished`` is told once the storage has each."""
    start = time.monotonic()
    while not (should_stop() or has_enough(study, limits)):
        fail_stale_trials(study)
        trial = study.ask()
        try:
            with _heartbeat(trial):
                state, value = objective(trial)
            study.tell(trial, value, state)
        except UpdateFinishedTrialError:
            continue  # it was thought dead, and is in others' hands
        except AbandonedError:
            study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            break
        except KeyboardInterrupt:
            study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise
        trial_finished(trial)
        if limits.timeout is not None and time.monotonic() - start >= limits.timeout:
            break


def has_enough(study: optuna.Study, limits: Limits) -> bool:
    finished = finished_trials(study)
    n_failed = sum(ERROR in trial.user_attrs for trial in finished)
    return len(finished) >= limits.n_trials or n_failed >= limits.max_failures


@contextmanager
def _heartbeat(trial: Trial) -> Iterator[None]:
    """Says now and then that the trial's process lives, to those who cannot see it."""
    done = threading.Event()

    def beat() -> None:
        storage: Any = trial.storage
        storage.record_heartbeat(trial._trial_id)
        while not done.wait(HEARTBEAT_SECONDS):
            storage.record_heartbeat(trial._trial_id)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
