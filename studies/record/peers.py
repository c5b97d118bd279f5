"""The record of the benchmarks against other libraries: plain values, all that their page and JSON show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import ClassVar

__all__ = ["Contest", "DataSet", "Entry", "PeersRecord", "Spread"]


@dataclass(frozen=True)
class Spread:
    """Median, lowest and highest value of several runs."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: tuple[float, ...]) -> Spread | None:
        """Return None if there are no values."""
        return cls(median(values), min(values), max(values)) if values else None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One implementation in one benchmark; the n-th runs of all implementations followed one another."""

    name: str
    library: str
    is_ours: bool
    seconds: tuple[float, ...] = ()  #: per unit of work, of each run
    cpu_seconds: tuple[float, ...] = ()  #: processor time of all threads, likewise
    target_seconds: tuple[float, ...] = ()  #: until the target was reached, of each run; empty if it was not
    lap_seconds: tuple[float, ...] = ()  #: of each epoch of the evaluated run
    values: tuple[float, ...] = ()  #: ``Contest.watched`` after each epoch of the evaluated run
    quality: float | None = None
    peak_bytes: int | None = None  #: peak memory of the process
    added_bytes: int | None = None  #: the part of it that the run added to libraries and data
    problem: str = ""  #: why there are no measurements


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One benchmark: a task on one data set, done by several implementations on the same number of threads."""

    data: str
    task: str
    title: str
    unit: str  #: the unit of work that ``Entry.seconds`` measures
    threads: int
    watched: str  #: what ``Entry.values`` measures; empty if there are none
    target: float | None  #: for ``Entry.values``
    target_rule: str  #: how the target was chosen
    quality: str  #: the metric of ``Entry.quality``
    entries: tuple[Entry, ...]

    @property
    def ours(self) -> Entry | None:
        """The entry that ratios refer to: the first one of mfbench with measurements."""
        return next((entry for entry in self.entries if entry.is_ours and entry.seconds), None)

    @property
    def first_of_ours(self) -> Entry | None:
        """The entry of mfbench that reaches the target first."""
        there = [entry for entry in self.entries if entry.is_ours and entry.target_seconds]
        return min(there, key=lambda entry: median(entry.target_seconds), default=None)

    @property
    def peers(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if not entry.is_ours)

    def ratio(self, entry: Entry) -> Spread | None:
        """Time per unit of work over that of mfbench, run by run."""
        return _ratio(entry.seconds, self.ours.seconds if self.ours else ())

    def cpu_ratio(self, entry: Entry) -> Spread | None:
        """Processor time over that of mfbench, run by run; it stays comparable on a busy machine."""
        return _ratio(entry.cpu_seconds, self.ours.cpu_seconds if self.ours else ())

    def target_ratio(self, entry: Entry) -> Spread | None:
        """Time to the target over that of the fastest entry of mfbench, run by run."""
        first = self.first_of_ours
        return _ratio(entry.target_seconds, first.target_seconds if first else ())


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set of the benchmarks; ``n_likes`` counts the training likes, without held-out ones."""

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
    """One run of all benchmarks."""

    __pydantic_config__: ClassVar = {"allow_inf_nan": False}  # read by ``as_json``; nested records inherit it

    command: str
    started: datetime
    seconds: float
    n_runs: int
    sets: tuple[DataSet, ...]
    contests: tuple[Contest, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)  #: library or task -> why it was not measured
    environment: Mapping[str, str] = field(default_factory=dict)


def _ratio(theirs: tuple[float, ...], ours: tuple[float, ...]) -> Spread | None:
    return Spread.of(tuple(their / our for their, our in zip(theirs, ours, strict=False) if our > 0))
