"""Reads interactions from text: comma, tab, semicolon, bar or ``::`` between the columns, gzip or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bench.datasets.column_types import ColumnTypes
from bench.datasets.columns import Role
from bench.datasets.diagnosis import check_quotes, diagnose, encoding_of
from bench.datasets.files import DataFile, readable
from bench.datasets.gathering import BadColumnError, Gathered
from bench.datasets.layout import Layout, layout_of
from bench.datasets.options import DataOptions
from bench.datasets.rows import Rows
from bench.datasets.trailing_separators import WithoutSpareSeparators

__all__ = ["read_text"]

#: The reader holds some sixty blocks at a time; larger ones are read no faster. No line may be longer.
_BLOCK_BYTES = 1 << 18


def read_text(file: DataFile, options: DataOptions) -> Rows:
    """The rows of a text file; raises DataError, with the line, where it is not a table of users and items."""
    layout = layout_of(file, options)
    types = ColumnTypes(layout)
    rows = _attempt(file, layout, types, options)
    while isinstance(rows, str):
        if "invalid UTF8" in rows and layout.encoding == "utf-8" and encoding_of(file) == "latin-1":
            layout = replace(layout, encoding="latin-1")
        elif layout.may_be_quoted and not layout.is_quoted and '"' in rows:
            layout = replace(layout, is_quoted=True)
        elif not types.loosen(rows):
            diagnose(file, layout, rows)
        rows = _attempt(file, layout, types, options)
    if layout.is_quoted:
        check_quotes(file)
    return rows


def _attempt(file: DataFile, layout: Layout, types: ColumnTypes, options: DataOptions) -> Rows | str:
    """The rows, or what the fast reader objects to."""
    with readable(file):
        # never closed here: after an error pyarrow still reads ahead in a thread of its own, and the number of a closed
        # file is given to the next one, whose bytes it would take
        rows = _parse(file.open_arrow(), layout, types, options)
    if isinstance(rows, str) and "columns, got" in rows:
        with readable(file), file.open() as content:
            mending = WithoutSpareSeparators(content, layout.separator, layout.n_columns)
            rows = _parse(mending, layout, types, options)
        if mending.n_mended and isinstance(rows, Rows):
            return replace(
                rows, notes=(f"lines cut at the end, where they had spare separators: {mending.n_mended:,}",)
            )
    return rows


def _parse(stream: Any, layout: Layout, types: ColumnTypes, options: DataOptions) -> Rows | str:
    import pyarrow as pa

    gathered = Gathered(options)
    try:
        for batch in _batches(stream, layout, types):
            gathered.add(batch)
        return gathered.rows()
    except (pa.ArrowInvalid, BadColumnError) as error:
        return str(error)


def _batches(stream: Any, layout: Layout, types: ColumnTypes) -> Iterator[dict[Role, Any]]:
    """A pyarrow array a role, block by block; an empty field is a null."""
    import pyarrow as pa
    import pyarrow.csv

    width = len(layout.separator)  # the reader knows one-byte separators: `::` leaves an empty column between two
    names = [f"column {place}" for place in range((layout.n_columns - 1) * width + 1)]
    roles: dict[str, Role] = {names[place * width]: role for role, place in layout.columns.items()}
    gaps = [name for place, name in enumerate(names) if place % width]
    batches = pyarrow.csv.open_csv(
        stream,
        read_options=pyarrow.csv.ReadOptions(
            column_names=names,
            skip_rows=layout.n_lines_before,
            encoding=layout.encoding,
            block_size=_BLOCK_BYTES,
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=layout.separator[0],
            quote_char='"' if layout.is_quoted else False,
            newlines_in_values=layout.is_quoted,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=[*roles, *gaps],
            column_types={name: types[role] for name, role in roles.items()} | dict.fromkeys(gaps, pa.null()),
            null_values=[""],
            strings_can_be_null=True,
        ),
        memory_pool=pa.system_memory_pool(),  # pyarrow's own keeps what it no longer needs
    )
    return ({role: batch.column(name) for name, role in roles.items()} for batch in batches)
