"""Tables as plain values: what a cell reads, and what it sorts by."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reports import formats
from studies.record.study import Estimate

__all__ = ["Cell", "Column", "Table", "duration", "number", "parameter", "score", "text"]


@dataclass(frozen=True)
class Cell:
    """One cell: its text, what it sorts by (None sorts last), and a second, smaller line.

    ``heat`` from 0 to 1 is how deeply it is coloured; a mark makes it stand out.
    """

    text: str
    key: float | str | None = None
    note: str = ""
    heat: float | None = None
    is_marked: bool = False


@dataclass(frozen=True)
class Column:
    title: str
    is_numeric: bool = True  #: set flush right
    is_wide: bool = False  #: running text, which may wrap


@dataclass(frozen=True)
class Table:
    """A caption, a header and rows; the first cell of a row is its header."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def text(words: str, note: str = "") -> Cell:
    return Cell(words, words, note)


def number(value: int | None) -> Cell:
    return Cell(formats.NOTHING if value is None else formats.count(value), value)


def score(value: float | None, estimate: Estimate | None = None) -> Cell:
    note = formats.interval(estimate) if estimate else ""
    return Cell(formats.score(value), _finite(value), note)


def duration(seconds: float | None) -> Cell:
    return Cell(formats.duration(seconds), _finite(seconds))


def parameter(value: object) -> Cell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(formats.parameter(value), _finite(value))
    return Cell(formats.parameter(value), None if value is None else formats.parameter(value))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
