"""How a text file is laid out: its separator, whether it has a header, and which column is what."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.datasets.columns import Role, by_name, by_place
from bench.datasets.errors import DataError, shown

__all__ = ["Layout", "open_bytes", "sniff"]

_SEPARATORS = ("::", "\t", ",", ";", "|")
_SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Layout:
    """``columns`` gives the place of each role; ``n_columns`` is that of the first line."""

    separator: str
    has_header: bool
    n_columns: int
    columns: Mapping[Role, int]

    @property
    def is_quoted(self) -> bool:
        return self.separator in (",", ";")


def open_bytes(path: Path) -> gzip.GzipFile:
    """The uncompressed bytes of a file, gzip or not."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")  # type: ignore[return-value]


def sniff(path: Path) -> Layout:
    """The layout as the first lines show it."""
    lines = _first_lines(path)
    separator = max(_SEPARATORS, key=lambda candidate: _consistency(lines, candidate))
    table = [split(line, separator) for line in lines]
    if len(table[0]) < 2:
        raise DataError.at(path, f"no columns found in {shown(lines[0])!r}; separate user and item by a comma", line=1)
    named = by_name(table[0])
    has_header = bool(named) or (not _has_number(table[0]) and any(map(_has_number, table[1:])))
    columns = named if has_header else by_place(len(table[0]))
    if "user" not in columns or "item" not in columns:
        missing = " and ".join(role for role in ("user", "item") if role not in columns)
        raise DataError.at(path, f"no column for {missing} among {shown(', '.join(table[0]), 200)}", line=1)
    return Layout(separator=separator, has_header=has_header, n_columns=len(table[0]), columns=columns)


def split(line: str, separator: str) -> list[str]:
    """The fields of one line."""
    if separator in (",", ";"):
        return next(csv.reader([line], delimiter=separator), [])
    return line.split(separator)


def _first_lines(path: Path) -> list[str]:
    try:
        with open_bytes(path) as file:
            sample = file.read(_SAMPLE_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError.at(path, f"cannot be read ({shown(error, 200)}); is the file complete?") from None
    lines = sample.decode("utf-8-sig", errors="replace").splitlines()
    lines = [line for line in (lines[:-1] if len(sample) == _SAMPLE_BYTES else lines) if line.strip()]
    if not lines:
        raise DataError.at(path, "the file is empty; give one with a user and an item a line")
    return lines[:200]


def _consistency(lines: Sequence[str], separator: str) -> tuple[int, int]:
    """How many lines have as many fields as the first, where that has more than one; then how many fields."""
    counts = [len(split(line, separator)) for line in lines]
    return (counts.count(counts[0]), counts[0]) if counts[0] > 1 else (0, 0)


def _has_number(fields: Sequence[str]) -> bool:
    return any(field.strip().lstrip("-").replace(".", "", 1).isdigit() for field in fields)
