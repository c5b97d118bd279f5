"""Features of items and users from tables beside the interactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.datasets.columns import by_name, column_index, is_number
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, require_memory
from bench.datasets.layout import sample_of
from bench.datasets.movielens_small import read_movies
from bench.datasets.options import DataOptions
from bench.datasets.titles import table_rows
from evaluation.interactions import FeatureTable, Interactions

__all__ = ["Table", "embedded_items", "read_table", "with_features"]

_NOTHING = "none"  #: the value of --item-features that leaves features out
_DEFAULTS = ("genres", "genre", "tags", "tag")  #: the first of these columns is taken unless the user names some
_NO_VALUE = ("", "(no genres listed)")  #: the latter is MovieLens's
_FEW_NUMBERS = 12  #: a numeric column with more different values is cut into ranges
_N_RANGES = 10  #: ranges of a numeric column, with about as many users or items each
_MAX_LENGTH = 120  #: of a feature's name; names are kept in an array of fixed width
_CHECKED_VALUES = 1 << 20  #: the memory is checked whenever so many values have been read
_VALUE_BYTES = 200  #: memory of a value until the table of features is made

#: The last columns of u.item, each a flag of one genre; they are read as one column.
_FLAGS = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
#: The columns of MovieLens's tables without a header.
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "u.item": ("item", "title", "released", "video", "url", "genres"),
    "u.user": ("user", "age", "gender", "occupation", "zip"),
    "movies.dat": ("item", "title", "genres"),
    "users.dat": ("user", "gender", "age", "occupation", "zip"),
}


@dataclass(frozen=True)
class Table:
    """A table of items or users; ``header`` is empty where the names of its columns are unknown."""

    source: object  #: file or data set, for messages
    header: tuple[str, ...]
    n_columns: int
    id_column: int
    rows: Iterable[tuple[int, Sequence[str]]]  #: fields of each line, with its number from 1


def with_features(
    interactions: Interactions, options: DataOptions, items: Table | None, users: Table | None
) -> Interactions:
    """Add the features in the columns that ``options`` name; unless it names some, items have genres or tags.

    A field is split at ``|``; each part is a feature, ``column=part``. An id may have several rows. Numeric columns
    with many values are cut into ranges. Raises DataError for a column that was named and cannot be used.
    """
    item_columns, user_columns = _names(options.item_features), _names(options.user_features)
    if item_columns is None and items is not None:
        known = {name.lower(): name for name in reversed(items.header)}
        item_columns = tuple(known[name] for name in _DEFAULTS if name in known)[:1]
    if user_columns is None and users is not None and options.users is not None:
        there = shown(", ".join(users.header), 200) or f"columns 1 to {users.n_columns}"
        raise DataError.at(options.users, f"name the columns to learn from with --user-features; there are: {there}")
    for_users = _feature_table("user", users, user_columns, interactions.user_ids)
    for_items = _feature_table("item", items, item_columns, interactions.item_ids)
    notes = [_note(kind, table) for kind, table in (("users", for_users), ("items", for_items)) if table is not None]
    source = replace(interactions.source, notes=(*interactions.source.notes, *notes))
    return replace(interactions, user_features=for_users, item_features=for_items, source=source)


def read_table(file: DataFile | None, kind: str) -> Table | None:
    """The table of items or users in ``file``, as ``kind`` says ("item" or "user"); None where there is no file."""
    if file is None:
        return None
    sample = sample_of(file)
    header = sample.header or _HEADERS.get(file.name, ())
    is_flagged = not sample.header and file.name == "u.item" and sample.n_columns == 5 + len(_FLAGS)
    if len(header) != sample.n_columns and not is_flagged:
        header = ()
    plain = [name.strip().lower() for name in header]
    id_column = by_name(header).get("item" if kind == "item" else "user", plain.index("id") if "id" in plain else 0)
    rows: Iterable[tuple[int, Sequence[str]]] = table_rows(file, sample)
    if is_flagged:
        rows = ((number, _unflagged(fields)) for number, fields in rows)
    return Table(file, tuple(name.strip() for name in header), len(header) or sample.n_columns, id_column, rows)


def embedded_items() -> Table:
    """The movies that are part of mfbench."""
    movies = read_movies()
    rows = enumerate(zip(map(str, movies.ids.tolist()), movies.titles, movies.genres, strict=True), start=1)
    return Table("movielens-small", _HEADERS["movies.dat"], 3, 0, rows)


def _names(columns: str | None) -> tuple[str, ...] | None:
    if columns is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in columns.split(",")))
    if "" in names:
        raise DataError(f"{shown(columns)!r} has a column without a name; write for instance genres,year")
    return () if names == (_NOTHING,) else names


def _unflagged(fields: Sequence[str]) -> Sequence[str]:
    if len(fields) != 5 + len(_FLAGS):
        return fields[:5]  # one column too few, which is reported with the line
    return [*fields[:5], "|".join(name for name, flag in zip(_FLAGS, fields[5:], strict=True) if flag.strip() == "1")]


def _feature_table(
    kind: str, table: Table | None, columns: tuple[str, ...] | None, ids: NDArray[np.generic]
) -> FeatureTable | None:
    """The features of the users or items ``ids``; None where no column is chosen."""
    if not columns:
        return None
    if table is None:
        raise DataError(f"--{kind}-features needs a table of {kind}s; name its file with --{kind}s")
    row_of = {str(each): row for row, each in enumerate(ids.tolist())}
    fields = _fields(table, columns, f"--{kind}-features", row_of)
    if not any(rows for rows, _ in fields):
        problem = f"none of its ids is a {kind} of the data, such as '{shown(next(iter(row_of)))}'"
        raise DataError.at(table.source, f"{problem}; give another file")
    pairs = [pair for column, each in zip(columns, fields, strict=True) for pair in _named(column, *each)]
    names, columns_of = np.unique([name for _, name in pairs], return_inverse=True) if pairs else (np.array([""]), [])
    shape = (len(ids), len(names))
    matrix = sp.csr_array((np.ones(len(pairs), np.float32), ([row for row, _ in pairs], columns_of)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return FeatureTable(matrix=matrix, names=names.astype(np.str_), columns=columns)


def _fields(
    table: Table, columns: Sequence[str], option: str, row_of: Mapping[str, int]
) -> list[tuple[list[int], list[str]]]:
    """For each of ``columns`` the rows of the values and the values; a field with ``|`` has several."""
    indices = [column_index(column, table.header, table.n_columns, table.source, option) for column in columns]
    found: list[tuple[list[int], list[str]]] = [([], []) for _ in columns]
    n_values = 0
    for number, fields in table.rows:
        if len(fields) <= max(*indices, table.id_column):
            problem = f"{len(fields)} columns where {table.n_columns} are expected; correct or remove the line"
            raise DataError.at(table.source, problem, line=number)
        row = row_of.get(fields[table.id_column].strip())
        if row is None:
            continue
        for (rows, values), index in zip(found, indices, strict=True):
            parts = [part for each in fields[index].split("|") if (part := each.strip()) not in _NO_VALUE]
            values += parts
            rows += [row] * len(parts)
            n_values += len(parts)
        if n_values > _CHECKED_VALUES:
            require_memory(table.source, _VALUE_BYTES * n_values)
            n_values = 0
    return found


def _named(column: str, rows: Sequence[int], values: Sequence[str]) -> list[tuple[int, str]]:
    """Pairs of a row and the name of a feature that it has."""
    if len(set(values)) > _FEW_NUMBERS and all(map(is_number, values)):
        values = _ranges(np.array(values, np.float64))
    return [(row, f"{column}={value}"[:_MAX_LENGTH]) for row, value in zip(rows, values, strict=True)]


def _ranges(numbers: NDArray[np.float64]) -> list[str]:
    """The range of each number, named by the smallest and the largest number in it."""
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, _N_RANGES + 1)[1:-1], method="inverted_cdf"))
    bins = np.searchsorted(edges, numbers)
    names = {each: f"{numbers[bins == each].min():g} to {numbers[bins == each].max():g}" for each in np.unique(bins)}
    return [names[each] for each in bins.tolist()]


def _note(kind: str, table: FeatureTable) -> str:
    n_without = int((np.diff(table.matrix.indptr) == 0).sum())
    missing = f"; {n_without:,} of {table.matrix.shape[0]:,} {kind} have none" if n_without else ""
    return f"{len(table.names):,} features of {kind} from {shown(', '.join(table.columns), 200)}{missing}"
