"""Ranges of numeric options: ``min``, ``above`` and ``max`` in the metadata of a dataclass field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from models.errors import UserError

__all__ = ["check_ranges", "range_problem"]


def range_problem(metadata: Mapping[str, Any], value: float) -> str | None:
    """Return why the value is out of the range in ``metadata``, such as "must be at least 1, got 0", or None."""
    for key, text, is_inside in (
        ("min", "must be at least", lambda limit: value >= limit),
        ("above", "must be above", lambda limit: value > limit),
        ("max", "must be at most", lambda limit: value <= limit),
    ):
        if key in metadata and not is_inside(metadata[key]):
            return f"{text} {metadata[key]}, got {value}"
    return None


def check_ranges(options: Any, error: type[UserError]) -> None:
    """Raise ``error`` for the first field of a dataclass that is out of its range; None is in any range."""
    for field in fields(options):
        value = getattr(options, field.name)
        if isinstance(value, int | float) and (problem := range_problem(field.metadata, value)):
            raise error(f"{field.name} {problem}")
