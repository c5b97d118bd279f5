"""Reads interactions from text: comma, tab, semicolon, bar or ``::`` between the columns, gzip or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.columns import Role
from bench.datasets.errors import DataError, shown
from bench.datasets.layout import Layout, open_bytes, sniff
from bench.datasets.rows import Ids, Rows, encode

__all__ = ["read_text"]


def read_text(path: Path) -> Rows:
    """The rows of a text file; raises DataError where it is not a table of users and items."""
    import pyarrow as pa

    layout = sniff(path)
    try:
        table = _read_table(path, layout)
        ids = {role: _ids(table.column(role)) for role in ("user", "item")}
        rating, weight, times = (
            _numbers(table.column(role), kind) if role in layout.columns else None
            for role, kind in (("rating", np.float32), ("weight", np.float32), ("time", np.int64))
        )
    except (pa.ArrowException, OSError, EOFError) as error:
        raise DataError.at(path, shown(error, 300)) from None
    return Rows(
        users=ids["user"],
        items=ids["item"],
        values=weight if rating is None else rating,
        value_kind="rating" if rating is not None else "weight" if weight is not None else None,
        times=times,
    )


def _read_table(path: Path, layout: Layout) -> Any:
    """A pyarrow table with a column a role; ids are whatever they look like."""
    import pyarrow.csv

    width = len(layout.separator)  # the reader knows one-byte separators: `::` leaves an empty column between two
    names = [f"column {place}" for place in range((layout.n_columns - 1) * width + 1)]
    roles: dict[str, Role] = {names[place * width]: role for role, place in layout.columns.items()}
    with open_bytes(path) as file:
        table = pyarrow.csv.read_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(column_names=names, skip_rows=int(layout.has_header)),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=layout.separator[0], quote_char='"' if layout.is_quoted else False
            ),
            convert_options=pyarrow.csv.ConvertOptions(include_columns=list(roles), auto_dict_encode=True),
        )
    return table.rename_columns(list(roles.values()))


def _ids(column: Any) -> Ids:
    import pyarrow as pa

    if column.null_count:
        raise DataError(f"{column.null_count} rows without an id")
    if not pa.types.is_dictionary(column.type):
        return encode(column.to_numpy())
    encoded = column.unify_dictionaries().combine_chunks()
    values = np.array(encoded.dictionary.to_pylist(), dtype=np.str_)
    order = np.argsort(values)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Ids(values=values[order], codes=rank[encoded.indices.to_numpy()])


def _numbers(column: Any, dtype: type) -> NDArray[Any]:
    numbers: NDArray[Any] = column.cast("float32" if dtype is np.float32 else "int64").to_numpy()
    return numbers
