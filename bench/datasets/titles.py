"""Titles of items from a table beside the interactions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice

from bench.datasets.columns import by_name, title_column
from bench.datasets.diagnosis import encoding_of
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable
from bench.datasets.layout import Sample, sample_of, table_lines
from bench.datasets.rows import Rows

__all__ = ["table_rows", "with_titles"]

#: Titles are kept in an array of fixed width, so one very long title would make all of them long.
_MAX_LENGTH = 120


def with_titles(rows: Rows, file: DataFile, *, is_asked: bool) -> Rows:
    """The rows with the titles in ``file``; one that is not asked for may be unusable, which a note records."""
    ids = [str(item) for item in rows.items.values.tolist()]
    try:
        titles = _titles(file, set(ids))
        if not titles and ids:
            problem = f"no title for any item of the data, such as '{shown(ids[0])}'; give another file"
            raise DataError.at(file, problem)
    except DataError as error:
        if is_asked:
            raise
        return replace(rows, notes=(*rows.notes, f"no titles, for {error}"))
    n_missing = len(ids) - len(titles)
    notes = (*rows.notes, f"{n_missing:,} of {len(ids):,} items have no title") if n_missing else rows.notes
    return replace(rows, titles=titles, notes=notes)


def table_rows(file: DataFile, sample: Sample) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of every line but the header, with its number from 1."""
    lines = file.lines(encoding_of(file))
    rows = table_lines(file, lines, sample.separator, is_quoted=sample.may_be_quoted)
    with readable(file):
        yield from ((number, _rejoined(fields, sample)) for number, fields in islice(rows, sample.has_header, None))


def _titles(file: DataFile, ids: Collection[str]) -> dict[str, str]:
    """Item id, as text -> title, of every line that has both and one of ``ids``."""
    sample = sample_of(file)
    item, title = _columns(file, sample)
    titles: dict[str, str] = {}
    for _, fields in table_rows(file, sample):
        if len(fields) > max(item, title) and fields[title] and fields[item].strip() in ids:
            titles[fields[item].strip()] = _shortened(fields[title].strip())
    return titles


def _columns(file: DataFile, sample: Sample) -> tuple[int, int]:
    """The columns of id and title: as the header names them, else the first and the second."""
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


def _shortened(title: str) -> str:
    return title if len(title) <= _MAX_LENGTH else f"{title[: _MAX_LENGTH - 1]}…"


def _rejoined(fields: list[str], sample: Sample) -> list[str]:
    """Join a title that holds the separator ``::``, which such a table cannot quote."""
    n_spare = len(fields) - sample.n_columns
    if sample.separator != "::" or sample.has_header or n_spare <= 0:
        return fields
    return [fields[0], "::".join(fields[1 : 2 + n_spare]), *fields[2 + n_spare :]]
