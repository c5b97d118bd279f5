"""Hands rows out by user, some users at a time, so that what is done to them takes little memory beside them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.rows import BLOCK, Rows, counts_of

__all__ = ["joined", "parts_by_user"]

#: A part has about this many rows, or a 128th of all where that is more.
_MIN_ROWS = 1 << 18
_MAX_PARTS = 128


def parts_by_user(rows: Rows) -> Iterator[Rows]:
    """All rows of the last users, then all of those before them, and so on; rows of one user keep their order.

    The arrays of ``rows`` are taken over: they shrink as parts leave them, so that no row is held twice.
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
    """The rows of parts that came last users first; a part whose pairs have no weights counts each as 1."""
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
    """The columns in pieces of these ``sizes``, the last one first."""
    for size in sizes[::-1]:
        start = len(columns["users"]) - int(size)
        yield {name: column[start:].copy() for name, column in columns.items()}
        columns = _shortened(columns, start)


def _divided(columns: _Columns, part_of_user: NDArray[np.uint8], sizes: NDArray[np.int64]) -> Iterator[_Columns]:
    """The rows of each part, the last one first, moved block by block from the end of the columns to their part."""
    parts = [{name: _on_demand(int(size), column.dtype) for name, column in columns.items()} for size in sizes]
    ends = sizes.copy()
    while n_left := len(columns["users"]):
        start = max(0, n_left - BLOCK)
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
    """The first rows of the columns; what they held beyond goes back to the system where they own it."""
    for column in columns.values():
        if column.flags.owndata:
            column.resize(length, refcheck=False)
    return {name: column[:length] if len(column) > length else column for name, column in columns.items()}


def _on_demand(length: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array of zeros that takes memory page by page as it is written, and gives it back when it goes."""
    block = mmap.mmap(-1, max(1, length * dtype.itemsize))
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        block.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(block, dtype, length)


def _overlapping(column: NDArray[Any]) -> Iterator[NDArray[Any]]:
    return (column[start : start + BLOCK + 1] for start in range(0, len(column), BLOCK))
