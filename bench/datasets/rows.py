"""The table that readers return: one user, one item and perhaps a value and a time per row; and its division by user.

Rows are processed in parts, some users at a time, so that intermediate arrays stay small beside the table.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = [
    *("VALUE_KINDS", "Ids", "Rows", "ValueKind"),
    *("counts_of", "encode", "first_bad_value", "joined", "parts_by_user", "value_problem"),
]

#: A rating says how much a user likes an item, a weight how often they used it; a bare pair says neither.
ValueKind = Literal["rating", "weight"]
VALUE_KINDS: tuple[ValueKind, ...] = get_args(ValueKind)
_BLOCK = 1 << 18  #: rows per step where all rows at once would take much memory
_LARGEST = float(np.finfo(np.float32).max)
#: Rows in a part, or a 128th of all rows if that is more.
_MIN_ROWS = 1 << 18
_MAX_PARTS = 128


@dataclass(frozen=True, kw_only=True)
class Ids:
    """An id column: ``values[codes]``, with ``values`` sorted and unique."""

    values: NDArray[Any]
    codes: NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a file before any of them is dropped; arrays are (n_rows,).

    ``values`` are float32, or bool for ratings of which only "is a like" is kept. ``times`` are whole seconds since
    1970 in 32 or 64 bits. ``titles`` are keyed by the item's id as text; ``notes`` say what a reader repaired or
    decided.
    """

    users: Ids
    items: Ids
    values: NDArray[np.float32] | NDArray[np.bool_] | None = None
    value_kind: ValueKind | None = None
    times: NDArray[np.signedinteger[Any]] | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    terms: str = ""

    def __len__(self) -> int:
        return len(self.users.codes)

    def take(self, chosen: NDArray[Any] | slice) -> Rows:
        """The rows at ``chosen``: positions, a mask or a slice."""
        return self.with_columns({name: column[chosen] for name, column in self.columns().items()})

    def columns(self) -> dict[str, NDArray[Any]]:
        """The arrays that are not None, including the codes of users and items."""
        columns = {"users": self.users.codes, "items": self.items.codes, "values": self.values, "times": self.times}
        return {name: column for name, column in columns.items() if column is not None}

    def with_columns(self, columns: Mapping[str, NDArray[Any]]) -> Rows:
        """Other rows of the same ids, with arrays as :meth:`columns` returns them."""
        return replace(
            self,
            users=replace(self.users, codes=columns["users"]),
            items=replace(self.items, codes=columns["items"]),
            values=columns.get("values"),
            times=columns.get("times"),
        )


def encode(column: NDArray[Any]) -> Ids:
    """The ids of a column, whose memory may be reused: do not use ``column`` afterwards.

    Integers whose range is not much wider than their number are encoded by a lookup table, all others by sorting.
    """
    if column.dtype.kind in "iu" and len(column):
        if column.dtype.itemsize < 4:
            column = column.astype(np.int32)  # a difference of two ids must not overflow
        low, high = int(column.min()), int(column.max())
        if high - low < max(4 * len(column), 1 << 20):
            return _encode_dense(column, low, high)
    values, codes = np.unique(column, return_inverse=True)
    return Ids(values=values, codes=codes.astype(np.int32))


def value_problem(kind: ValueKind, value: float) -> str | None:
    """Why a rating or a weight cannot be used, with what to do; None where it can."""
    if not abs(value) <= _LARGEST:
        return f"the {kind} is {value:g}; give a finite number, or remove the line"
    if kind == "weight" and value < 0:
        return f"the weight {value:g} is negative; give 0 or more, or name it a rating with --columns rating=..."
    return None


def first_bad_value(kind: ValueKind, values: NDArray[np.float32]) -> tuple[int, str] | None:
    """The position of the first rating or weight that :func:`value_problem` rejects, and its message."""
    bad = ~np.isfinite(values)
    if kind == "weight":
        bad |= values < 0
    if not bad.any():
        return None
    position = int(bad.argmax())
    return position, value_problem(kind, float(values[position])) or ""


def counts_of(codes: NDArray[np.int32], n_codes: int) -> NDArray[np.int64]:
    """(n_codes,) occurrences of each code; ``np.bincount`` of the whole array would copy it to 64 bits."""
    counts = np.zeros(n_codes, np.int64)
    for block in _blocks(codes, max(n_codes, _BLOCK)):
        counts += np.bincount(block, minlength=n_codes)
    return counts


def parts_by_user(rows: Rows) -> Iterator[Rows]:
    """Yield all rows of the last users, then all rows of the users before them, and so on; order per user is kept.

    The arrays of ``rows`` are consumed: they shrink with every part, so that no row is held twice.
    """
    columns = rows.columns()
    counts = counts_of(rows.users.codes, len(rows.users.values))
    n_parts = min(_MAX_PARTS, 1 + len(rows) // _MIN_ROWS)
    part_of_user = ((np.cumsum(counts) - counts) * n_parts // (len(rows) + 1)).astype(np.uint8)
    sizes = np.bincount(part_of_user, weights=counts, minlength=n_parts).astype(np.int64)
    is_by_user = all((block[1:] >= block[:-1]).all() for block in _overlapping(rows.users.codes))
    parts = _cut_off(columns, sizes) if is_by_user else _divided(columns, part_of_user, sizes)
    return (rows.with_columns(part) for part in parts)


def joined(parts: Sequence[Rows]) -> Rows:
    """Concatenate parts that are given last users first; a part without weights counts every pair as 1."""
    parts = parts[::-1]
    kind = next((part.value_kind for part in parts if part.value_kind is not None), None)
    if any(part.values is not None for part in parts):
        parts = [
            replace(part, values=np.ones(len(part), np.float32)) if part.values is None else part for part in parts
        ]
    whole = {name: np.concatenate([part.columns()[name] for part in parts]) for name in parts[0].columns()}
    return replace(parts[0].with_columns(whole), value_kind=kind)


_Columns = dict[str, NDArray[Any]]


def _cut_off(columns: _Columns, sizes: NDArray[np.int64]) -> Iterator[_Columns]:
    """Yield the columns in pieces of these ``sizes``, the last one first."""
    for size in sizes[::-1]:
        start = len(columns["users"]) - int(size)
        yield {name: column[start:].copy() for name, column in columns.items()}
        columns = _shortened(columns, start)


def _divided(columns: _Columns, part_of_user: NDArray[np.uint8], sizes: NDArray[np.int64]) -> Iterator[_Columns]:
    """Yield the rows of each part, the last one first, moved block by block from the end of the columns."""
    parts = [{name: _on_demand(int(size), column.dtype) for name, column in columns.items()} for size in sizes]
    ends = sizes.copy()
    while n_left := len(columns["users"]):
        start = max(0, n_left - _BLOCK)
        part_of_row = part_of_user[columns["users"][start:]]
        order = np.argsort(part_of_row, kind="stable")
        counts = np.bincount(part_of_row, minlength=len(sizes))
        cuts = np.cumsum(counts)[:-1]
        ends -= counts
        for name, column in columns.items():
            for part, end, piece in zip(parts, ends, np.split(column[start:][order], cuts), strict=True):
                part[name][end : end + len(piece)] = piece
        columns = _shortened(columns, start)
    while parts:
        yield parts.pop()


def _shortened(columns: Mapping[str, NDArray[Any]], length: int) -> _Columns:
    """The first ``length`` rows of the columns; columns that own their memory release the rest."""
    for column in columns.values():
        if column.flags.owndata:
            column.resize(length, refcheck=False)
    return {name: column[:length] if len(column) > length else column for name, column in columns.items()}


def _on_demand(length: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Zeros whose pages are allocated when they are written, and released with the array."""
    block = mmap.mmap(-1, max(1, length * dtype.itemsize))
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        block.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(block, dtype, length)


def _encode_dense(column: NDArray[Any], low: int, high: int) -> Ids:
    present = np.zeros(high - low + 1, np.bool_)
    for block in _blocks(column):
        present[block - low] = True
    values = np.flatnonzero(present).astype(np.int64 if high < 2**63 else np.uint64) + low
    codes_of = np.cumsum(present, dtype=np.int32) - np.int32(1)
    codes = column if column.dtype == np.int32 and column.flags.owndata else np.empty(len(column), np.int32)
    for block, out in zip(_blocks(column), _blocks(codes), strict=True):
        out[:] = codes_of[block - low]
    return Ids(values=values, codes=codes)


def _blocks(column: NDArray[Any], length: int = _BLOCK) -> Iterator[NDArray[Any]]:
    """Views of the column, small enough that results computed from one stay in the processor's cache."""
    return (column[start : start + length] for start in range(0, len(column), length))


def _overlapping(column: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Views of ``_BLOCK`` elements and the first element after them."""
    return (column[start : start + _BLOCK + 1] for start in range(0, len(column), _BLOCK))
