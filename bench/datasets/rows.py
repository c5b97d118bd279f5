"""What a reader hands over: one user, one item and perhaps a value and a time a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ids", "Rows", "ValueKind", "encode"]

#: A rating says how much an item was liked, a weight how often; a bare pair says only that it was.
ValueKind = Literal["rating", "weight"]


@dataclass(frozen=True, kw_only=True)
class Ids:
    """An id column: ``values[codes]``, with ``values`` sorted and unique."""

    values: NDArray[Any]
    codes: NDArray[np.int32]

    def __getitem__(self, rows: NDArray[Any]) -> Ids:
        return Ids(values=self.values, codes=self.codes[rows])


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a file before anything is decided about them; arrays are (n_rows,)."""

    users: Ids
    items: Ids
    values: NDArray[np.float32] | None = None
    value_kind: ValueKind | None = None
    times: NDArray[np.int64] | None = None
    titles: Mapping[Any, str] = field(default_factory=dict)
    terms: str = ""

    def __len__(self) -> int:
        return len(self.users.codes)


def encode(column: NDArray[Any]) -> Ids:
    """Integers of a range not much wider than their number are counted; all else is sorted."""
    if column.dtype.kind in "iu" and len(column):
        low, high = int(column.min()), int(column.max())
        if high - low < max(4 * len(column), 1 << 20):
            return _encode_dense(column, low, high)
    values, codes = np.unique(column, return_inverse=True)
    return Ids(values=values, codes=codes.astype(np.int32))


def _encode_dense(column: NDArray[Any], low: int, high: int) -> Ids:
    offsets = column - column.dtype.type(low)
    present = np.zeros(high - low + 1, np.bool_)
    present[offsets] = True
    codes_of = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return Ids(values=np.flatnonzero(present) + low, codes=codes_of[offsets])
