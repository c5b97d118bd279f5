"""Optuna's database storage, made to know who runs a trial and to wait for a server that is away for a moment."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.storages._rdb.models import TrialHeartbeatModel, TrialModel
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import bindparam, event, select, update
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from studies.storage.processes import is_alive, this_process
from studies.storage.schema import OWNER

__all__ = ["OWNERLESS_SECONDS", "RetryingStorage", "exclusive_transaction", "give_up", "one_transaction"]

OWNERLESS_SECONDS = 5.0  #: a trial is given its owner as it starts; one that is still without has lost its process
PATIENCE = 60.0  #: seconds in which a server that is away may come back
#: Of its connections a process keeps one: a server takes about a hundred, and each worker is a process.
FEW = {"pool_pre_ping": True, "pool_size": 1, "max_overflow": 4}
FEW_TRIALS = 3  #: that are read faster one by one
LOCK_SECONDS = 60  #: until an SQLite file that another process locks is given up

#: States of the trials that a reader may not know: made once, for it is asked ten times a trial.
STATES = select(TrialModel.trial_id, TrialModel.state).where(
    TrialModel.study_id == bindparam("study"),
    TrialModel.trial_id.in_(bindparam("included", expanding=True)) | (TrialModel.trial_id > bindparam("later")),
)

_GIVEN_UP: set[tuple[str, int]] = set()  #: trials of this process whose end could not be written, by storage and id


def give_up(trial: Trial) -> None:
    """Take the trial for dead from now on, though its process lives: nobody runs it any more."""
    storage: Any = trial.storage
    _GIVEN_UP.add((storage._backend.url, trial._trial_id))
    storage._backend.read_again(trial._trial_id)


@contextmanager
def one_transaction(trial: Trial) -> Iterator[None]:
    """What this thread writes meanwhile, in one transaction: all of it or nothing, at the cost of one."""
    storage: Any = trial.storage
    with storage._backend.one_transaction():
        yield


@contextmanager
def exclusive_transaction(trial: Trial) -> Iterator[None]:
    """The same while nobody else writes the trial; UpdateFinishedTrialError where somebody has ended it before."""
    storage: Any = trial.storage
    running = (TrialModel.trial_id == trial._trial_id) & (TrialModel.state == TrialState.RUNNING)
    with storage._backend.one_transaction() as connection:
        lock = connection.execute(update(TrialModel).where(running).values(state=TrialState.RUNNING))
        if not lock.rowcount:
            raise UpdateFinishedTrialError(f"Trial {trial.number} has been ended by somebody else")
        yield


class RetryingStorage(RDBStorage):
    """A storage in which a trial names the process that runs it, and that reads only what may have changed.

    A trial is dead when its process is: known at once where that ran on this machine, whatever its clock did in
    between, and by Optuna's heartbeat where it ran on another.
    """

    def __init__(self, url: str, **heartbeat: Any) -> None:
        parsed = make_url(url)
        super().__init__(url, engine_kwargs=_engine_options(parsed), **heartbeat)
        self.dead: set[str] = set()  #: processes of other machines that are known to have ended
        self._ownerless: dict[int, float] = {}  # trial -> when it was first seen so
        self._settled: set[int] = set()  # running trials that have been read, and stay as they are until they end
        self._created: dict[int, FrozenTrial] = {}  # running trials of this process, as they were made
        if parsed.get_backend_name() != "sqlite":
            event.listen(self.engine, "do_connect", _connect_patiently)

    def read_again(self, trial_id: int) -> None:
        """Forget what has been read of a running trial, which may have been before it had parameters."""
        self._settled.discard(trial_id)
        self._created.pop(trial_id, None)

    @contextmanager
    def one_transaction(self) -> Iterator[Connection]:
        """Of all that this thread reads and writes meanwhile."""
        with self.engine.begin() as connection:
            self.scoped_session.registry.set(Session(connection, join_transaction_mode="rollback_only"))
            try:
                yield connection
            finally:
                self.scoped_session.remove()

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        trial = super()._create_new_trial(study_id, template_trial or _owned_trial())
        if trial.state is TrialState.RUNNING:
            self._created[trial._trial_id] = trial
        return trial

    def _get_prepared_new_trial(
        self, study_id: int, template_trial: FrozenTrial | None, session: Session
    ) -> TrialModel:
        trial = super()._get_prepared_new_trial(study_id, template_trial, session)
        if template_trial is None or template_trial.state is TrialState.RUNNING:
            session.add(TrialHeartbeatModel(trial_id=trial.trial_id))
        return trial

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Any = None) -> bool:
        is_set = super().set_trial_state_values(trial_id, state, values)
        if is_set and state is TrialState.RUNNING:
            self.set_trial_user_attr(trial_id, OWNER.key, this_process())
            self.record_heartbeat(trial_id)
        return is_set

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        """Those that are included or later, but not those that run and have been read."""
        if states is not None:  # not for the cache
            return super()._get_trials(study_id, states, included_trial_ids, trial_id_greater_than)
        if trial_id_greater_than < 0:
            trials = super()._get_trials(study_id, None, included_trial_ids, trial_id_greater_than)
        else:
            meant = {"study": study_id, "included": list(included_trial_ids), "later": trial_id_greater_than}
            with _create_scoped_session(self.scoped_session) as session:
                found = session.connection().execute(STATES, meant).all()
            trials = self._changed(study_id, {row.trial_id: row.state for row in found})
        self._settled |= {trial._trial_id for trial in trials if trial.state is TrialState.RUNNING and trial.params}
        return trials

    def _changed(self, study_id: int, states: Mapping[int, TrialState]) -> list[FrozenTrial]:
        """Of trials in these states those that may not be as they were read."""
        running = {trial_id for trial_id, state in states.items() if state is TrialState.RUNNING}
        created = {trial_id: self._created[trial_id] for trial_id in running & self._created.keys()}
        changed = states.keys() - (running & (self._settled | created.keys()))
        if len(changed) > FEW_TRIALS:
            read = super()._get_trials(study_id, None, changed, max(changed))
        else:
            read = [self.get_trial(trial_id) for trial_id in changed]
        self._settled |= created.keys()  # what becomes of them this process knows
        for trial_id in created:
            self._created.pop(trial_id, None)
        return [*created.values(), *read]

    def record_heartbeat(self, trial_id: int) -> None:
        """A beat that cannot be written is left out; what is wrong with the storage shows where a trial is written."""
        with suppress(SQLAlchemyError, StorageInternalError):
            super().record_heartbeat(trial_id)

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        running = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.RUNNING,))
        silent = set(super()._get_stale_trial_ids(study_id)) if running else set()
        return [trial._trial_id for trial in running if self._is_dead(trial, trial._trial_id in silent)]

    def _is_dead(self, trial: FrozenTrial, is_silent: bool) -> bool:
        if (self.url, trial._trial_id) in _GIVEN_UP:
            return True
        owner = OWNER.read(trial.user_attrs)
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
        user_attrs=OWNER.entry(this_process()),
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
