"""Tables in the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["GAP", "aligned", "display_width"]

GAP = "  "  #: between two columns


def aligned(rows: Sequence[Sequence[str]], *, width: int | None = None) -> list[str]:
    """Return the lines of a table with left-aligned columns.

    If the table is wider than ``width``, its right columns follow below, after an empty line, beside the first column.
    """
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    lines: list[str] = []
    done = 1
    while True:
        end = done + 1
        while end < len(widths) and _total(widths[:1] + widths[done : end + 1]) <= (width or float("inf")):
            end += 1
        shown = [0, *range(done, min(end, len(widths)))]
        lines += [GAP.join(_padded(row[column], widths[column]) for column in shown).rstrip() for row in rows]
        done = end
        if done >= len(widths):
            return lines
        lines.append("")


def display_width(text: str) -> int:
    """Columns of a terminal that ``text`` takes: letters of East Asia take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
