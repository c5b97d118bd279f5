"""Studies in Optuna's storage, which is the truth: opening it, and what is written into it."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from evaluation.ranking import HiddenRanks, encode_ranks
from studies.patient_storage import OWNER, OWNERLESS_SECONDS, PatientStorage
from studies.secrets import hide_password
from studies.settings import StudySettings, differences, settings_as_json
from studies.trial import TrialResult

__all__ = [
    "ASKED",
    "DEATHS",
    "DEFAULTS",
    "ERROR",
    "FLOORS",
    "HEARTBEAT_SECONDS",
    "ID",
    "RESULT",
    "RUN",
    "SAME_AS",
    "SAMPLERS",
    "SETTINGS",
    "StorageError",
    "StudyMismatchError",
    "alone",
    "create_or_resume",
    "finished_trials",
    "is_abandoned",
    "is_finished",
    "load_study",
    "open_storage",
    "place_of",
    "queue_again",
    "queue_lost_trials",
    "ranks_as_json",
    "result_as_json",
    "storage_errors_explained",
    "study_names",
]

# attributes of a study
ID = "mfbench:id"
SETTINGS = "mfbench:settings"
ASKED = "mfbench:asked"  #: for each draw, the ids of the users asked, and how many likes were hidden from each
FLOORS = "mfbench:floors"  #: for each floor, its ranks, a text a draw
RUN = "mfbench:run"  #: of the latest run: command, trials asked for, environment
SAMPLERS = "mfbench:samplers"  #: number of a trial -> the sampler in words, from that trial on
# attributes of a trial
RESULT = "mfbench:result"
ERROR = "mfbench:error"
DEFAULTS = "mfbench:defaults"  #: set on the trial that runs the model's defaults
SAME_AS = "mfbench:same_as"  #: the earlier trial of the same configuration, from which this one was answered
AGAIN = "mfbench:again"  #: the trial that was abandoned, of which this one is the repetition
DEATHS = "mfbench:deaths"  #: how many processes have died while they tried this configuration

LOCK_KEY = 0x6D6662656E6368  #: "mfbench"; of PostgreSQL's advisory lock
HEARTBEAT_SECONDS = 60  #: a trial silent for three of these is dead, and its configuration is queued again


class StorageError(ValueError):
    """The storage cannot be used; the message says why and what to do."""


class StudyMismatchError(ValueError):
    """The study exists with other settings; the message lists what differs."""


def open_storage(url: str) -> RDBStorage:
    """Optuna's storage at a database URL, its tables made where they are missing."""
    warnings.filterwarnings("ignore", category=ExperimentalWarning)  # of the heartbeat below
    warnings.filterwarnings("ignore", message="Heartbeat of storage")  # studies.loop has one of its own
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        raise StorageError(
            f"{hide_password(url)!r} is no database URL; it looks like sqlite:///mfbench.db or postgresql://user@host/name"
        ) from None
    try:
        with alone(url):
            return PatientStorage(
                url,
                heartbeat_interval=HEARTBEAT_SECONDS,
                grace_period=3 * HEARTBEAT_SECONDS,
                heartbeat_stale_trial_callback=lambda study, trial: queue_again(study, trial.number, died=True),
            )
    except ImportError as error:
        hint = "pip install 'psycopg[binary]'" if parsed.drivername.startswith("postgresql") else "install that driver"
        raise StorageError(f"The storage {hide_password(url)} needs a driver ({error}): {hint}") from error
    except (SQLAlchemyError, OSError, RuntimeError) as error:
        reason = _reason(error)
        raise StorageError(
            f"Cannot open the storage {hide_password(url)} ({reason}); {_advice(url, reason)}"
        ) from error


@contextmanager
def alone(url: str) -> Iterator[None]:
    """One after the other, those who would make the same tables or the same study at the same moment."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        with create_engine(url, poolclass=NullPool).connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})  # until it is closed
            yield
    elif parsed.get_backend_name() == "sqlite" and parsed.database:
        folder = os.open(Path(parsed.database).absolute().parent, os.O_RDONLY)  # not the file, whose locks are SQLite's
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
    else:
        yield


@contextmanager
def storage_errors_explained(url: str) -> Iterator[None]:
    """Turn what Optuna and SQLAlchemy raise over a full disk, a lost server or a locked file into a StorageError."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        reason = _reason(error)
        raise StorageError(
            f"The storage {hide_password(url)} failed ({reason}); every finished trial is kept: "
            f"{_advice(url, reason)}, and run the same command again"
        ) from error


def finished_trials(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that ended by themselves: not those running, waiting, or abandoned."""
    return [trial for trial in study.get_trials(deepcopy=False) if is_finished(trial)]


def create_or_resume(
    storage: RDBStorage,
    name: str,
    settings: StudySettings,
    *,
    sampler: BaseSampler,
    pruner: BasePruner,
    first: Mapping[str, Any],
) -> optuna.Study:
    """The study ``name``: made, or the one that is there if its settings are the same; ``first`` is tried first."""
    wanted = settings_as_json(settings)
    with alone(storage.url):
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=["maximize"] * (2 if settings.second_metric else 1),
            sampler=sampler,
            pruner=pruner,
            load_if_exists=True,
        )
        has_trials = bool(study.get_trials(deepcopy=False))
        stored = study.user_attrs.get(SETTINGS)
        if stored is None:
            if has_trials:
                raise StudyMismatchError(
                    f"Study {name!r} exists and is not mfbench's; give another --study-name or --storage"
                )
            study.set_user_attr(ID, uuid.uuid4().hex)
            study.set_user_attr(SETTINGS, wanted)
        elif differing := differences(stored, wanted):
            raise StudyMismatchError(
                f"Study {name!r} exists with other settings: {'; '.join(differing)}. "
                "Give another --study-name, or the settings of the study that is there."
            )
        if not has_trials:
            study.enqueue_trial(dict(first), user_attrs={DEFAULTS: True})
    return study


def load_study(storage: RDBStorage, name: str) -> optuna.Study:
    """The study ``name`` as it is; StorageError names those there are."""
    names = sorted(optuna.study.get_all_study_names(storage))
    if name not in names:
        there = f"it holds: {', '.join(names)}" if names else "it holds none"
        raise StorageError(f"There is no study {name!r} in the storage; {there}. Give one with --study-name.")
    study = optuna.load_study(study_name=name, storage=storage)
    if SETTINGS not in study.user_attrs:
        raise StorageError(f"Study {name!r} is not mfbench's: it has no settings")
    if RUN not in study.user_attrs:
        raise StorageError(f"Study {name!r} was stopped before it began; run its bench.study command again")
    return study


def study_names(storage: RDBStorage, model: str | None = None) -> list[str]:
    """The studies in the storage that mfbench has begun, all or those of a model."""
    attrs = {
        each.study_name: each.user_attrs for each in optuna.get_all_study_summaries(storage, include_best_trial=False)
    }
    begun = {name: of[SETTINGS]["model"] for name, of in attrs.items() if RUN in of}
    return sorted(name for name, its_model in begun.items() if model in (None, its_model))


def is_finished(trial: FrozenTrial) -> bool:
    """Whether the trial ended by itself."""
    return trial.state.is_finished() and not is_abandoned(trial)


def is_abandoned(trial: FrozenTrial) -> bool:
    """Whether the trial was stopped from outside, and its configuration queued again: a failure has an error."""
    return trial.state is TrialState.FAIL and ERROR not in trial.user_attrs


def place_of(study: optuna.Study, number: int) -> int:
    """Which trial of the study the trial ``number`` would be, had none ever been abandoned: its draws follow from that.

    A repetition has the place of what it repeats. What was abandoned before anything of it was known has none, and
    leaves its own to whoever comes next.
    """
    trials = study.get_trials(deepcopy=False)
    if AGAIN in trials[number].user_attrs:
        return place_of(study, trials[number].user_attrs[AGAIN])
    # Not those that are abandoned: others may ask between that and the repetition, and would draw what is drawn.
    no_place = [AGAIN in trial.user_attrs or (is_abandoned(trial) and not _known(trial)) for trial in trials[:number]]
    return number - sum(no_place)


def queue_again(study: optuna.Study, number: int, *, died: bool = False) -> None:
    """Queue the configuration of a trial that was abandoned, unless it is queued already."""
    trials = study.get_trials(deepcopy=False)
    if any(other.user_attrs.get(AGAIN) == number for other in trials):
        return
    trial = trials[number]
    attrs = {AGAIN: number} | {name: trial.user_attrs[name] for name in (DEFAULTS, DEATHS) if name in trial.user_attrs}
    if died:
        attrs[DEATHS] = attrs.get(DEATHS, 0) + 1
    known = _known(trial)
    if known or DEFAULTS in attrs:  # else any new trial takes its place
        study.enqueue_trial(known, user_attrs=attrs)


def _known(trial: FrozenTrial) -> dict[str, Any]:
    """Of its parameters those that have been written down, or were given to it."""
    return trial.system_attrs.get("fixed_params", {}) | trial.params


def queue_lost_trials(study: optuna.Study) -> None:
    """Fail the trials whose processes have died, and queue the configuration of every trial that was left halfway."""
    fail_stale_trials(study)
    if any(OWNER not in trial.user_attrs for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))):
        time.sleep(OWNERLESS_SECONDS)
        fail_stale_trials(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.FAIL,)):
        if is_abandoned(trial):
            queue_again(study, trial.number)


def result_as_json(result: TrialResult, config: Any) -> dict[str, Any]:
    """A result for a trial's attribute: ranks as texts, so that every metric can be had later.

    ``config`` is what a refit takes, the number of epochs included.
    """
    return {
        "config": asdict(config),
        "n_epochs": result.n_epochs,
        "curve": list(result.curve),
        "fit_seconds": result.fit_seconds,
        "evaluate_seconds": result.evaluate_seconds,
        "errors": {name: asdict(estimate) for name, estimate in result.errors.items()},
        **ranks_as_json(result.ranks),
    }


def ranks_as_json(draws: Sequence[HiddenRanks]) -> dict[str, Any]:
    """Ranks for an attribute, a text a draw; whose they are is stored once, under ``ASKED``."""
    return {
        "ranks": [encode_ranks(draw.ranks) for draw in draws],
        "tie_shares": [draw.tie_share for draw in draws],
    }


def _advice(url: str, reason: str) -> str:
    """What to do about the reason that SQLite or a server gave."""
    if not url.startswith("sqlite"):
        return "see that the server is up"
    known = {
        "full": "make room on its disk",
        "locked": "wait for the program that holds it, or end that",
        "readonly": "see that the file and its folder may be written",
        "read-only": "see that the file and its folder may be written",
        "not a database": "it is damaged, or something else: restore a copy, or give another --storage",
        "malformed": "it is damaged: restore a copy, or give another --storage",
        "disk I/O": "see to its disk",
        "no longer compatible": "upgrade it by `optuna storage upgrade`, or give another --storage",
    }
    return next(
        (todo for sign, todo in known.items() if sign in reason), "see that its folder is there and may be written"
    )


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(getattr(cause, "orig", None) or cause).splitlines()[0]
