"""Turns the rows of a file into likes: threshold, repeated pairs, sampling and minimum counts; counts dropped rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.datasets.errors import DataError
from bench.datasets.options import DataOptions, Repeats
from bench.datasets.rows import Ids, Rows, counts_of, joined, parts_by_user
from evaluation.interactions import Interactions, Ratings, Source

__all__ = ["to_interactions"]


def to_interactions(name: str, rows: Rows, options: DataOptions) -> Interactions:
    """The likes among ``rows``, whose arrays are consumed; raises DataError unless two users and two items are left."""
    n_read, users_read, items_read = len(rows), len(rows.users.values), len(rows.items.values)
    positive_from = _threshold(rows, options)
    dropped = _DropCounts()
    pairs = (_without_repeats(part, options.repeats, dropped) for part in parts_by_user(rows))
    rated = joined(list(pairs)) if options.keep_ratings and rows.value_kind == "rating" else None
    rows = joined([_likes_of(part, positive_from, dropped) for part in (pairs if rated is None else [rated])])
    rows = _sample(rows, options, dropped)
    rows = _keep_active(rows, options, dropped)
    ratings = None if rated is None else _ratings(rated, rows)
    rows = replace(rows, users=_without_unused(rows.users), items=_without_unused(rows.items))
    _require_two(options.data, rows, n_read, dropped.by_reason)
    source = Source(
        rows_read=n_read,
        users_read=users_read,
        items_read=items_read,
        dropped=dropped.by_reason,
        notes=rows.notes,
        positive_from=positive_from,
        value_name=rows.value_kind or Source.value_name,
        terms=rows.terms,
    )
    interactions = Interactions(
        name=name,
        matrix=_matrix(rows),
        user_ids=rows.users.values,
        item_ids=rows.items.values,
        timestamps=_seconds(rows),
        source=source,
        ratings=ratings,
    )
    return _with_titles(interactions, rows.titles) if rows.titles else interactions


def _without_repeats(rows: Rows, repeats: Repeats | None, dropped: _DropCounts) -> Rows:
    """All rows of some users, sorted by user and item, with one row per pair."""
    rows = dropped.keep(rows, "weight of 0", _has_weight(rows))
    _sort_by_pair(rows)
    return _merge_repeats(rows, repeats, dropped)


def _likes_of(rows: Rows, positive_from: float | None, dropped: _DropCounts) -> Rows:
    if positive_from is not None and rows.values is not None:
        is_liked = rows.values if rows.values.dtype == np.bool_ else rows.values >= positive_from
        rows = dropped.keep(rows, f"{rows.value_kind} below {positive_from:g}", np.asarray(is_liked, np.bool_))
    return replace(rows, values=None) if rows.value_kind == "rating" else rows


def _with_titles(interactions: Interactions, titles: Mapping[str, str]) -> Interactions:
    known = ((item, titles.get(str(item))) for item in interactions.item_ids.tolist())
    return interactions.with_titles({item: title for item, title in known if title})


class _DropCounts:
    """Counts the rows that do not become likes, by reason."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    @property
    def by_reason(self) -> dict[str, int]:
        """Dropped rows by reason, in the order of the filters, which does not depend on the division into parts."""
        return {reason: count for reason, count in self._counts.items() if count}

    def keep(self, rows: Rows, reason: str, kept: NDArray[np.bool_] | None) -> Rows:
        """The rows where ``kept``; the others are counted as dropped for ``reason``. None keeps all."""
        n_dropped = 0 if kept is None else len(kept) - int(np.count_nonzero(kept))
        self._counts[reason] = self._counts.get(reason, 0) + n_dropped
        return rows if n_dropped == 0 or kept is None else rows.take(kept)


def _threshold(rows: Rows, options: DataOptions) -> float | None:
    """The lowest value that is a like; None where every row is a like."""
    positive_from = options.positive_from
    if rows.value_kind is None and positive_from is not None:
        problem = f"--positive-from {positive_from:g} needs ratings, but there is no rating column"
        raise DataError.at(options.data, f"{problem}; leave it out, or say which it is with --columns rating=NAME")
    if rows.value_kind == "rating" and options.repeats == "sum":
        raise DataError.at(options.data, "--repeats sum adds weights up, but these are ratings; use --repeats last")
    if rows.value_kind == "rating" and positive_from is None:
        return options.liked_from
    return positive_from


def _has_weight(rows: Rows) -> NDArray[np.bool_] | None:
    return rows.values != 0 if rows.value_kind == "weight" and rows.values is not None else None


def _sort_by_pair(rows: Rows) -> None:
    """Sort the rows in place by user and item; rows of one pair keep their order."""
    users, items = rows.users.codes, rows.items.codes
    rises = users[1:] > users[:-1]
    rises |= (users[1:] == users[:-1]) & (items[1:] > items[:-1])
    if rises.all():
        return
    by_item = _counting_order(items, len(rows.items.values))
    order = by_item[_counting_order(users[by_item], len(rows.users.values))]
    del by_item
    for column in (users, items, rows.values, rows.times):
        if column is not None:
            column[:] = column[order]


def _counting_order(codes: NDArray[np.int32], n_codes: int) -> NDArray[np.int32]:
    """A stable argsort of codes in linear time: scipy transposes a matrix of one entry per row by a counting sort."""
    n_rows = len(codes)
    starts = np.arange(n_rows + 1, dtype=np.int32)
    one_per_row = sp.csr_array((np.empty(n_rows, np.int8), codes, starts), shape=(n_rows, n_codes))
    order: NDArray[np.int32] = one_per_row.tocsc().indices
    return order


def _same_as_next(rows: Rows) -> NDArray[np.bool_]:
    """(n_rows - 1,) whether the next row has the same user and item."""
    users, items = rows.users.codes, rows.items.codes
    return (users[1:] == users[:-1]) & (items[1:] == items[:-1])


def _merge_repeats(rows: Rows, how: Repeats | None, dropped: _DropCounts) -> Rows:
    """One row per pair: by default the last rating, or the sum of weights or of bare pairs."""
    keeps_last = (how or ("last" if rows.value_kind == "rating" else "sum")) == "last"
    reason = "repeated pair, the last one kept" if keeps_last else "repeated pair, added to the first one"
    same = _same_as_next(rows)
    if not same.any():
        return dropped.keep(rows, reason, None)
    starts = np.append(0, np.flatnonzero(~same) + 1)
    if keeps_last:
        return dropped.keep(rows, reason, _is_last(starts, len(rows), rows.times))
    values = np.ones(len(rows), np.float32) if rows.values is None else rows.values
    times = None if rows.times is None else np.maximum.reduceat(rows.times, starts)
    merged = dropped.keep(rows, reason, np.append(~same, True))
    sums = np.add.reduceat(values, starts, dtype=np.float32)
    return replace(merged, values=sums, value_kind=merged.value_kind or "weight", times=times)


def _is_last(starts: NDArray[np.int64], n_rows: int, times: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    """(n_rows,) mark one row of each group that begins at ``starts``: the latest, or the last of equally late rows."""
    lengths = np.diff(starts, append=n_rows)
    if times is None:
        latest = np.arange(n_rows)
    else:
        latest = np.flatnonzero(times == np.repeat(np.maximum.reduceat(times, starts), lengths))
    is_last = np.zeros(n_rows, np.bool_)
    is_last[latest[np.searchsorted(latest, starts + lengths) - 1]] = True
    return is_last


def _sample(rows: Rows, options: DataOptions, dropped: _DropCounts) -> Rows:
    """Keep the most popular share of the items and a random share of the users, as ``options`` ask."""
    users, items = rows.users, rows.items
    if options.top_items is not None:
        weights = None if rows.value_kind == "rating" else rows.values
        popularity = np.bincount(items.codes, weights=weights, minlength=len(items.values))
        n_kept = int(np.count_nonzero(popularity) * options.top_items)
        top = np.zeros(len(items.values), np.bool_)
        top[np.argsort(-popularity, kind="stable")[:n_kept]] = True
        rows = dropped.keep(rows, f"item outside the most popular {options.top_items:.4g} of all", top[items.codes])
    if options.sample_users is not None:
        generator = np.random.default_rng(options.sample_seed)
        n_kept = int(len(users.values) * options.sample_users)
        sampled = np.zeros(len(users.values), np.bool_)
        sampled[generator.choice(len(users.values), n_kept, replace=False)] = True
        reason = f"user outside the random {options.sample_users:.4g} of all"
        rows = dropped.keep(rows, reason, sampled[rows.users.codes])
    return rows


def _keep_active(rows: Rows, options: DataOptions, dropped: _DropCounts) -> Rows:
    """Drop users and items with too few likes until all remaining ones have enough."""
    n_before = -1
    while len(rows) != n_before:
        n_before = len(rows)
        for side, least in (("user", options.min_user_likes), ("item", options.min_item_likes)):
            if least > 1:
                ids = rows.users if side == "user" else rows.items
                enough = counts_of(ids.codes, len(ids.values)) >= least
                rows = dropped.keep(rows, f"{side} with fewer than {least:,} likes", enough[ids.codes])
    return rows


def _ratings(rated: Rows, likes: Rows) -> Ratings:
    """The ratings of the users and items that still have a like."""
    left = rated.take(_used(likes.users)[rated.users.codes] & _used(likes.items)[rated.items.codes])
    left = replace(left, users=_without_unused(left.users), items=_without_unused(left.items))
    assert left.values is not None
    return Ratings(matrix=_csr(left, left.values), timestamps=_seconds(left))


def _used(ids: Ids) -> NDArray[np.bool_]:
    used = np.zeros(len(ids.values), np.bool_)
    used[ids.codes] = True
    return used


def _without_unused(ids: Ids) -> Ids:
    used = _used(ids)
    if used.all():
        return ids
    codes_of = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return Ids(values=ids.values[used], codes=codes_of[ids.codes])


def _require_two(data: str, rows: Rows, n_read: int, dropped: Mapping[str, int]) -> None:
    n_users, n_items = len(rows.users.values), len(rows.items.values)
    if n_users < 2 or n_items < 2:
        losses = "; ".join(f"{count:,} dropped: {reason}" for reason, count in dropped.items()) or "none dropped"
        left = f"what is left of {n_read:,} rows has {n_users} of the users and {n_items} of the items ({losses})"
        hint = ": lower --positive-from or whatever else drops them" if dropped else ""
        raise DataError.at(data, f"{left}; at least two of each are needed{hint}")


def _seconds(rows: Rows) -> NDArray[np.int64] | None:
    return None if rows.times is None else rows.times.astype(np.int64, copy=False)


def _matrix(rows: Rows) -> sp.csr_array:
    is_weighted = rows.values is not None and rows.value_kind != "rating"
    return _csr(rows, rows.values if is_weighted else np.ones(len(rows), np.float32))


def _csr(rows: Rows, data: NDArray[Any] | None) -> sp.csr_array:
    n_users, n_items = len(rows.users.values), len(rows.items.values)
    indptr = np.zeros(n_users + 1, np.int32)
    np.cumsum(counts_of(rows.users.codes, n_users), out=indptr[1:])
    return sp.csr_array((data, rows.items.codes, indptr), shape=(n_users, n_items))
