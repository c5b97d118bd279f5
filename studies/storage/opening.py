"""Studies in Optuna's storage, which is the truth: opening it, and what is written into it."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from models.errors import UserError
from studies.secrets import hide_password
from studies.storage.errors import StorageError, advice, reason_of
from studies.storage.locks import exclusive_lock, lock_until_commit
from studies.storage.repeating import Outage
from studies.storage.retrying import RetryingStorage
from studies.storage.schema import DEFAULTS, ID, RUN, SETTINGS
from studies.storage.settings import StudySettings, differences

__all__ = ["HEARTBEAT_SECONDS", "StudyMismatchError", "create_or_resume", "load_study", "open_storage", "study_names"]

HEARTBEAT_SECONDS = 60  #: a trial silent for three of these is dead, and its configuration is queued again


class StudyMismatchError(UserError):
    """The study exists with other settings; the message lists what differs."""


def open_storage(url: str, *, command: str | None = None) -> RetryingStorage:
    """Optuna's storage at a database URL, its tables made where they are missing.

    A server that does not answer is a StorageError at once, for the URL may be wrong; one that answers and then
    restarts is waited for. A worker, which knows the process of its ``command``, waits in both cases.
    """
    warnings.filterwarnings("ignore", category=ExperimentalWarning)  # of the heartbeat below
    warnings.filterwarnings("ignore", message="Heartbeat of storage")  # studies.execution.loop has one of its own
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        raise StorageError(
            f"{hide_password(url)!r} is no database URL; it looks like sqlite:///mfbench.db or postgresql://user@host/name"
        ) from None
    try:
        return _opened(url, command, waits=parsed.get_backend_name() == "postgresql")
    except ImportError as error:
        hint = "pip install 'psycopg[binary]'" if parsed.drivername.startswith("postgresql") else "install that driver"
        raise StorageError(f"The storage {hide_password(url)} needs a driver ({error}): {hint}") from error
    except (SQLAlchemyError, StorageInternalError, OSError, RuntimeError) as error:
        reason = reason_of(error, url)
        raise StorageError(f"Cannot open the storage {hide_password(url)} ({reason}); {advice(url, reason)}") from error


def _opened(url: str, command: str | None, *, waits: bool) -> RetryingStorage:
    has_answered = command is not None
    seconds = {"heartbeat_interval": HEARTBEAT_SECONDS, "grace_period": 3 * HEARTBEAT_SECONDS}

    def attempt(is_repetition: bool) -> RetryingStorage:
        nonlocal has_answered
        with exclusive_lock(url):
            has_answered = True
            return RetryingStorage(url, command=command, **seconds)

    try:
        return attempt(False)
    except (OperationalError, StorageInternalError):
        if not waits:
            raise
    if not has_answered:
        return attempt(True)  # once, for a connection that broke is not told from one that was refused
    return Outage().repeat(attempt, (OperationalError, StorageInternalError))


def create_or_resume(
    storage: RetryingStorage,
    name: str,
    settings: StudySettings,
    *,
    sampler: BaseSampler,
    pruner: BasePruner,
    first: Mapping[str, Any],
) -> optuna.Study:
    """The study ``name``: made, or the one that is there if its settings are the same; ``first`` is tried first."""

    def attempt(is_repetition: bool) -> optuna.Study:
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=["maximize"] * (2 if settings.second_metric else 1),
            sampler=sampler,
            pruner=pruner,
            load_if_exists=True,
        )
        with _exclusive_transaction(storage):
            _begin(study, settings, first)
        return study

    return storage.repeated(attempt)


@contextmanager
def _exclusive_transaction(storage: RetryingStorage) -> Iterator[None]:
    """One transaction, one process after the other."""
    if storage.engine.name == "postgresql":
        with storage.one_transaction() as connection:
            lock_until_commit(connection)
            yield
    else:
        with exclusive_lock(storage.url), storage.one_transaction():
            yield


def _begin(study: optuna.Study, wanted: StudySettings, first: Mapping[str, Any]) -> None:
    """Write the settings and the first trial of a new study; StudyMismatchError where the study has other settings."""
    has_trials = bool(study.get_trials(deepcopy=False))
    attrs = study.user_attrs
    if SETTINGS.read(attrs) is None:
        if has_trials:
            raise StudyMismatchError(
                f"Study {study.study_name!r} exists and is not mfbench's; give another --study-name or --storage"
            )
        ID.write(study, uuid.uuid4().hex)
        SETTINGS.write(study, wanted)
    elif differing := differences(attrs[SETTINGS.key], asdict(wanted)):
        raise StudyMismatchError(
            f"Study {study.study_name!r} exists with other settings: {'; '.join(differing)}. "
            "Give another --study-name, or the settings of the study that is there."
        )
    if not has_trials:
        study.enqueue_trial(dict(first), user_attrs=DEFAULTS.entry(True))


def load_study(storage: RDBStorage, name: str) -> optuna.Study:
    """The study ``name`` as it is; StorageError names those there are."""
    names = sorted(optuna.study.get_all_study_names(storage))
    if name not in names:
        there = f"it holds: {', '.join(names)}" if names else "it holds none"
        raise StorageError(f"There is no study {name!r} in the storage; {there}. Give one with --study-name.")
    study = optuna.load_study(study_name=name, storage=storage)
    if not SETTINGS.is_in(study.user_attrs):
        raise StorageError(f"Study {name!r} is not mfbench's: it has no settings")
    if not RUN.is_in(study.user_attrs):
        raise StorageError(f"Study {name!r} was stopped before it began; run its bench.study command again")
    return study


def study_names(storage: RDBStorage, model: str | None = None) -> list[str]:
    """The studies in the storage that mfbench has begun, all or those of a model."""
    attrs = {
        each.study_name: each.user_attrs for each in optuna.get_all_study_summaries(storage, include_best_trial=False)
    }
    begun = {name: SETTINGS.require(of).model for name, of in attrs.items() if RUN.is_in(of)}
    return sorted(name for name, its_model in begun.items() if model in (None, its_model))
