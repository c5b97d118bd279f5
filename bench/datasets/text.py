"""Reads interactions from text: comma, tab, semicolon, bar or ``::`` between the columns, gzip or not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from bench.datasets.arrow_rows import BadColumnError, RowsBuilder
from bench.datasets.columns import Role
from bench.datasets.diagnosis import adapted, check_quotes
from bench.datasets.files import MAX_LINE_BYTES, DataFile, readable
from bench.datasets.layout import ColumnType, Layout, layout_of
from bench.datasets.options import DataOptions
from bench.datasets.rows import Rows

__all__ = ["read_text"]

#: pyarrow holds some sixty blocks at a time; larger ones are read no faster. It reads no line longer than a block.
_BLOCK_BYTES = MAX_LINE_BYTES


@dataclass(frozen=True, kw_only=True)
class _Failure:
    """Why pyarrow could not read a table, and how many rows it had read before."""

    reason: str
    n_read: int


def read_text(file: DataFile, options: DataOptions) -> Rows:
    """The rows of a text file; raises DataError, with the line, where it is not a table of users and items."""
    layout = layout_of(file, options)
    outcome = _attempt(file, layout, options)
    while isinstance(outcome, _Failure):
        layout = adapted(file, layout, n_read=outcome.n_read, reason=outcome.reason)
        outcome = _attempt(file, layout, options)
    if layout.is_quoted:
        check_quotes(file)
    return outcome


def _attempt(file: DataFile, layout: Layout, options: DataOptions) -> Rows | _Failure:
    import pyarrow as pa

    builder, n_read = RowsBuilder(options), 0
    with readable(file):
        # The file is never closed here: after an error a thread of pyarrow's still reads ahead, and the descriptor of
        # a closed file is given to the next file opened, whose bytes the thread would take.
        stream = _TableStream(file.open() if layout.has_spare_separators else file.open_arrow(), layout)
        try:
            for n_rows, batch in _batches(stream, layout):
                builder.add(batch)
                n_read += n_rows
            n_read = 0  # what is wrong with the whole column can be in any row
            rows = builder.rows()
        except (pa.ArrowInvalid, BadColumnError) as error:
            return _Failure(reason=str(error), n_read=n_read)
    if not stream.n_cut:
        return rows
    return replace(rows, notes=(f"lines cut at the end, where they had spare separators: {stream.n_cut:,}",))


class _TableStream(io.RawIOBase):
    """The bytes of a table, for pyarrow; spare separators at line ends are cut off where ``layout`` has some.

    Raises BadColumnError for a NUL byte, and for a line that is too long to cut.
    """

    def __init__(self, source: Any, layout: Layout) -> None:
        self._source = source
        self._is_cut = layout.has_spare_separators
        self._separator = layout.separator.encode()
        self._n_separators = layout.n_columns - 1
        self._ready = b""
        self.n_cut = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block: bytes = self._cut_block(size) if self._is_cut else self._source.read(size)
        if b"\0" in block:
            raise BadColumnError("a NUL byte")
        return block

    def _cut_block(self, size: int) -> bytes:
        lines, length = [self._ready], len(self._ready)
        while length < size and (line := self._source.readline(MAX_LINE_BYTES + 1)):
            if len(line) > MAX_LINE_BYTES:
                raise BadColumnError("a line that is too long")
            lines.append(self._cut(line))
            length += len(lines[-1])
        block = b"".join(lines)
        self._ready = block[size:]
        return block[:size]

    def _cut(self, line: bytes) -> bytes:
        n_spare = line.count(self._separator) - self._n_separators
        if n_spare <= 0 or b'"' in line:
            return line
        text = line.rstrip(b"\r\n")
        if not text.endswith(self._separator * n_spare):
            return line
        self.n_cut += 1
        return text[: -n_spare * len(self._separator)] + line[len(text) :]


def _batches(stream: _TableStream, layout: Layout) -> Iterator[tuple[int, dict[Role, Any]]]:
    """Yield the number of rows of each block, and a pyarrow array per role; an empty field is a null."""
    import pyarrow as pa
    import pyarrow.csv

    width = len(layout.separator)  # pyarrow knows one-byte separators: `::` leaves an empty column between two
    names = [f"column {position}" for position in range((layout.n_columns - 1) * width + 1)]
    roles: dict[str, Role] = {names[column * width]: role for role, column in layout.columns.items()}
    gaps = [name for position, name in enumerate(names) if position % width]
    types = {name: _arrow_type(layout.types[role][0]) for name, role in roles.items()}
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
            column_types=types | dict.fromkeys(gaps, pa.null()),
            null_values=[""],
            strings_can_be_null=True,
        ),
        memory_pool=pa.system_memory_pool(),  # pyarrow's own pool keeps memory that it no longer needs
    )
    return ((batch.num_rows, {role: batch.column(name) for name, role in roles.items()}) for batch in batches)


def _arrow_type(kind: ColumnType) -> Any:
    import pyarrow as pa

    if kind == "text":
        return pa.dictionary(pa.int32(), pa.string())
    if kind in ("time", "zoned time"):
        return pa.timestamp("ns", tz="UTC" if kind == "zoned time" else None)
    return pa.type_for_alias(kind)
