"""The searched hyperparameters as axes: the position of each value between the ends of its range."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeGuard

from reports import formats
from studies.record.study import ParameterRange, StudyRecord

__all__ = ["Axis", "axes"]


@dataclass(frozen=True)
class Axis:
    """One parameter: numbers from low to high, or categories."""

    name: str
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False
    categories: tuple[str, ...] = ()
    is_score: bool = False

    def label(self, value: float) -> str:
        return formats.score(value) if self.is_score else formats.parameter(value)

    def value(self, raw: object) -> float | str | None:
        """The value to draw: a number, the name of a category, or None if it cannot be drawn on this axis."""
        if self.categories:
            return None if raw is None else formats.parameter(raw)
        return float(raw) if _is_number(raw) and (float(raw) > 0 or not self.is_log) else None

    def position(self, raw: object) -> float | None:
        """The position from 0 (low) to 1 (high) on the scale of the parameter; 0.5 if low and high are equal."""
        value = self.value(raw)
        if value is None:
            return None
        if isinstance(value, str):
            return _between(self.categories.index(value), 0, len(self.categories) - 1)
        scale = math.log if self.is_log else float
        return _between(scale(value), scale(self.low), scale(self.high))


def axes(record: StudyRecord) -> tuple[Axis, ...]:
    """An axis for each parameter, the most important first, otherwise in the order of the search space."""
    names = dict.fromkeys([*record.space, *(name for trial in record.trials for name in trial.params)])
    ranked = sorted(names, key=lambda name: -record.importances.get(name, 0.0))
    return tuple(_axis(name, record) for name in ranked)


def _axis(name: str, record: StudyRecord) -> Axis:
    seen = [value for trial in record.trials if (value := trial.params.get(name)) is not None]
    within = record.space.get(name, ParameterRange(source=""))
    if within.choices or not all(_is_number(value) for value in seen):
        return Axis(name, categories=_categories([*within.choices, *seen]))
    # a default may lie outside the searched range: the axis includes it
    ends = [*(end for end in (within.low, within.high) if end is not None), *map(float, seen)]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return Axis(name, low, high, is_log=within.log and low > 0)


def _categories(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(formats.parameter(value) for value in values))


def _is_number(raw: object) -> TypeGuard[int | float]:
    return isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)


def _between(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5
