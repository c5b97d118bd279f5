"""Optuna's database storage, made to know who runs a trial and to wait for a server that is away for a moment."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from studies.liveness import is_alive, this_process

__all__ = ["OWNER", "OWNERLESS_SECONDS", "PatientStorage", "give_up"]

OWNER = "mfbench:owner"  #: attribute of a trial: the process that runs it
OWNERLESS_SECONDS = 5.0  #: a trial is given its owner as it starts; one that is still without has lost its process
PATIENCE = 60.0  #: seconds in which a server that is away may come back
#: Of its connections a process keeps one: a server takes about a hundred, and each worker is a process.
FEW = {"pool_pre_ping": True, "pool_size": 1, "max_overflow": 4}
LOCK_SECONDS = 60  #: until an SQLite file that another process locks is given up


_GIVEN_UP: set[tuple[str, int]] = set()  #: trials of this process whose end could not be written, by storage and id


def give_up(trial: Trial) -> None:
    """Take the trial for dead from now on, though its process lives: nobody runs it any more."""
    storage: Any = trial.storage
    _GIVEN_UP.add((storage._backend.url, trial._trial_id))


class PatientStorage(RDBStorage):
    """A storage in which a trial names the process that runs it.

    A trial is dead when its process is: known at once where that ran on this machine, whatever its clock did in
    between, and by Optuna's heartbeat where it ran on another.
    """

    def __init__(self, url: str, **heartbeat: Any) -> None:
        parsed = make_url(url)
        super().__init__(url, engine_kwargs=_engine_options(parsed), **heartbeat)
        self.dead: set[str] = set()  #: processes of other machines that are known to have ended
        self._ownerless: dict[int, float] = {}  # trial -> when it was first seen so
        if parsed.get_backend_name() != "sqlite":
            event.listen(self.engine, "do_connect", _connect_patiently)

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        return super()._create_new_trial(study_id, template_trial or _owned_trial())

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Any = None) -> bool:
        is_set = super().set_trial_state_values(trial_id, state, values)
        if is_set and state is TrialState.RUNNING:
            self.set_trial_user_attr(trial_id, OWNER, this_process())
        return is_set

    def record_heartbeat(self, trial_id: int) -> None:
        """A beat that cannot be written is left out; what is wrong with the storage shows where a trial is written."""
        with contextlib.suppress(SQLAlchemyError, StorageInternalError):
            super().record_heartbeat(trial_id)

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        running = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.RUNNING,))
        silent = set(super()._get_stale_trial_ids(study_id)) if running else set()
        return [trial._trial_id for trial in running if self._is_dead(trial, trial._trial_id in silent)]

    def _is_dead(self, trial: FrozenTrial, is_silent: bool) -> bool:
        if (self.url, trial._trial_id) in _GIVEN_UP:
            return True
        owner = trial.user_attrs.get(OWNER)
        if owner is None:
            first_seen = self._ownerless.setdefault(trial._trial_id, time.monotonic())
            return is_silent or time.monotonic() - first_seen >= OWNERLESS_SECONDS
        lives = False if owner in self.dead else is_alive(owner)
        return is_silent if lives is None else not lives


def _owned_trial() -> FrozenTrial:
    return FrozenTrial(
        number=-1,  # these two are given by the storage
        trial_id=-1,
        state=TrialState.RUNNING,
        value=None,
        datetime_start=datetime.now(),
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs={OWNER: this_process()},
        system_attrs={},
        intermediate_values={},
    )


def _engine_options(url: URL) -> dict[str, Any]:
    match url.get_backend_name():
        case "sqlite":
            return {**FEW, "connect_args": {"timeout": LOCK_SECONDS}}
        case "postgresql":
            alive = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
            return {**FEW, "connect_args": {**alive, "tcp_user_timeout": 60_000}}
    return FEW


def _connect_patiently(dialect: Any, record: Any, words: Any, options: Any) -> Any:
    """Connect as SQLAlchemy would, again and again for a while: nothing is sent yet that could be done twice."""
    deadline = time.monotonic() + PATIENCE
    pause = 0.1
    while True:
        try:
            return dialect.connect(*words, **options)
        except dialect.loaded_dbapi.OperationalError:
            if time.monotonic() + pause > deadline:
                raise
            time.sleep(pause)
            pause = min(2 * pause, 5.0)
