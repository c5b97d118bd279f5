"""Titles of items from a table beside the interactions."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice

from bench.datasets.columns import by_name, title_column
from bench.datasets.diagnosis import encoding_of
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable
from bench.datasets.layout import Sample, sample_of, table_lines

__all__ = ["read_titles", "table_rows"]

#: Titles are kept in an array of fixed width, which one endless title would blow up.
_MAX_LENGTH = 120


def read_titles(file: DataFile) -> dict[str, str]:
    """Item id, as text -> title, of every line that has both."""
    sample = sample_of(file)
    item, title = _places(file, sample)
    titles: dict[str, str] = {}
    for _, fields in table_rows(file, sample):
        if len(fields) > max(item, title) and fields[title]:
            titles[fields[item].strip()] = _cut(fields[title].strip())
    return titles


def table_rows(file: DataFile, sample: Sample) -> Iterator[tuple[int, list[str]]]:
    """The fields of every line but the header, with its number from 1."""
    encoding = encoding_of(file).replace("utf-8", "utf-8-sig")
    with readable(file), file.open() as content:
        lines = iter(io.TextIOWrapper(content, encoding=encoding, newline=""))
        rows = table_lines(lines, sample.separator, is_quoted=sample.separator in (",", ";"))
        yield from ((number, _rejoined(fields, sample)) for number, fields in islice(rows, sample.has_header, None))


def _places(file: DataFile, sample: Sample) -> tuple[int, int]:
    """Where id and title stand: as the header says, else first and second."""
    if sample.n_columns < 2:
        raise DataError.at(file, "only one column; give an item id and a title a line", line=1)
    if not sample.has_header:
        return 0, 1
    plain = [name.strip().lower() for name in sample.header]
    item = by_name(sample.header).get("item", plain.index("id") if "id" in plain else 0)
    title = title_column(sample.header)
    if title is None:
        names = shown(", ".join(sample.header), 200)
        raise DataError.at(file, f"no column of titles among: {names}; name one 'title'", line=1)
    return item, title


def _cut(title: str) -> str:
    return title if len(title) <= _MAX_LENGTH else f"{title[: _MAX_LENGTH - 1]}…"


def _rejoined(fields: list[str], sample: Sample) -> list[str]:
    """A ``::`` table cannot quote, so what is too many there is a title that holds the separator."""
    spare = len(fields) - sample.n_columns
    if sample.separator != "::" or sample.has_header or spare <= 0:
        return fields
    return [fields[0], "::".join(fields[1 : 2 + spare]), *fields[2 + spare :]]
