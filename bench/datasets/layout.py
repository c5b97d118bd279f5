"""How a text table is laid out: its separator, its header, which column has which role, and of which type it is."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from bench.datasets.columns import Role, by_name, by_position, chosen, is_number, parse_columns
from bench.datasets.errors import DataError, shown
from bench.datasets.files import MAX_LINE_BYTES, DataFile
from bench.datasets.options import DataOptions

__all__ = ["ColumnType", "Layout", "Sample", "fits", "layout_of", "sample_of", "table_lines"]

#: "text" is any string; "time" and "zoned time" are dates without and with a time zone.
ColumnType = Literal["int32", "int64", "uint64", "float32", "float64", "text", "time", "zoned time"]

_RANGES = {"int32": (-(2**31), 2**31), "int64": (-(2**63), 2**63), "uint64": (0, 2**64)}
_SEPARATORS = ("::", "\t", ",", ";", "|")
_QUOTING = (",", ";")
_SAMPLE_LENGTH = 1 << 16
_SAMPLE_ROWS = 200
csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The first lines of a table; ``n_blank`` empty ones come before them."""

    separator: str
    has_header: bool
    has_quotes: bool
    n_blank: int
    lines: tuple[tuple[str, ...], ...]

    @property
    def header(self) -> tuple[str, ...]:
        return self.lines[0] if self.has_header else ()

    @property
    def body(self) -> tuple[tuple[str, ...], ...]:
        return self.lines[1:] if self.has_header else self.lines

    @property
    def n_columns(self) -> int:
        """The header's count, else the most frequent count."""
        return len(self.header) or Counter(map(len, self.lines)).most_common(1)[0][0]

    @property
    def may_be_quoted(self) -> bool:
        """Whether files with this separator put fields into quotes."""
        return self.separator in _QUOTING


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A table of interactions; ``columns`` maps a role to its column, from 0.

    ``types`` maps a role to its type, followed by the types to try where a later field does not fit. ``is_quoted``
    says whether quotes enclose fields or are ordinary characters, ``has_spare_separators`` whether some lines end in
    more separators than there are columns.
    """

    sample: Sample
    columns: Mapping[Role, int]
    types: Mapping[Role, tuple[ColumnType, ...]]
    is_quoted: bool
    encoding: str = "utf-8"
    has_spare_separators: bool = False

    @property
    def separator(self) -> str:
        return self.sample.separator

    @property
    def n_columns(self) -> int:
        return self.sample.n_columns

    @property
    def n_lines_before(self) -> int:
        """Lines before the first row."""
        return self.sample.n_blank + int(self.sample.has_header)


def layout_of(file: DataFile, options: DataOptions) -> Layout:
    """The layout that the first lines show, unless ``options`` give it."""
    asked = parse_columns(options.columns) if options.columns else {}
    separator = "\t" if options.separator == r"\t" else options.separator
    sample = sample_of(file, separator=separator, header=options.header, names=tuple(asked.values()))
    if sample.n_columns < 2:
        line = sample.lines[0][0]
        raise DataError.at(
            file, f"only one column in {shown(line)!r}; give a user and an item a line, or --separator", line=1
        )
    third = [row[2] for row in sample.body if len(row) > 2]
    columns = by_name(sample.header) if sample.has_header else by_position(sample.n_columns, third)
    columns = chosen(asked, columns, sample.header, sample.n_columns, file)
    missing = " and ".join(role for role in ("user", "item") if role not in columns)
    if missing:
        example = ",".join(f"{role}=NAME" for role in missing.split(" and "))
        names = shown(", ".join(sample.header), 200)
        raise DataError.at(file, f"no column for {missing} among: {names}; say which with --columns {example}", line=1)
    types = {role: _types(role, _fields(sample, column)) for role, column in columns.items()}
    return Layout(sample=sample, columns=columns, types=types, is_quoted=sample.has_quotes)


def sample_of(
    file: DataFile, *, separator: str | None = None, header: bool | None = None, names: Sequence[str] = ()
) -> Sample:
    """The first lines of a text table; raises DataError for an empty file and for one that is not text.

    ``header`` says whether the first line is a header. If it is None, the line is one where it looks like one or
    holds one of ``names``.
    """
    lines = _first_lines(file)
    n_blank = next((position for position, line in enumerate(lines) if line.strip()), None)
    if n_blank is None:
        raise DataError.at(file, "the file is empty; give one with a user and an item a line")
    candidates = _SEPARATORS if separator is None else (separator,)
    tables = {candidate: _table(file, lines, candidate) for candidate in candidates}
    separator = max(tables, key=lambda candidate: _consistency(tables[candidate]))
    table = tables[separator]
    if header is None:
        header = _is_header(table) or any(name in table[0] for name in names if not name.isdecimal())
    has_quotes = separator in _QUOTING and any('"' in line for line in lines)
    return Sample(separator=separator, has_header=header, has_quotes=has_quotes, n_blank=n_blank, lines=table)


def table_lines(
    file: DataFile, lines: Iterable[tuple[int, str]], separator: str, *, is_quoted: bool
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of every line of ``file`` that is not blank; quoted fields may hold line breaks.

    ``lines`` are as :meth:`DataFile.lines` yields them. Raises DataError where a quoted row is longer than a line may
    be.
    """
    if not is_quoted:
        yield from ((number, line.rstrip("\r\n").split(separator)) for number, line in lines if line.strip())
        return
    first = last = length = 0

    def counted() -> Iterator[str]:
        nonlocal first, last, length
        for last, line in lines:
            first = first or last
            length += len(line)
            if length > MAX_LINE_BYTES:
                problem = f"the row that begins here is longer than {MAX_LINE_BYTES:,} bytes; is a quote left open?"
                raise DataError.at(file, f"{problem} Close it, or shorten the row", line=first)
            yield line

    for fields in csv.reader(counted(), delimiter=separator):
        first = length = 0
        if fields:
            yield last, fields


def fits(field: str, kind: ColumnType) -> bool:
    """Whether the reader of tables accepts a whole number ``field`` for the type ``kind``; True for other types."""
    if kind not in _RANGES:
        return True
    low, end = _RANGES[kind]
    return re.fullmatch(r"-?[0-9]{1,40}", field) is not None and low <= int(field) < end


def _first_lines(file: DataFile) -> list[str]:
    lines, length = [], 0
    for _, line in file.lines():
        lines.append(line)
        length += len(line)
        if length >= _SAMPLE_LENGTH:
            break
    return lines


def _table(file: DataFile, lines: Sequence[str], separator: str) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    # a row that is too long is reported when the whole table is read, unless another separator fits
    with suppress(DataError):
        for _, fields in table_lines(file, enumerate(lines, start=1), separator, is_quoted=separator in _QUOTING):
            rows.append(tuple(fields))
            if len(rows) == _SAMPLE_ROWS:
                break
    return tuple(rows) or ((lines[0],),)


def _consistency(table: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The share of rows with the most frequent number of columns, if that is more than one, and that number."""
    n_fields, n_rows = Counter(map(len, table)).most_common(1)[0]
    return (n_rows / len(table), n_fields) if n_fields > 1 else (0, 0)


def _is_header(table: Sequence[Sequence[str]]) -> bool:
    """Whether the first line names a column we know, or holds no number where later lines do."""
    first, later = table[0], table[1:]
    if any(map(is_number, first)):
        return False
    return bool(by_name(first)) or any(is_number(field) for line in later for field in line)


def _fields(sample: Sample, column: int) -> list[str]:
    return [row[column].strip() for row in sample.body if column < len(row)]


def _types(role: Role, fields: Sequence[str]) -> tuple[ColumnType, ...]:
    """The types for a role's column, given its first ``fields``, from narrow to loose."""
    if role in ("rating", "weight"):
        return ("float32",)
    if role == "time":
        if all(map(is_number, fields)):
            return ("int64", "float64")
        has_zone = any(re.search(r"(Z|[+-]\d\d:?\d\d)$", field) for field in fields if ":" in field)
        return ("zoned time",) if has_zone else ("time",)
    if not all(re.fullmatch(r"0|-?[1-9][0-9]{0,19}", field) for field in fields):
        return ("text",)  # ids with leading zeros too, for 007 is not 7
    integers: tuple[ColumnType, ...] = ("int32", "int64", "uint64")
    return (*(kind for kind in integers if all(fits(field, kind) for field in fields)), "text")
