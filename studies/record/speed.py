"""The record of latency measurements: plain values, all that their page and JSON show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

__all__ = ["OPERATIONS", "Latency", "ModelSpeed", "SpeedRecord"]

#: Operation -> what its ``n`` counts; in the order of the page.
OPERATIONS = {
    "top N of one user": "N",
    "top 10 of many users": "users",
    "ranking given items": "items",
    "fold-in of one user": "",
    "top 10 from a history": "",
}


@dataclass(frozen=True, kw_only=True)
class Latency:
    """The time of one call."""

    operation: str  #: a key of ``OPERATIONS``
    n: int
    n_calls: int
    median: float  #: seconds
    p99: float  #: seconds, 99th percentile

    @property
    def count(self) -> str:
        """``N = 10``, ``1 user``, ``1,000 users``, or empty if the operation counts nothing."""
        counted = OPERATIONS[self.operation]
        if counted == "N":
            return f"N = {self.n:,}"
        return f"{self.n:,} {counted.removesuffix('s') if self.n == 1 else counted}" if counted else ""


@dataclass(frozen=True, kw_only=True)
class ModelSpeed:
    """One model, with its default settings except those that the command sets."""

    model: str
    fit_seconds: float
    latencies: tuple[Latency, ...]

    def of(self, operation: str) -> tuple[Latency, ...]:
        return tuple(latency for latency in self.latencies if latency.operation == operation)


@dataclass(frozen=True, kw_only=True)
class SpeedRecord:
    """One run of all measurements."""

    __pydantic_config__: ClassVar = {"allow_inf_nan": False}  # read by ``as_json``; nested records inherit it

    command: str
    started: datetime
    seconds: float
    threads: int
    data: str
    n_users: int
    n_items: int
    n_likes: int
    content_hash: str
    terms: str
    models: tuple[ModelSpeed, ...]
    environment: Mapping[str, str]
