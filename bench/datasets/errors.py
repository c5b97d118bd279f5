"""The error that reading data raises, and the form of its messages."""

from __future__ import annotations

from models.errors import UserError

__all__ = ["DataError", "shown"]


class DataError(UserError):
    """The data cannot be used; the message is one line: where, what is wrong, the value, what to do."""

    @classmethod
    def at(cls, place: object, problem: str, *, line: int | None = None) -> DataError:
        """An error about a file, or about one of its lines (from 1)."""
        where = shown(place, 400) if line is None else f"{shown(place, 400)}, line {line:,}"
        return cls(f"{where}: {problem}")


def shown(value: object, length: int = 60) -> str:
    """A value from a file, safe to print on one line of a terminal and cut to ``length``."""
    text = value if isinstance(value, str) else str(value)
    printable = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: length + 1])
    return printable if len(printable) <= length else printable[: length - 1] + "…"
