"""Reads interactions from a scipy sparse ``.npz``: users in rows, items in columns, numbered from 0."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile
from bench.datasets.npz import read_npz
from bench.datasets.rows import Rows, encode, first_bad_value

__all__ = ["is_sparse", "read_sparse"]

_MAX_SIDE = 2**31 - 1
_Arrays = Mapping[str, NDArray[Any]]


def is_sparse(names: Collection[str]) -> bool:
    """Whether an npz with arrays of these names was written by scipy.sparse.save_npz."""
    return {"format", "shape", "data"} <= set(names)


def read_sparse(file: DataFile) -> Rows:
    """The stored entries of a CSR, CSC or COO matrix as rows, whatever their order; repeats and zeros stay."""
    arrays = read_npz(file)
    if not is_sparse(arrays):
        raise DataError.at(file, f"no sparse matrix among the arrays {shown(', '.join(arrays), 200)}")
    shape = _shape(file, arrays["shape"])
    users, items = _coordinates(file, arrays, shape)
    values = _values(file, arrays["data"], len(users))
    rows = Rows(users=encode(users), items=encode(items), values=values, value_kind="weight")
    if bad := first_bad_value("weight", values):
        raise DataError.at(file, f"entry {bad[0] + 1:,}: {bad[1]}")
    notes = []
    n_empty = shape[0] - len(rows.users.values), shape[1] - len(rows.items.values)
    if any(n_empty):
        notes.append(f"{n_empty[0]:,} rows and {n_empty[1]:,} columns of the matrix are empty")
    if "indptr" in arrays and not (_in_order(users, items) and _in_order(items, users)):
        notes.append("the indices of the matrix were not in order, and have been sorted")
    return replace(rows, notes=tuple(notes))


def _shape(file: DataFile, shape: NDArray[Any]) -> tuple[int, int]:
    if shape.shape != (2,) or shape.dtype.kind not in "iu":
        raise DataError.at(file, f"its shape {shown(shape)} is not that of a matrix of users x items")
    n_users, n_items = (int(side) for side in shape)
    if not (0 <= n_users <= _MAX_SIDE and 0 <= n_items <= _MAX_SIDE):
        raise DataError.at(file, f"{n_users:,} x {n_items:,} is more than an index can hold ({_MAX_SIDE:,}); cut it")
    return n_users, n_items


def _coordinates(file: DataFile, arrays: _Arrays, shape: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Row and column of every entry, all of them within ``shape``."""
    kind = arrays["format"].item() if arrays["format"].ndim == 0 else None
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else kind
    if kind == "coo":
        rows, columns = (_indices(file, arrays, name) for name in ("row", "col"))
    elif kind in ("csr", "csc"):
        minor = _indices(file, arrays, "indices")
        major = _spread(file, _indices(file, arrays, "indptr"), shape[kind == "csc"], len(minor))
        rows, columns = (major, minor) if kind == "csr" else (minor, major)
    else:
        raise DataError.at(file, f"a sparse matrix of the format {shown(kind)!r}; save it as csr, csc or coo")
    if len(rows) != len(columns):
        raise DataError.at(file, f"{len(rows):,} row numbers but {len(columns):,} column numbers; write it again")
    for what, numbers, side in (("row", rows, shape[0]), ("column", columns, shape[1])):
        if len(numbers) and not (int(numbers.min()) >= 0 and int(numbers.max()) < side):
            worst = int(numbers.max()) if int(numbers.max()) >= side else int(numbers.min())
            raise DataError.at(file, f"{what} number {worst:,} is outside the shape {shape[0]:,} x {shape[1]:,}")
    return rows.astype(np.int32), columns.astype(np.int32)


def _in_order(major: NDArray[Any], minor: NDArray[Any]) -> bool:
    """Whether the minor indices of no major index descend."""
    return not ((major[1:] == major[:-1]) & (minor[1:] < minor[:-1])).any()


def _indices(file: DataFile, arrays: _Arrays, name: str) -> NDArray[Any]:
    array = arrays.get(name)
    if array is None or array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError.at(file, f"its array '{name}' is missing or does not hold whole numbers; write the file again")
    return array


def _spread(file: DataFile, indptr: NDArray[Any], n_major: int, n_entries: int) -> NDArray[Any]:
    """The major index of every entry."""
    offsets = indptr.astype(np.int64)
    lengths = offsets[1:] - offsets[:-1]
    if len(indptr) != n_major + 1 or indptr[0] != 0 or (lengths < 0).any() or int(indptr[-1]) != n_entries:
        raise DataError.at(file, f"'indptr' does not divide {n_entries:,} entries among {n_major:,}; write it again")
    return np.repeat(np.arange(n_major, dtype=np.int32), lengths)


def _values(file: DataFile, data: NDArray[Any], n_entries: int) -> NDArray[np.float32]:
    if data.ndim != 1 or len(data) != n_entries or data.dtype.kind not in "biuf":
        raise DataError.at(file, f"'data' must hold {n_entries:,} numbers, got {shown(data.dtype)} {data.shape}")
    return data.astype(np.float32)
