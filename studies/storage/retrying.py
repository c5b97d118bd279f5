"""Optuna's database storage, made to know who runs a trial and to survive a server that restarts.

It overrides methods of Optuna that are not public, so pyproject.toml pins Optuna's minor release, and
tests/studies/storage/test_optuna_suites.py runs Optuna's own tests of storages on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

import optuna
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.storages._rdb.models import TrialHeartbeatModel, TrialModel
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from studies.storage.processes import is_alive, this_process
from studies.storage.repeating import Outage, ServerAwayError, notice_lost_connections
from studies.storage.schema import COMMAND, OWNER

__all__ = [
    "OWNERLESS_SECONDS",
    "RetryingStorage",
    "backend_of",
    "exclusive_transaction",
    "give_up",
    "one_transaction",
    "repeated",
]

OWNERLESS_SECONDS = 5.0  #: after which a running trial without an owner, left by an earlier version, counts as dead
FEW = {"pool_size": 1, "max_overflow": 4}  #: a server takes about a hundred connections, and each worker is a process
FEW_TRIALS = 3  #: that are read faster one by one
LOCK_SECONDS = 60  #: until an SQLite file that another process locks is given up

#: States of the trials that a reader may not know: made once, for it is asked ten times a trial.
STATES = select(TrialModel.trial_id, TrialModel.state).where(
    TrialModel.study_id == bindparam("study"),
    TrialModel.trial_id.in_(bindparam("included", expanding=True)) | (TrialModel.trial_id > bindparam("later")),
)

_GIVEN_UP: set[tuple[str, int]] = set()  #: trials of this process whose end could not be written, by storage and id

T = TypeVar("T")


def backend_of(study: optuna.Study) -> RetryingStorage:
    """The storage of a study, without the cache that Optuna puts before it."""
    cache: Any = study._storage
    backend: RetryingStorage = cache._backend
    return backend


def give_up(trial: Trial) -> None:
    """Take the trial for dead from now on, though its process lives: nobody runs it any more."""
    _GIVEN_UP.add((backend_of(trial.study).url, trial._trial_id))


def repeated(trial: Trial, action: Callable[[Trial, bool], T]) -> T:
    """Return ``action(trial, False)``; where a connection breaks meanwhile, repeat the whole action.

    A repetition gets a new Trial, as it is stored, and True: a Trial keeps what it was given though that was rolled
    back, and the action may have been committed although its answer was lost.
    """

    def attempt(is_repetition: bool) -> T:
        return action(Trial(trial.study, trial._trial_id) if is_repetition else trial, is_repetition)

    return backend_of(trial.study).repeated(attempt)


@contextmanager
def one_transaction(trial: Trial) -> Iterator[None]:
    """One transaction of all that this thread reads and writes meanwhile: all of it is written, or nothing."""
    with backend_of(trial.study).one_transaction():
        yield


@contextmanager
def exclusive_transaction(trial: Trial) -> Iterator[None]:
    """The same while nobody else writes the trial; UpdateFinishedTrialError where somebody has ended it before."""
    with backend_of(trial.study).exclusive_transaction(trial._trial_id):
        yield


class RetryingStorage(RDBStorage):
    """A storage in which a trial names the process that runs it, and that reads only what may have changed.

    A trial is dead when its process is: known at once where that ran on this machine, whatever its clock did in
    between, and by Optuna's heartbeat where it ran on another.

    Every operation is repeated as a whole where the connection to PostgreSQL breaks (``OPERATIONS``). Whether an
    operation whose answer was lost has been committed is seen from what is stored: a trial that was created or claimed
    by its owner and its start to the microsecond, an ending by its state and values.
    """

    def __init__(self, url: str, *, command: str | None = None, **heartbeat: Any) -> None:
        """``command`` is the process that started this one as a worker."""
        super().__init__(url, engine_kwargs=_engine_options(make_url(url)), **heartbeat)
        self.dead: set[str] = set()  #: processes of other machines that are known to have ended
        self._command = command
        self._outage = Outage()
        self._ownerless: dict[int, float] = {}  # trial -> when it was first seen so
        self._settled: set[int] = set()  # running trials that have been read, and stay as they are until they end
        self._created: dict[int, FrozenTrial] = {}  # running trials of this process, as they were made
        self._notice_lost_connections()

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        self._notice_lost_connections()

    def _notice_lost_connections(self) -> None:
        if self.engine.name == "postgresql":
            notice_lost_connections(self.engine)

    def repeated(self, attempt: Callable[[bool], T]) -> T:
        """What ``attempt`` returns, which is repeated as ``Outage.repeat`` says; StorageInternalError in the end.

        Within a transaction nothing is repeated: whoever began it repeats all of it.
        """
        if self._transaction() is not None:
            return attempt(False)
        try:
            return self._outage.repeat(attempt)
        except ServerAwayError as error:
            raise StorageInternalError("The server has been away for too long") from error.__cause__

    @contextmanager
    def one_transaction(self) -> Iterator[Connection]:
        """One transaction of all that this thread reads and writes meanwhile, or the one that it has begun before."""
        if (begun := self._transaction()) is not None:
            yield begun
            return
        with self.engine.connect() as connection:
            try:
                with connection.begin():
                    self.scoped_session.registry.set(Session(connection, join_transaction_mode="rollback_only"))
                    try:
                        yield connection
                    finally:
                        self.scoped_session.remove()
            except Exception as error:
                if connection.invalidated and not isinstance(error, ServerAwayError):
                    raise ServerAwayError(str(error)) from error  # which came of the connection that broke before
                raise

    def _transaction(self) -> Connection | None:
        """The connection of the transaction that this thread has begun."""
        registry = self.scoped_session.registry
        bind = registry().bind if registry.has() else None
        return bind if isinstance(bind, Connection) else None

    @contextmanager
    def exclusive_transaction(self, trial_id: int) -> Iterator[None]:
        """One transaction while nobody else writes the trial; UpdateFinishedTrialError where it does not run."""
        with self.one_transaction():
            if not self.lock_trial(trial_id, TrialState.RUNNING):
                raise UpdateFinishedTrialError(f"Trial {trial_id} of the storage has been ended by somebody else")
            yield

    def lock_trial(self, trial_id: int, *states: TrialState) -> bool:
        """Have others who lock the trial wait for the end of this transaction; False where it is in no such state."""
        row = (TrialModel.trial_id == trial_id) & TrialModel.state.in_(states)
        with self.one_transaction() as connection:
            return bool(connection.execute(update(TrialModel).where(row).values(state=TrialModel.state)).rowcount)

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        template = template_trial or self._owned_trial()
        create = super()._create_new_trial

        def attempt(is_repetition: bool) -> FrozenTrial:
            return (self._find_created(study_id, template) if is_repetition else None) or create(study_id, template)

        trial = self.repeated(attempt)
        if trial.state is TrialState.RUNNING:
            self._created[trial._trial_id] = trial
        return trial

    def _find_created(self, study_id: int, template: FrozenTrial) -> FrozenTrial | None:
        """The trial that was made of ``template``, if it was; only a running one can be told from others."""
        if OWNER.read(template.user_attrs) != this_process():
            raise StorageInternalError("The connection broke while a trial was created; it may be there or not")
        running = self.get_all_trials(study_id, states=(TrialState.RUNNING,))
        return next((trial for trial in running if _starts_as(trial, template)), None)

    def _get_prepared_new_trial(
        self, study_id: int, template_trial: FrozenTrial | None, session: Session
    ) -> TrialModel:
        trial = super()._get_prepared_new_trial(study_id, template_trial, session)
        if template_trial is None or template_trial.state is TrialState.RUNNING:
            session.add(TrialHeartbeatModel(trial_id=trial.trial_id))
        return trial

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        if state is TrialState.RUNNING:
            return self._claim(trial_id)
        write = super().set_trial_state_values

        def attempt(is_repetition: bool) -> bool:
            try:
                return write(trial_id, state, values)
            except UpdateFinishedTrialError:
                trial = self.get_trial(trial_id)
                if is_repetition and (trial.state, trial.values) == (state, None if values is None else list(values)):
                    return True
                raise

        return self.repeated(attempt)

    def _claim(self, trial_id: int) -> bool:
        """Whether the trial was waiting and is now run by this process, which is written with it."""
        write = super().set_trial_state_values
        starts: list[datetime | None] = []

        def attempt(is_repetition: bool) -> bool:
            if is_repetition and starts and self.get_trial(trial_id).datetime_start == starts[-1]:
                return True
            with self.one_transaction():
                self.lock_trial(trial_id, TrialState.WAITING)  # SQLite has no other lock between the look and the claim
                if not write(trial_id, TrialState.RUNNING):
                    return False
                for name, value in self._ownership().items():
                    self.set_trial_user_attr(trial_id, name, value)
                self.record_heartbeat(trial_id)
                starts.append(self.scoped_session.get_one(TrialModel, trial_id).datetime_start)
                return True

        return self.repeated(attempt)

    def _ownership(self) -> dict[str, str]:
        command = {} if self._command is None else COMMAND.entry(self._command)
        return OWNER.entry(this_process()) | command

    def _owned_trial(self) -> FrozenTrial:
        return FrozenTrial(
            number=-1,  # these two are given by the storage
            trial_id=-1,
            state=TrialState.RUNNING,
            value=None,
            datetime_start=datetime.now(),
            datetime_complete=None,
            params={},
            distributions={},
            user_attrs=self._ownership(),
            system_attrs={},
            intermediate_values={},
        )

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
        beat = super().record_heartbeat
        with suppress(SQLAlchemyError, StorageInternalError):
            self.repeated(lambda is_repetition: beat(trial_id))

    def dead_trials(self, study_id: int) -> list[FrozenTrial]:
        """The running trials whose process has died, and that this process may fail."""
        running = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.RUNNING,))
        silent = set(self._get_stale_trial_ids(study_id)) if running else set()
        return [trial for trial in running if self._is_dead(trial, trial._trial_id in silent)]

    def _is_dead(self, trial: FrozenTrial, is_silent: bool) -> bool:
        if (self.url, trial._trial_id) in _GIVEN_UP:
            return True
        owner = OWNER.read(trial.user_attrs)
        if owner is None:
            first_seen = self._ownerless.setdefault(trial._trial_id, time.monotonic())
            return is_silent or time.monotonic() - first_seen >= OWNERLESS_SECONDS
        lives = False if owner in self.dead else is_alive(owner)
        if lives is False and self._is_for_its_command(trial):
            return is_silent
        return is_silent if lives is None else not lives

    def _is_for_its_command(self, trial: FrozenTrial) -> bool:
        """Whether the trial was run by a worker whose command may live: that fails the trial, and counts the death."""
        command = COMMAND.read(trial.user_attrs)
        return command is not None and command != this_process() and is_alive(command) is not False


def _starts_as(trial: FrozenTrial, other: FrozenTrial) -> bool:
    """Whether both have one owner and one start, to the microsecond."""
    return (OWNER.read(trial.user_attrs), trial.datetime_start) == (OWNER.read(other.user_attrs), other.datetime_start)


def _engine_options(url: URL) -> dict[str, Any]:
    match url.get_backend_name():
        case "sqlite":
            return {**FEW, "connect_args": {"timeout": LOCK_SECONDS}}
        case "postgresql":
            alive = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
            return {**FEW, "connect_args": {**alive, "tcp_user_timeout": 60_000}}
    return FEW


#: Methods that are a transaction each, or read only; what they write twice is as if it were written once.
OPERATIONS = (
    "_get_best_trial_id",
    "_get_stale_trial_ids",
    "_get_trials",
    "_set_trial_param",
    "create_new_study",
    "delete_study",
    "get_all_studies",
    "get_study_directions",
    "get_study_id_from_name",
    "get_study_name_from_id",
    "get_study_system_attrs",
    "get_study_user_attrs",
    "get_trial",
    "get_trial_id_from_study_id_trial_number",
    "get_trial_param",
    "get_trial_system_attrs",
    "get_trial_user_attrs",
    "set_study_system_attr",
    "set_study_user_attr",
    "set_trial_intermediate_value",
    "set_trial_system_attr",
    "set_trial_user_attr",
)


def _repeating(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def operation(self: RetryingStorage, *args: Any, **kwargs: Any) -> Any:
        return self.repeated(lambda is_repetition: method(self, *args, **kwargs))

    return operation


for _name in OPERATIONS:
    setattr(RetryingStorage, _name, _repeating(getattr(RetryingStorage, _name)))
