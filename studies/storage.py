"""Studies in Optuna's storage, which is the truth: opening it, and what is written into it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from evaluation.ranking import HiddenRanks, encode_ranks
from studies.record import DataSummary, ParameterRange, SplitSummary
from studies.secrets import hide_password
from studies.trial import TrialResult

__all__ = [
    "ASKED",
    "DEFAULTS",
    "ERROR",
    "FLOORS",
    "ID",
    "RESULT",
    "RUN",
    "SETTINGS",
    "StorageError",
    "StudyMismatchError",
    "StudySettings",
    "create_or_resume",
    "is_abandoned",
    "load_study",
    "open_storage",
    "queue_again",
    "ranks_as_json",
    "result_as_json",
]

# attributes of a study
ID = "mfbench:id"
SETTINGS = "mfbench:settings"
ASKED = "mfbench:asked"  #: for each draw, the ids of the users asked, and how many likes were hidden from each
FLOORS = "mfbench:floors"  #: for each floor, its ranks, a text a draw
RUN = "mfbench:run"  #: of the latest run: command, trials asked for, environment
# attributes of a trial
RESULT = "mfbench:result"
ERROR = "mfbench:error"
DEFAULTS = "mfbench:defaults"  #: set on the trial that runs the model's defaults

HEARTBEAT_SECONDS = 60  #: a trial silent for three of these is dead, and its configuration is queued again

#: Leaves of the settings that may differ between runs of one study: names of the same things.
_FREE = ("data.name", "data.rows_read", "data.dropped", "data.terms", ".source")


class StorageError(ValueError):
    """The storage cannot be used; the message says why and what to do."""


class StudyMismatchError(ValueError):
    """The study exists with other settings; the message lists what differs."""


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """Everything that trials of one study must share to be comparable."""

    model: str
    metric: str
    seed: int
    max_epochs: int
    patience: int
    data: DataSummary
    split: SplitSummary
    space: Mapping[str, ParameterRange]


def open_storage(url: str) -> RDBStorage:
    """Optuna's storage at a database URL, its tables made where they are missing."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageError(
            f"{url!r} is no database URL; it looks like sqlite:///mfbench.db or postgresql://user@host/name"
        ) from None
    try:
        return RDBStorage(
            url,
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=3 * HEARTBEAT_SECONDS,
            heartbeat_stale_trial_callback=queue_again,
        )
    except (SQLAlchemyError, ImportError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        hint = "is its folder there, and may it be written?" if parsed.drivername.startswith("sqlite") else "is it up?"
        raise StorageError(f"Cannot open the storage {hide_password(url)} ({reason}); {hint}") from error


def create_or_resume(
    storage: RDBStorage, name: str, settings: StudySettings, *, sampler: BaseSampler, pruner: BasePruner
) -> optuna.Study:
    """The study ``name``: made, or the one that is there if its settings are the same."""
    try:
        study = optuna.create_study(
            storage=storage, study_name=name, direction="maximize", sampler=sampler, pruner=pruner, load_if_exists=True
        )
    except (SQLAlchemyError, StorageInternalError) as error:
        raise StorageError(f"Cannot write to the storage ({_reason(error)}); may it be written?") from error
    wanted = _as_json(settings)
    stored = study.user_attrs.get(SETTINGS)
    if stored is None:
        if study.get_trials(deepcopy=False):
            raise StudyMismatchError(
                f"Study {name!r} exists and is not mfbench's; give another --study-name or --storage"
            )
        study.set_user_attr(ID, uuid.uuid4().hex)
        study.set_user_attr(SETTINGS, wanted)
    elif differences := _differences(stored, wanted):
        raise StudyMismatchError(
            f"Study {name!r} exists with other settings: {'; '.join(differences)}. "
            "Give another --study-name, or the settings of the study that is there."
        )
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
    return study


def is_abandoned(trial: FrozenTrial) -> bool:
    """Whether the trial was stopped from outside, and its configuration queued again: a failure has an error."""
    return trial.state is TrialState.FAIL and ERROR not in trial.user_attrs


def queue_again(study: optuna.Study, trial: Trial | FrozenTrial) -> None:
    """Queue the configuration of a trial that was abandoned."""
    study.enqueue_trial(trial.params, user_attrs={DEFAULTS: True} if trial.user_attrs.get(DEFAULTS) else None)


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
        **ranks_as_json(result.ranks),
    }


def ranks_as_json(draws: Sequence[HiddenRanks]) -> dict[str, Any]:
    """Ranks for an attribute, a text a draw; whose they are is stored once, under ``ASKED``."""
    return {
        "ranks": [encode_ranks(draw.ranks) for draw in draws],
        "tie_shares": [draw.tie_share for draw in draws],
    }


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(getattr(cause, "orig", None) or cause).splitlines()[0]


def _as_json(settings: StudySettings) -> dict[str, Any]:
    plain = asdict(settings)
    for searched in plain["space"].values():
        searched["choices"] = list(searched["choices"])
    return plain


def _differences(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    there, here = _leaves(stored), _leaves(wanted)
    return [
        f"{name} is {there.get(name, 'absent')} there and {here.get(name, 'absent')} here"
        for name in dict.fromkeys([*there, *here])
        if there.get(name) != here.get(name) and not name.startswith(_FREE) and not name.endswith(_FREE)
    ]


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            leaves.update(_leaves(value, f"{prefix}{name}."))
        else:
            leaves[prefix + name] = value
    return leaves
