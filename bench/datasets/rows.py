"""What a reader hands over: one user, one item and perhaps a value and a time a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = [
    *("VALUE_KINDS", "Ids", "Rows", "ValueKind"),
    *("BLOCK", "counts_of", "encode", "first_bad_value", "value_problem"),
]

#: A rating says how much an item was liked, a weight how often; a bare pair says only that it was.
ValueKind = Literal["rating", "weight"]
VALUE_KINDS: tuple[ValueKind, ...] = get_args(ValueKind)
BLOCK = 1 << 18  #: rows at a time where all at once would take much memory
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, kw_only=True)
class Ids:
    """An id column: ``values[codes]``, with ``values`` sorted and unique."""

    values: NDArray[Any]
    codes: NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a file before anything is decided about them; arrays are (n_rows,).

    ``values`` are float32, or, of ratings, a quarter as large: whether each is a like. ``times`` are whole seconds
    since 1970 in 32 or 64 bits. ``titles`` are keyed by the item's id as text; ``notes`` say what a reader repaired
    or decided.
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
        """The arrays that there are, the codes of users and items among them."""
        columns = {"users": self.users.codes, "items": self.items.codes, "values": self.values, "times": self.times}
        return {name: column for name, column in columns.items() if column is not None}

    def with_columns(self, columns: Mapping[str, NDArray[Any]]) -> Rows:
        """Other rows of the same ids, with arrays as :meth:`columns` gives them."""
        return replace(
            self,
            users=replace(self.users, codes=columns["users"]),
            items=replace(self.items, codes=columns["items"]),
            values=columns.get("values"),
            times=columns.get("times"),
        )


def encode(column: NDArray[Any]) -> Ids:
    """The ids of a column, whose memory is taken over: it must not be used afterwards.

    Integers of a range not much wider than their number are counted, all else is sorted.
    """
    if column.dtype.kind in "iu" and len(column):
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
    """The position of the first rating or weight that :func:`value_problem` objects to, and its objection."""
    bad = ~np.isfinite(values)
    if kind == "weight":
        bad |= values < 0
    if not bad.any():
        return None
    position = int(bad.argmax())
    return position, value_problem(kind, float(values[position])) or ""


def counts_of(codes: NDArray[np.int32], n_codes: int) -> NDArray[np.int64]:
    """(n_codes,) how often each code occurs; ``np.bincount`` of all at once would hold them again in 64 bits."""
    counts = np.zeros(n_codes, np.int64)
    for block in _blocks(codes, max(n_codes, BLOCK)):
        counts += np.bincount(block, minlength=n_codes)
    return counts


def _encode_dense(column: NDArray[Any], low: int, high: int) -> Ids:
    present = np.zeros(high - low + 1, np.bool_)
    for block in _blocks(column):
        present[block - low] = True
    values = np.flatnonzero(present) + low
    codes_of = np.cumsum(present, dtype=np.int32) - np.int32(1)
    codes = column if column.dtype == np.int32 and column.flags.owndata else np.empty(len(column), np.int32)
    for block, out in zip(_blocks(column), _blocks(codes), strict=True):
        out[:] = codes_of[block - low]
    return Ids(values=values, codes=codes)


def _blocks(column: NDArray[Any], length: int = BLOCK) -> Iterator[NDArray[Any]]:
    """Views of the column, small enough that what is computed from one stays in the cache."""
    return (column[start : start + length] for start in range(0, len(column), length))
