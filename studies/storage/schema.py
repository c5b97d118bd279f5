"""The persisted schema: every attribute of a study and of a trial in Optuna's storage, with the type of its values.

Stored studies outlive versions of mfbench. Neither the key nor the JSON of an attribute changes. A new field of a value
has a default, with which studies that lack the field are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import Trial
from pydantic import PlainSerializer, PositiveInt, TypeAdapter, ValidationError

from evaluation.interactions import Interactions
from evaluation.ranking import HeldOutRanks, decode_ranks, encode_ranks, pool_draws
from evaluation.significance import Estimate
from evaluation.split import Fold
from studies.spec import StudySpec
from studies.storage.errors import StorageError
from studies.storage.settings import StudySettings
from studies.trial import TrialResult

__all__ = [
    "AGAIN",
    "ATTEMPT",
    "COMMAND",
    "DEATHS",
    "DEFAULTS",
    "ERROR",
    "EVALUATION_USERS",
    "FLOORS",
    "FRESH_EVALUATION_USERS",
    "FRESH_RANKS",
    "ID",
    "OPENINGS",
    "OWNER",
    "RESULT",
    "RUN",
    "SAME_AS",
    "SAMPLERS",
    "SETTINGS",
    "Attempt",
    "Attribute",
    "AttributeGroup",
    "EvaluationUsers",
    "Failure",
    "Opening",
    "Result",
    "Run",
    "StoredRanks",
    "has_entries",
    "write_entries",
]

Value = TypeVar("Value")
Attributes = Mapping[str, Any]  #: ``user_attrs`` of a study, a trial or a summary of a study
Time = Annotated[datetime, PlainSerializer(datetime.isoformat)]


@dataclass  # not frozen, and so not hashable: ``RESULT in trial.user_attrs`` raises instead of being False
class Attribute(Generic[Value]):
    """One attribute: its key, and how its value becomes JSON and back."""

    key: str
    kind: Any  #: the type of the value

    def is_in(self, attrs: Attributes) -> bool:
        return self.key in attrs

    def read(self, attrs: Attributes) -> Value | None:
        """Return the value, or None where there is none; StorageError where the stored JSON is no such value."""
        stored = attrs.get(self.key)
        return None if stored is None else _read(self._adapter, self.key, stored)

    def require(self, attrs: Attributes) -> Value:
        """Return the value; StorageError where there is none, or where the stored JSON is no such value."""
        value = self.read(attrs)
        if value is None:
            raise _damage(self.key, "it is missing")
        return value

    def write(self, owner: optuna.Study | Trial, value: Value) -> None:
        write_entries(owner, self.entry(value))

    def entry(self, value: Value) -> dict[str, Any]:
        """Return the attribute as a part of ``user_attrs``."""
        return {self.key: self._adapter.dump_python(value)}

    @cached_property
    def _adapter(self) -> TypeAdapter[Value]:
        return TypeAdapter(self.kind)


@dataclass
class AttributeGroup(Generic[Value]):
    """Attributes of one type, whose keys are a prefix and a name."""

    prefix: str
    kind: Any

    def read(self, attrs: Attributes) -> dict[str, Value]:
        """Return the values by name; StorageError where the stored JSON is no such value."""
        stored = {key: value for key, value in attrs.items() if key.startswith(self.prefix)}
        return {key.removeprefix(self.prefix): _read(self._adapter, key, value) for key, value in stored.items()}

    def write(self, study: optuna.Study, name: str, value: Value) -> None:
        study.set_user_attr(self.prefix + name, self._adapter.dump_python(value))

    @cached_property
    def _adapter(self) -> TypeAdapter[Value]:
        return TypeAdapter(self.kind)


def write_entries(owner: optuna.Study | Trial, entries: Attributes) -> None:
    """Write what ``Attribute.entry`` returned, of one attribute or several."""
    for key, value in entries.items():
        owner.set_user_attr(key, value)


def has_entries(attrs: Attributes, entries: Attributes) -> bool:
    """Whether ``attrs``, read from the storage, have these entries with these values."""
    return all(key in attrs and json.dumps(attrs[key]) == json.dumps(value) for key, value in entries.items())


def _read(adapter: TypeAdapter[Value], key: str, stored: object) -> Value:
    try:
        return adapter.validate_python(stored)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise _damage(key, f"{place!r}: {first['msg']}" if place else first["msg"]) from None


def _damage(key: str, reason: str) -> StorageError:
    return StorageError(
        f"The study is damaged: its attribute {key} cannot be read ({reason}); "
        "restore a copy of the database, or give another --storage or --study-name"
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """The latest command that searched the study."""

    command: str
    configuration: str = ""  #: all its options, as TOML
    sampler: str = ""  #: description
    n_trials: int  #: finished trials that the study is to have
    rescore: int = 0  #: trials to score again on fresh draws
    started: Time
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class StoredRanks:
    """Ranks of the held-out items, from which every metric follows; ``EvaluationUsers`` has the owners of the ranks."""

    ranks: tuple[str, ...]  #: one text a draw, written by ``encode_ranks``
    tie_shares: tuple[float, ...]  #: one a draw

    @classmethod
    def of(cls, draws: Sequence[HeldOutRanks]) -> StoredRanks:
        return cls(
            ranks=tuple(encode_ranks(draw.ranks) for draw in draws), tie_shares=tuple(draw.tie_share for draw in draws)
        )


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What every trial leaves that ended by itself."""

    curve: tuple[float, ...] = ()  #: the study's metric after epoch 1, 2, ...
    seconds: float | None = None  #: wall time of the trial


@dataclass(frozen=True, kw_only=True)
class Result(StoredRanks, Attempt):
    """What a completed trial leaves."""

    config: Mapping[str, Any]  #: the arguments of the model's config for a refit, ``n_epochs`` included
    n_epochs: int  #: the epoch with the best value
    fit_seconds: float
    evaluate_seconds: float
    errors: Mapping[str, Estimate] = field(default_factory=dict)  #: "rmse" and "mae", of a model of ratings

    @classmethod
    def of_trial(cls, result: TrialResult, config: Any, *, seconds: float) -> Result:
        """``config`` is the config of a refit; ``seconds`` are those of the whole trial."""
        stored = StoredRanks.of(result.ranks)
        return cls(
            config=asdict(config),
            n_epochs=result.n_epochs,
            curve=result.curve,
            seconds=seconds,
            fit_seconds=result.fit_seconds,
            evaluate_seconds=result.evaluate_seconds,
            errors=result.errors,
            ranks=stored.ranks,
            tie_shares=stored.tie_shares,
        )

    def refit_config(self, spec: StudySpec) -> Any:
        """Return the model's config of a refit; StorageError where the model takes no such arguments."""
        try:
            return spec.model.config_type(**self.config)
        except (TypeError, ValueError) as error:
            raise _damage(RESULT.key, f"{spec.model.name} takes no such config: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A fit on fresh draws that raised."""

    error: str


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One opening of a sealed test, as every study that took part notes it."""

    test_hash: str
    when: Time
    command: str


@dataclass(frozen=True, kw_only=True)
class EvaluationUsers:
    """The evaluation users of every draw, and how many items are held out from each of them."""

    users: tuple[list[int] | list[str] | list[float], ...] = ()  #: ids, one list a draw
    n_hidden: tuple[list[PositiveInt], ...] = ()

    @classmethod
    def of(cls, interactions: Interactions, folds: Sequence[Fold]) -> EvaluationUsers:
        return cls(
            users=tuple(interactions.user_ids[fold.users].tolist() for fold in folds),
            n_hidden=tuple(fold.n_held_out.tolist() for fold in folds),
        )

    def draws(self, stored: StoredRanks) -> list[HeldOutRanks]:
        """Return the ranks with their owners, one object a draw; StorageError where they do not fit together."""
        try:
            parts = zip(self._rows, stored.ranks, stored.tie_shares, strict=True)
            return [
                HeldOutRanks(users=users, indptr=indptr, ranks=decode_ranks(text), tie_share=tie_share)
                for (users, indptr), text, tie_share in parts
            ]
        except ValueError as error:
            raise _damage(EVALUATION_USERS.key, f"stored ranks are not those of its users: {error}") from error

    def pooled(self, stored: StoredRanks) -> HeldOutRanks:
        """Return the ranks of all draws as one object."""
        return pool_draws(self.draws(stored))

    def owners(self) -> Iterator[list[Any]]:
        """Yield for each draw the user's id of every held-out item."""
        for users, indptr in self._rows:
            yield np.repeat(users, np.diff(indptr)).tolist()

    @cached_property
    def _rows(self) -> list[tuple[NDArray[Any], NDArray[np.int64]]]:
        """Ids and ``indptr`` of every draw."""
        parts = zip(self.users, self.n_hidden, strict=True)
        return [(np.array(users), np.concatenate([[0], np.cumsum(n)])) for users, n in parts]


# attributes of a study
ID = Attribute[str]("mfbench:id", str)
SETTINGS = Attribute[StudySettings]("mfbench:settings", StudySettings)
EVALUATION_USERS = Attribute[EvaluationUsers]("mfbench:asked", EvaluationUsers)
FLOORS = Attribute[dict[str, StoredRanks]]("mfbench:floors", dict[str, StoredRanks])  #: baseline -> its ranks
RUN = Attribute[Run]("mfbench:run", Run)
SAMPLERS = Attribute[dict[int, str]](
    "mfbench:samplers", dict[int, str]
)  #: number of a trial -> description of the sampler that proposed the trials from this one on
FRESH_EVALUATION_USERS = Attribute[EvaluationUsers]("mfbench:fresh_asked", EvaluationUsers)
FRESH_RANKS = AttributeGroup[StoredRanks | Failure](
    "mfbench:fresh:", StoredRanks | Failure
)  #: number of a trial -> its ranks on the fresh draws
OPENINGS = AttributeGroup[Opening]("mfbench:opened:", Opening)  #: id of a comparison -> its opening of the test

# attributes of a trial
RESULT = Attribute[Result]("mfbench:result", Result)  #: of a completed trial
ATTEMPT = Attribute[Attempt]("mfbench:result", Attempt)  #: of any trial that ended by itself
ERROR = Attribute[str]("mfbench:error", str)  #: of a failed trial
DEFAULTS = Attribute[bool]("mfbench:defaults", bool)  #: set on the trial that runs the model's defaults
SAME_AS = Attribute[int]("mfbench:same_as", int)  #: the earlier trial of the same configuration that answered this one
AGAIN = Attribute[int]("mfbench:again", int)  #: the abandoned trial that this one repeats
SURPLUS = Attribute[bool]("mfbench:surplus", bool)  #: of a trial that was begun beyond the last one and given up
DEATHS = Attribute[int]("mfbench:deaths", int)  #: workers that died while they tried this configuration
OWNER = Attribute[str]("mfbench:owner", str)  #: the process that runs the trial
COMMAND = Attribute[str]("mfbench:command", str)  #: of a trial that a worker runs: the process that started the worker
