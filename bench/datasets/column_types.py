"""Which types pyarrow is told to read a text table's columns as: narrow ones first, looser ones when those fail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.datasets.columns import Role, is_number
from bench.datasets.layout import Layout

__all__ = ["ColumnTypes"]


class ColumnTypes:
    """For each role its type now, and those still to be tried, from narrow to loose."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._ladders = {role: _ladder(role, layout) for role in layout.columns}

    def __getitem__(self, role: Role) -> Any:
        return self._ladders[role][0]

    def loosen(self, message: str) -> bool:
        """Takes the next looser type for the column that pyarrow's ``message`` blames; False where there is none."""
        found = re.search(r"column #(\d+): .*conversion error", message)
        place = int(found[1]) // len(self._layout.separator) if found else None
        role = next((role for role, at in self._layout.columns.items() if at == place), None)
        if role is None or len(self._ladders[role]) == 1:
            return False
        self._ladders[role] = self._ladders[role][1:]
        return True


def _ladder(role: Role, layout: Layout) -> list[Any]:
    import pyarrow as pa

    place = layout.columns[role]
    fields = [row[place].strip() for row in layout.sample.body if place < len(row)]
    if role == "time":
        return _time_ladder(fields)
    if role in ("rating", "weight"):
        return [pa.float32()]
    return _id_ladder(fields)


def _id_ladder(fields: Sequence[str]) -> list[Any]:
    """Whole numbers as long as they fit, else text; ids with leading zeros stay text, for 007 is not 7."""
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    if not all(re.fullmatch(r"0|-?[1-9]\d{0,19}", field) for field in fields):
        return [text]
    numbers = [int(field) for field in fields] or [0]
    kinds = ((pa.int32(), np.int32), (pa.int64(), np.int64), (pa.uint64(), np.uint64))
    fitting = [
        kind for kind, dtype in kinds if np.iinfo(dtype).min <= min(numbers) and max(numbers) <= np.iinfo(dtype).max
    ]
    return [*fitting, text]


def _time_ladder(fields: Sequence[str]) -> list[Any]:
    """Seconds, or dates with a zone or without."""
    import pyarrow as pa

    if all(map(is_number, fields)):
        return [pa.int64(), pa.float64()]
    has_zone = any(re.search(r"(Z|[+-]\d\d:?\d\d)$", field) for field in fields if ":" in field)
    return [pa.timestamp("ns", tz="UTC" if has_zone else None)]
