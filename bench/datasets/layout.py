"""How a text table is laid out: its separator, whether it has a header, and which column is what."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bench.datasets.columns import Role, by_name, by_place, chosen, is_number, parse_columns
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable
from bench.datasets.options import DataOptions

__all__ = ["Layout", "Sample", "layout_of", "sample_of", "table_lines"]

_SEPARATORS = ("::", "\t", ",", ";", "|")
_QUOTING = (",", ";")
_SAMPLE_BYTES = 1 << 16
_SAMPLE_ROWS = 200


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
        """The header's count, else the one that most lines have."""
        return len(self.header) or Counter(map(len, self.lines)).most_common(1)[0][0]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A table of interactions: ``columns`` gives the place of each role, from 0.

    ``is_quoted`` says whether quotes enclose fields, or are letters like any other.
    """

    sample: Sample
    columns: Mapping[Role, int]
    is_quoted: bool
    encoding: str = "utf-8"

    @property
    def separator(self) -> str:
        return self.sample.separator

    @property
    def n_columns(self) -> int:
        return self.sample.n_columns

    @property
    def may_be_quoted(self) -> bool:
        return self.separator in _QUOTING

    @property
    def n_lines_before(self) -> int:
        """Lines before the first row."""
        return self.sample.n_blank + int(self.sample.has_header)


def layout_of(file: DataFile, options: DataOptions) -> Layout:
    """The layout as the first lines show it, where ``options`` do not say otherwise."""
    asked = parse_columns(options.columns) if options.columns else {}
    separator = "\t" if options.separator == r"\t" else options.separator
    sample = sample_of(file, separator=separator, header=options.header, names=tuple(asked.values()))
    if sample.n_columns < 2:
        line = sample.lines[0][0]
        raise DataError.at(
            file, f"only one column in {shown(line)!r}; give a user and an item a line, or --separator", line=1
        )
    third = [row[2] for row in sample.body if len(row) > 2]
    columns = by_name(sample.header) if sample.has_header else by_place(sample.n_columns, third)
    columns = chosen(asked, columns, sample.header, sample.n_columns, file)
    missing = " and ".join(role for role in ("user", "item") if role not in columns)
    if missing:
        example = ",".join(f"{role}=NAME" for role in missing.split(" and "))
        names = shown(", ".join(sample.header), 200)
        raise DataError.at(file, f"no column for {missing} among: {names}; say which with --columns {example}", line=1)
    return Layout(sample=sample, columns=columns, is_quoted=sample.has_quotes)


def sample_of(
    file: DataFile, *, separator: str | None = None, header: bool | None = None, names: Sequence[str] = ()
) -> Sample:
    """The first lines of a text table; raises DataError for an empty file and for one that is no text.

    ``header`` says whether there is one; otherwise its form does, or that it holds one of ``names``.
    """
    with readable(file), file.open() as content:
        head = content.read(_SAMPLE_BYTES)
    if b"\0" in head:
        raise DataError.at(file, "is not a text table; save it as UTF-8 text, or as Parquet or a scipy .npz")
    lines = io.StringIO(head.decode("utf-8-sig", errors="replace"), newline=None).readlines()
    if len(head) == _SAMPLE_BYTES and len(lines) > 1:
        lines.pop()
    n_blank = next((place for place, line in enumerate(lines) if line.strip()), None)
    if n_blank is None:
        raise DataError.at(file, "the file is empty; give one with a user and an item a line")
    candidates = _SEPARATORS if separator is None else (separator,)
    tables = {candidate: _table(lines, candidate) for candidate in candidates}
    separator = max(tables, key=lambda candidate: _consistency(tables[candidate]))
    table = tables[separator]
    if header is None:
        header = _is_header(table) or any(name in table[0] for name in names if not name.isdecimal())
    has_quotes = separator in _QUOTING and b'"' in head
    return Sample(separator=separator, has_header=header, has_quotes=has_quotes, n_blank=n_blank, lines=table)


def table_lines(lines: Iterator[str], separator: str, *, is_quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """The fields of every line that is not blank, with its number from 1; a quoted field may hold line breaks."""
    if is_quoted:
        reader = csv.reader(lines, delimiter=separator)
        return ((reader.line_num, fields) for fields in reader if fields)
    return (
        (number, line.rstrip("\r\n").split(separator)) for number, line in enumerate(lines, start=1) if line.strip()
    )


def _table(lines: Sequence[str], separator: str) -> tuple[tuple[str, ...], ...]:
    rows = islice(table_lines(iter(lines), separator, is_quoted=separator in _QUOTING), _SAMPLE_ROWS)
    return tuple(tuple(fields) for _, fields in rows)


def _consistency(table: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The share of the rows that have as many fields as most, where that is more than one; then how many that is."""
    n_fields, n_rows = Counter(map(len, table)).most_common(1)[0]
    return (n_rows / len(table), n_fields) if n_fields > 1 else (0, 0)


def _is_header(table: Sequence[Sequence[str]]) -> bool:
    """Whether the first line names a column we know, or holds no number where later lines do."""
    first, later = table[0], table[1:]
    if any(map(is_number, first)):
        return False
    return bool(by_name(first)) or any(is_number(field) for line in later for field in line)
