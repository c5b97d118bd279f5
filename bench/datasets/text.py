"""Reads interactions from text: comma, tab, semicolon, bar or ``::`` between the columns, gzip or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bench.datasets.column_types import ColumnTypes
from bench.datasets.columns import Role
from bench.datasets.diagnosis import diagnose, encoding_of
from bench.datasets.files import DataFile, readable
from bench.datasets.gathering import BadColumnError, Gathered
from bench.datasets.layout import Layout, layout_of, split
from bench.datasets.options import DataOptions
from bench.datasets.rows import Rows, first_bad_value

__all__ = ["read_text"]

#: Rows that end in a spare separator are set aside one by one; a file full of them has a wider layout instead.
_MAX_SET_ASIDE = 10_000


def read_text(file: DataFile, options: DataOptions) -> Rows:
    """The rows of a text file; raises DataError, with the line, where it is not a table of users and items."""
    layout = layout_of(file, options)
    types = ColumnTypes(layout)
    rows = _attempt(file, layout, types)
    while isinstance(rows, str):
        if "invalid UTF8" in rows and layout.encoding == "utf-8" and encoding_of(file) == "latin-1":
            layout = replace(layout, encoding="latin-1")
        elif not types.loosen(rows):
            diagnose(file, layout, rows)
        rows = _attempt(file, layout, types)
    if bad := first_bad_value(rows):
        diagnose(file, layout, bad[1])
    return rows


def _attempt(file: DataFile, layout: Layout, types: ColumnTypes) -> Rows | str:
    """The rows, or what the fast reader objects to."""
    import pyarrow as pa

    aside: list[str] = []

    def set_aside(row: Any) -> str:
        aside.append(row.text)
        return "skip" if len(aside) <= _MAX_SET_ASIDE else "error"

    gathered = Gathered()
    with readable(file), file.open_arrow() as stream:
        try:
            _gather(stream, layout, types, gathered, n_skipped=layout.n_lines_before, set_aside=set_aside)
            mended = [_without_spare(line, layout) for line in aside]
            if None in mended:
                return "a line has too many or too few columns"
            if mended:
                text = "\n".join(line for line in mended if line is not None)
                _gather(pa.py_buffer(text.encode()), replace(layout, encoding="utf-8"), types, gathered)
            rows = gathered.rows()
        except (pa.ArrowInvalid, BadColumnError) as error:
            return str(error)
    return replace(rows, notes=(f"{len(aside):,} rows ended in a spare separator",)) if aside else rows


def _gather(
    stream: Any,
    layout: Layout,
    types: ColumnTypes,
    gathered: Gathered,
    *,
    n_skipped: int = 0,
    set_aside: Callable[[Any], str] | None = None,
) -> None:
    """Adds the rows of ``stream`` to ``gathered``; ``set_aside`` is called with each row of another width."""
    import pyarrow as pa
    import pyarrow.csv

    width = len(layout.separator)  # the reader knows one-byte separators: `::` leaves an empty column between two
    names = [f"column {place}" for place in range((layout.n_columns - 1) * width + 1)]
    roles: dict[str, Role] = {names[place * width]: role for role, place in layout.columns.items()}
    gaps = [name for place, name in enumerate(names) if place % width]
    reader = pyarrow.csv.open_csv(
        stream,
        read_options=pyarrow.csv.ReadOptions(column_names=names, skip_rows=n_skipped, encoding=layout.encoding),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=layout.separator[0],
            quote_char='"' if layout.is_quoted else False,
            newlines_in_values=layout.is_quoted,
            invalid_row_handler=set_aside,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=[*roles, *gaps],
            column_types={name: types[role] for name, role in roles.items()} | dict.fromkeys(gaps, pa.null()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    for batch in reader:
        gathered.add({role: batch.column(name) for name, role in roles.items()})


def _without_spare(line: str, layout: Layout) -> str | None:
    """The line without empty fields past the last column; None where that is not what is wrong with it."""
    fields = split(line, layout.separator)
    spare = fields[layout.n_columns :]
    if not spare or any(spare) or '"' in line:
        return None
    return layout.separator.join(fields[: layout.n_columns])
