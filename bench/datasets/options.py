"""What a user may say about the data: one dataclass, shared by every command."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.datasets.errors import DataError

__all__ = ["DataOptions"]


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Which data to load, and what in it counts as a like; the only place where the defaults are written."""

    data: str = "movielens-small"  #: name of a known set, or path of a file or folder
    items: str | None = None  #: file of item titles
    positive_from: float | None = None  #: a rating from here on is a like; None takes 4 where there are ratings

    def __post_init__(self) -> None:
        if self.positive_from is not None and not math.isfinite(self.positive_from):
            raise DataError(f"--positive-from must be a finite number, got {self.positive_from}")
