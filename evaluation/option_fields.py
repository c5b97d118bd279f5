"""Fields of dataclasses that are options of a command, and the ranges of their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any, TypeVar

from models.errors import UserError

__all__ = ["check_ranges", "option", "range_problem", "required"]

T = TypeVar("T")


def option(default: T, description: str, metavar: str | None = None, *, secret: bool = False, **metadata: Any) -> T:
    """Declare a field with this default; ``description`` is its help, which says what the option does.

    ``metadata`` may have:

    - ``name``: name of the option, where it is not that of the field; a flag ``no-...`` clears the field
    - ``default_text``: description of a default that is computed
    - ``env``: environment variable that replaces the default
    - ``group``: heading in the help
    - ``parse``: function of a text that returns the value or raises ValueError
    - ``several``: whether several values are taken though the field holds one
    - ``commas``: whether several values are one text, separated by commas
    - ``path``: whether a text names a file, in whatever encoding the file system has
    - ``positional``: whether the value is given without a name
    - ``exclusive``: whether exactly one of the options marked so is required
    - ``min``, ``above``, ``max``: range of a number

    A ``secret`` is left out of the dataclass's repr.
    """
    return field(
        default=default, repr=not secret, metadata={"description": description, "metavar": metavar, **metadata}
    )


def required(description: str, metavar: str | None = None, **metadata: Any) -> Any:
    """Declare a field without a default; an option is required unless it has a ``default_text``."""
    return field(metadata={"description": description, "metavar": metavar, **metadata})


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
    for each in fields(options):
        value = getattr(options, each.name)
        if isinstance(value, int | float) and (problem := range_problem(each.metadata, value)):
            raise error(f"{each.name} {problem}")
