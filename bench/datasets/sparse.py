"""Reads interactions from a scipy sparse ``.npz``: users in rows, items in columns, numbered from 0."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile
from bench.datasets.npz import Npz, open_npz
from bench.datasets.rows import Rows, encode, first_bad_value

__all__ = ["read_sparse"]

_MAX_SIDE = 2**31 - 1
_INDICES = {"csr": ("indices", "indptr"), "csc": ("indices", "indptr"), "coo": ("row", "col")}


def read_sparse(file: DataFile) -> Rows:
    """The stored entries of a CSR, CSC or COO matrix as rows, in any order; repeats and zeros stay."""
    with open_npz(file) as npz:
        if not _is_sparse(npz.names):
            raise DataError.at(file, f"no sparse matrix among the arrays {shown(', '.join(npz.names), 200)}")
        kind, shape = _format(file, npz), _shape(file, npz)
        _check_headers(file, npz, kind, shape)
        arrays = npz.read([*_INDICES[kind], "data"])
        users, items = _coordinates(file, arrays, kind, shape)
        values = arrays.pop("data").astype(np.float32)
    rows = Rows(users=encode(users), items=encode(items), values=values, value_kind="weight")
    if bad := first_bad_value("weight", values):
        raise DataError.at(file, f"entry {bad[0] + 1:,}: {bad[1]}")
    notes = []
    n_empty = shape[0] - len(rows.users.values), shape[1] - len(rows.items.values)
    if any(n_empty):
        notes.append(f"{n_empty[0]:,} rows and {n_empty[1]:,} columns of the matrix are empty")
    if kind != "coo" and not (_in_order(users, items) and _in_order(items, users)):
        notes.append("the indices of the matrix were not in order, and have been sorted")
    return replace(rows, notes=tuple(notes))


def _is_sparse(names: Collection[str]) -> bool:
    """Whether an .npz with arrays of these names was written by scipy.sparse.save_npz."""
    return {"format", "shape", "data"} <= set(names)


def _format(file: DataFile, npz: Npz) -> str:
    header = npz.header("format")
    is_word = header.shape == () and header.dtype.kind in "SU" and header.n_bytes <= 64
    kind = npz.read(["format"])["format"].item() if is_word else str(header)
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else kind
    if kind not in _INDICES:
        raise DataError.at(file, f"a sparse matrix of the format {shown(kind)!r}; save it as csr, csc or coo")
    return kind


def _shape(file: DataFile, npz: Npz) -> tuple[int, int]:
    header = npz.header("shape")
    if header.shape != (2,) or not header.is_integers:
        raise DataError.at(file, f"its shape is {header}, not two whole numbers: users and items; write it again")
    n_users, n_items = (int(side) for side in npz.read(["shape"])["shape"])
    if not (0 <= n_users <= _MAX_SIDE and 0 <= n_items <= _MAX_SIDE):
        raise DataError.at(file, f"{n_users:,} x {n_items:,} is more than an index can hold ({_MAX_SIDE:,}); cut it")
    return n_users, n_items


def _check_headers(file: DataFile, npz: Npz, kind: str, shape: tuple[int, int]) -> None:
    """Raise DataError where the declared types and lengths of the arrays do not fit together."""
    for name in _INDICES[kind]:
        header = npz.header(name) if name in npz.names else None
        if header is None or len(header.shape) != 1 or not header.is_integers:
            problem = f"its array '{name}' is missing or does not hold whole numbers; write the file again"
            raise DataError.at(file, problem)
    first, second = (npz.header(name).shape[0] for name in _INDICES[kind])
    if kind == "coo" and first != second:
        raise DataError.at(file, f"{first:,} row numbers but {second:,} column numbers; write it again")
    n_major = shape[kind == "csc"]
    if kind != "coo" and second != n_major + 1:
        raise DataError.at(file, _wrong_indptr(first, n_major))
    data = npz.header("data")
    if data.shape != (first,) or data.dtype.kind not in "biuf":
        raise DataError.at(file, f"'data' must hold {first:,} numbers, got {data}; write it again")


def _coordinates(
    file: DataFile, arrays: Mapping[str, NDArray[Any]], kind: str, shape: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Row and column of every entry, all of them within ``shape``."""
    rows, columns = (arrays[name] for name in _INDICES[kind])
    if kind != "coo":
        minor, major = rows, _spread(file, columns, len(rows))
        rows, columns = (major, minor) if kind == "csr" else (minor, major)
    for what, numbers, side in (("row", rows, shape[0]), ("column", columns, shape[1])):
        if len(numbers) and not (int(numbers.min()) >= 0 and int(numbers.max()) < side):
            worst = int(numbers.max()) if int(numbers.max()) >= side else int(numbers.min())
            raise DataError.at(file, f"{what} number {worst:,} is outside the shape {shape[0]:,} x {shape[1]:,}")
    return rows.astype(np.int32), columns.astype(np.int32)


def _in_order(major: NDArray[Any], minor: NDArray[Any]) -> bool:
    """Whether the minor indices of no major index descend."""
    return not ((major[1:] == major[:-1]) & (minor[1:] < minor[:-1])).any()


def _spread(file: DataFile, indptr: NDArray[Any], n_entries: int) -> NDArray[Any]:
    """The major index of every entry."""
    offsets = indptr.astype(np.int64)
    lengths = offsets[1:] - offsets[:-1]
    if indptr[0] != 0 or (lengths < 0).any() or int(indptr[-1]) != n_entries:
        raise DataError.at(file, _wrong_indptr(n_entries, len(lengths)))
    return np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)


def _wrong_indptr(n_entries: int, n_major: int) -> str:
    return f"'indptr' does not divide {n_entries:,} entries among {n_major:,}; write it again"
