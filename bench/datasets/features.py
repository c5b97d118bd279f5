"""Features of items and users, from tables beside the interactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.datasets.columns import by_name, column_index, is_number
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile
from bench.datasets.layout import sample_of
from bench.datasets.movielens_small import read_movies
from bench.datasets.options import DataOptions
from bench.datasets.titles import table_rows
from evaluation.interactions import FeatureTable, Interactions

__all__ = ["Table", "embedded_items", "read_table", "with_features"]

NOTHING = "none"  #: what --item-features says to leave features out
TAKEN_UNASKED = ("genres", "genre", "tags", "tag")  #: the first that an items file has
NO_VALUE = ("", "(no genres listed)")  #: the latter is MovieLens's own
FEW_NUMBERS = 12  #: different ones in a column that are taken as they are
N_RANGES = 10  #: of more numbers, with about as many users or items each
MAX_LENGTH = 120  #: of a feature's name, which stands in an array of fixed width

#: the last columns of u.item, which are one here
_FLAGS = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
#: MovieLens's tables without a header
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "u.item": ("item", "title", "released", "video", "url", "genres"),
    "u.user": ("user", "age", "gender", "occupation", "zip"),
    "movies.dat": ("item", "title", "genres"),
    "users.dat": ("user", "gender", "age", "occupation", "zip"),
}


@dataclass(frozen=True)
class Table:
    """A table of items or users; ``header`` is empty where nobody knows the names of its columns."""

    place: object  #: for messages
    header: tuple[str, ...]
    n_columns: int
    id_column: int
    rows: Iterable[tuple[int, Sequence[str]]]  #: fields of each line, with its number from 1


def with_features(
    interactions: Interactions, options: DataOptions, items: Table | None, users: Table | None
) -> Interactions:
    """The same with the columns of these tables that ``options`` name; of items those that are known by name.

    A field is split at ``|``; each part is a feature, ``column=part``. An id may have several rows. Numbers of many
    values are cut into ranges. Raises DataError for what was asked for and cannot be used.
    """
    of_items, of_users = _listed(options.item_features), _listed(options.user_features)
    if of_items is None and items is not None:
        known = {name.lower(): name for name in reversed(items.header)}
        of_items = tuple(known[name] for name in TAKEN_UNASKED if name in known)[:1]
    if of_users is None and users is not None and options.users is not None:
        there = shown(", ".join(users.header), 200) or f"columns 1 to {users.n_columns}"
        raise DataError.at(options.users, f"say with --user-features what to learn of users; there are: {there}")
    for_users = _feature_table("user", users, of_users, interactions.user_ids)
    for_items = _feature_table("item", items, of_items, interactions.item_ids)
    notes = [_note(kind, table) for kind, table in (("users", for_users), ("items", for_items)) if table is not None]
    source = replace(interactions.source, notes=(*interactions.source.notes, *notes))
    return replace(interactions, user_features=for_users, item_features=for_items, source=source)


def read_table(file: DataFile | None, kind: str) -> Table | None:
    """The table of ``kind`` "item" or "user" in ``file``; None where there is no file."""
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


def _listed(columns: str | None) -> tuple[str, ...] | None:
    if columns is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in columns.split(",")))
    if "" in names:
        raise DataError(f"{shown(columns)!r} has a column without a name; write for instance genres,year")
    return () if names == (NOTHING,) else names


def _unflagged(fields: Sequence[str]) -> Sequence[str]:
    if len(fields) != 5 + len(_FLAGS):
        return fields[:5]  # which is one too few
    return [*fields[:5], "|".join(name for name, flag in zip(_FLAGS, fields[5:], strict=True) if flag.strip() == "1")]


def _feature_table(
    kind: str, table: Table | None, columns: tuple[str, ...] | None, ids: NDArray[np.generic]
) -> FeatureTable | None:
    """Of the users or items ``ids``; None where nothing is to be known of them."""
    if not columns:
        return None
    if table is None:
        raise DataError(f"--{kind}-features needs a table of {kind}s; name its file with --{kind}s")
    row_of = {str(each): row for row, each in enumerate(ids.tolist())}
    fields = _fields(table, columns, f"--{kind}-features", row_of)
    if not any(rows for rows, _ in fields):
        problem = f"none of its ids is a {kind} of the data, such as '{shown(next(iter(row_of)))}'"
        raise DataError.at(table.place, f"{problem}; give another file")
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
    """Of each column the rows that have a value there, and the values, ``|`` undone."""
    places = [column_index(column, table.header, table.n_columns, table.place, option) for column in columns]
    found: list[tuple[list[int], list[str]]] = [([], []) for _ in columns]
    for number, fields in table.rows:
        if len(fields) <= max(*places, table.id_column):
            problem = f"{len(fields)} columns where {table.n_columns} are expected; correct or remove the line"
            raise DataError.at(table.place, problem, line=number)
        row = row_of.get(fields[table.id_column].strip())
        for (rows, values), place in zip(found, places, strict=True):
            parts = [part.strip() for part in fields[place].split("|")] if row is not None else []
            values += [part for part in parts if part not in NO_VALUE]
            rows += [row for part in parts if part not in NO_VALUE and row is not None]
    return found


def _named(column: str, rows: Sequence[int], values: Sequence[str]) -> list[tuple[int, str]]:
    """Rows and their features' names."""
    if len(set(values)) > FEW_NUMBERS and all(map(is_number, values)):
        values = _ranges(np.array(values, np.float64))
    return [(row, f"{column}={value}"[:MAX_LENGTH]) for row, value in zip(rows, values, strict=True)]


def _ranges(numbers: NDArray[np.float64]) -> list[str]:
    """For each number the range that it is in: the least and the largest of those that fall together."""
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, N_RANGES + 1)[1:-1], method="inverted_cdf"))
    bins = np.searchsorted(edges, numbers)
    said = {each: f"{numbers[bins == each].min():g} to {numbers[bins == each].max():g}" for each in np.unique(bins)}
    return [said[each] for each in bins.tolist()]


def _note(kind: str, table: FeatureTable) -> str:
    n_without = int((np.diff(table.matrix.indptr) == 0).sum())
    missing = f"; {n_without:,} of {table.matrix.shape[0]:,} {kind} have none" if n_without else ""
    return f"{len(table.names):,} features of {kind} from {shown(', '.join(table.columns), 200)}{missing}"
