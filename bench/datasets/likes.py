"""From the rows of a file to likes, with an account of every row that did not become one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.datasets.errors import DataError
from bench.datasets.options import DataOptions
from bench.datasets.rows import Ids, Rows
from evaluation.interactions import Interactions, Source

__all__ = ["LIKED_FROM", "to_interactions"]

#: A rating from here on is a like when the user does not say otherwise, as in the seeds' notebooks.
LIKED_FROM = 4.0


def to_interactions(name: str, rows: Rows, options: DataOptions) -> Interactions:
    """The likes among ``rows``; raises DataError where nothing to learn from is left."""
    dropped: dict[str, int] = {}
    n_read, users_read, items_read = len(rows), len(rows.users.values), len(rows.items.values)
    positive_from = _threshold(name, rows, options.positive_from)
    rows = _merge_repeats(_in_order(rows), dropped)
    rows = _keep_likes(rows, positive_from, dropped)
    rows = replace(rows, users=_without_unused(rows.users), items=_without_unused(rows.items))
    n_users, n_items = len(rows.users.values), len(rows.items.values)
    if n_users < 2 or n_items < 2:
        account = "; ".join(f"{count:,} rows dropped: {reason}" for reason, count in dropped.items())
        raise DataError(
            f"{name}: {n_users} users and {n_items} items are left of {n_read:,} rows ({account or 'none dropped'}); "
            "at least two of each are needed"
        )
    interactions = Interactions(
        name=name,
        matrix=_matrix(rows, n_users, n_items),
        user_ids=rows.users.values,
        item_ids=rows.items.values,
        timestamps=rows.times,
        source=Source(
            rows_read=n_read,
            users_read=users_read,
            items_read=items_read,
            dropped=dropped,
            positive_from=positive_from,
            terms=rows.terms,
        ),
    )
    return interactions.with_titles(rows.titles) if rows.titles else interactions


def _threshold(name: str, rows: Rows, positive_from: float | None) -> float | None:
    if rows.value_kind is None and positive_from is not None:
        raise DataError(
            f"{name}: --positive-from {positive_from:g} needs ratings, but there is no rating column; leave it out"
        )
    if rows.value_kind == "rating" and positive_from is None:
        return LIKED_FROM
    return positive_from


def _in_order(rows: Rows) -> Rows:
    """The rows by user and item, those of one pair by time where there is one, else as they came."""
    if rows.times is not None:
        rows = _take(rows, np.argsort(rows.times, kind="stable"))
    by_item = _counting_order(rows.items)
    return _take(rows, by_item[_counting_order(rows.users[by_item])])


def _counting_order(ids: Ids) -> NDArray[np.int32]:
    """A stable argsort of codes in linear time: scipy's transposition of one entry a row is a counting sort."""
    n_rows = len(ids.codes)
    starts = np.arange(n_rows + 1, dtype=np.int32)
    one_a_row = sp.csr_array((np.empty(n_rows, np.int8), ids.codes, starts), shape=(n_rows, len(ids.values)))
    order: NDArray[np.int32] = one_a_row.tocsc().indices
    return order


def _merge_repeats(rows: Rows, dropped: dict[str, int]) -> Rows:
    """One row a pair: of ratings the last, of weights and bare pairs the sum."""
    if not len(rows):
        return rows
    differs = (np.diff(rows.users.codes) != 0) | (np.diff(rows.items.codes) != 0)
    if differs.all():
        return rows
    last = np.append(np.flatnonzero(differs), len(rows) - 1)
    n_merged = len(rows) - len(last)
    if rows.value_kind == "rating":
        dropped["repeated pair, its last rating kept"] = n_merged
        return _take(rows, last)
    dropped["repeated pair, weights summed"] = n_merged
    values = np.ones(len(rows), np.float32) if rows.values is None else rows.values
    starts = np.append(0, last[:-1] + 1)
    return replace(_take(rows, last), values=np.add.reduceat(values, starts, dtype=np.float32))


def _keep_likes(rows: Rows, positive_from: float | None, dropped: dict[str, int]) -> Rows:
    if rows.values is None or positive_from is None:
        return rows
    liked = rows.values >= positive_from
    n_below = len(rows) - int(np.count_nonzero(liked))
    if n_below:
        dropped[f"{rows.value_kind} below {positive_from:g}"] = n_below
        rows = _take(rows, liked)
    return rows


def _take(rows: Rows, chosen: NDArray[Any]) -> Rows:
    return replace(
        rows,
        users=rows.users[chosen],
        items=rows.items[chosen],
        values=None if rows.values is None else rows.values[chosen],
        times=None if rows.times is None else rows.times[chosen],
    )


def _without_unused(ids: Ids) -> Ids:
    used = np.zeros(len(ids.values), np.bool_)
    used[ids.codes] = True
    if used.all():
        return ids
    codes_of = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return Ids(values=ids.values[used], codes=codes_of[ids.codes])


def _matrix(rows: Rows, n_users: int, n_items: int) -> sp.csr_array:
    indptr = np.zeros(n_users + 1, np.int64)
    np.cumsum(np.bincount(rows.users.codes, minlength=n_users), out=indptr[1:])
    is_weighted = rows.values is not None and rows.value_kind != "rating"
    data = rows.values if is_weighted else np.ones(len(rows), np.float32)
    return sp.csr_array((data, rows.items.codes, indptr), shape=(n_users, n_items))
