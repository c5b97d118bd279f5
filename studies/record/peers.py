"""What a comparison with other libraries leaves behind: plain values, all that its page and its JSON show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import ClassVar

__all__ = ["Contest", "DataSet", "Entry", "PeersRecord", "Spread"]


@dataclass(frozen=True)
class Spread:
    """The middle of several runs, and how far they spread."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: tuple[float, ...]) -> Spread | None:
        """None of no values."""
        return cls(median(values), min(values), max(values)) if values else None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One contender in one contest. Of the runs, the n-th of every contender came one after the other."""

    name: str
    library: str
    is_ours: bool
    seconds: tuple[float, ...] = ()  #: of the unit of work, one a run
    cpu_seconds: tuple[float, ...] = ()  #: of the same, processor time of all threads
    target_seconds: tuple[float, ...] = ()  #: until the target was reached, one a run; empty where it was not
    lap_seconds: tuple[float, ...] = ()  #: each epoch of the rehearsal
    values: tuple[float, ...] = ()  #: what was watched, after each epoch of the rehearsal
    quality: float | None = None
    peak_bytes: int | None = None  #: the most memory that the process held
    added_bytes: int | None = None  #: of it, what came on top of the libraries and the data
    problem: str = ""  #: why there are no figures


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One piece of work on one data set, done by several contenders on as many threads."""

    data: str
    task: str
    title: str
    unit: str  #: what ``seconds`` are seconds of
    threads: int
    watched: str  #: what ``values`` are; empty where nothing is watched
    target: float | None  #: of ``values``
    target_rule: str  #: the target in words
    quality: str  #: what the entries' ``quality`` is
    entries: tuple[Entry, ...]

    @property
    def ours(self) -> Entry | None:
        """The entry that others are measured against: the first of ours that has figures."""
        return next((entry for entry in self.entries if entry.is_ours and entry.seconds), None)

    @property
    def first_of_ours(self) -> Entry | None:
        """The entry of ours that reaches the target first."""
        there = [entry for entry in self.entries if entry.is_ours and entry.target_seconds]
        return min(there, key=lambda entry: median(entry.target_seconds), default=None)

    @property
    def peers(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if not entry.is_ours)

    def ratio(self, entry: Entry) -> Spread | None:
        """Their time over ours for the unit of work, run by run."""
        return _ratio(entry.seconds, self.ours.seconds if self.ours else ())

    def cpu_ratio(self, entry: Entry) -> Spread | None:
        """The same of processor time: what stays comparable on a busy machine."""
        return _ratio(entry.cpu_seconds, self.ours.cpu_seconds if self.ours else ())

    def target_ratio(self, entry: Entry) -> Spread | None:
        """Their time over that of the fastest of ours until the target is reached, run by run."""
        first = self.first_of_ours
        return _ratio(entry.target_seconds, first.target_seconds if first else ())


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set that contests ran on; its likes are those trained on, the hidden ones left out."""

    label: str
    name: str
    n_users: int
    n_items: int
    n_likes: int
    n_validation_users: int
    content_hash: str
    terms: str = ""


@dataclass(frozen=True, kw_only=True)
class PeersRecord:
    """One run of the comparison."""

    __pydantic_config__: ClassVar = {"allow_inf_nan": False}  # read by ``as_json``; nested records inherit it

    command: str
    started: datetime
    seconds: float
    n_runs: int
    sets: tuple[DataSet, ...]
    contests: tuple[Contest, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)  #: library or task -> why it was left out
    environment: Mapping[str, str] = field(default_factory=dict)


def _ratio(theirs: tuple[float, ...], ours: tuple[float, ...]) -> Spread | None:
    return Spread.of(tuple(their / our for their, our in zip(theirs, ours, strict=False) if our > 0))
