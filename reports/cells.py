"""Tables as plain values: the text of each cell, and the key it is sorted by."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reports import formats
from studies.record.study import Estimate

__all__ = ["Cell", "Column", "Table", "duration", "estimate", "gain", "number", "parameter", "ranged", "score", "text"]


@dataclass(frozen=True)
class Cell:
    """One cell: its text, its sort key (None sorts last), and a second line in small print.

    ``heat`` is the strength of its colour, from 0 to 1; a marked cell is bold.
    """

    text: str
    key: float | str | None = None
    note: str = ""
    heat: float | None = None
    is_marked: bool = False


@dataclass(frozen=True)
class Column:
    title: str
    is_numeric: bool = True  #: right-aligned
    is_wide: bool = False  #: running text, which may wrap


@dataclass(frozen=True)
class Table:
    """A caption, a header and rows; the first cell of a row is its header."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def text(label: str, note: str = "") -> Cell:
    return Cell(label, label, note)


def number(value: int | None) -> Cell:
    return Cell(formats.NOTHING if value is None else formats.count(value), value)


def score(value: float | None) -> Cell:
    return Cell(formats.score(value), _finite(value))


def estimate(measured: Estimate | None) -> Cell:
    """A score with its interval below it."""
    if measured is None:
        return Cell(formats.NOTHING)
    low, high = formats.score(measured.low), formats.score(measured.high)
    return ranged(formats.score(measured.mean), _finite(measured.mean), low, high)


def ranged(shown: str, key: float | None, low: str, high: str) -> Cell:
    """A value with its range below it; without the range if both ends read the same."""
    return Cell(shown, key, "" if low == high else formats.span(low, high))


def gain(difference: Estimate) -> Cell:
    """A difference with its interval below it."""
    low, high = formats.signed(difference.low), formats.signed(difference.high)
    return ranged(formats.signed(difference.mean), difference.mean, low, high)


def duration(seconds: float | None) -> Cell:
    return Cell(formats.duration(seconds), _finite(seconds))


def parameter(value: object) -> Cell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(formats.parameter(value), _finite(value))
    return Cell(formats.parameter(value), None if value is None else formats.parameter(value))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
