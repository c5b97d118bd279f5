"""Rows are divided by user, and processing them in parts gives the same result as all at once."""

from dataclasses import asdict
from itertools import pairwise
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.benchmarks.process_memory import forget_peak, held_bytes, peak_bytes
from bench.datasets import DataOptions
from bench.datasets import rows as table
from bench.datasets.preprocessing import to_interactions
from bench.datasets.rows import Ids, Rows, encode, joined, parts_by_user

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=40)


def rows_of(pairs, *, values=None, kind=None, with_times=False):
    users, items = np.array([*pairs, (20, 1), (21, 2)]).T
    n_rows = len(users)
    return Rows(
        users=encode(users.copy()),
        items=encode(items.copy()),
        values=None if values is None else np.resize(values, n_rows),
        value_kind=kind,
        times=np.arange(n_rows, dtype=np.int32) * 7 % 5 if with_times else None,
    )


def small_parts():
    return patch.multiple(table, _MIN_ROWS=4, _BLOCK=3)


@given(PAIRS, st.booleans())
def test_parts_hold_every_row_once_the_last_users_first_and_keep_the_order_of_a_user(pairs, is_sorted):
    rows = rows_of(sorted(pairs) if is_sorted else pairs, values=np.arange(50, dtype=np.float32), kind="weight")
    users, numbers = rows.users.codes.copy(), rows.values.copy()
    with small_parts():
        found = list(parts_by_user(rows))
    assert len(found) == 1 + len(users) // 4
    whole = joined(found)
    order = np.argsort(users, kind="stable")
    by_user = np.argsort(whole.users.codes, kind="stable")
    assert whole.values[by_user].tolist() == numbers[order].tolist()
    seen = [set(part.users.codes.tolist()) for part in found if len(part)]
    assert all(min(before) > max(after) for before, after in pairwise(seen))


def test_the_arrays_shrink_with_every_part():
    rows = rows_of([(user, 1) for user in range(10)] * 2)
    with small_parts():
        n_left = [len(rows.users.codes) for _ in parts_by_user(rows)]
    assert n_left == [0] * 6  # out of order: all are moved before the first is handed out
    rows = rows_of([(user, 1) for user in range(20)])
    with small_parts():
        n_left = [len(rows.users.codes) for _ in parts_by_user(rows)]
    assert n_left == [22, 20, 16, 12, 8, 4]


@given(
    PAIRS,
    st.sampled_from(["rating", "liked", "weight", None]),
    st.booleans(),
    st.sampled_from([None, "last"]),
    st.integers(1, 2),
)
def test_likes_found_in_parts_are_those_found_at_once(pairs, kind, with_times, repeats, min_user_likes):
    values = {
        "rating": np.array([5, 3, 4], np.float32),
        "liked": np.array([True, False, True]),
        "weight": np.array([2, 0, 1], np.float32),
    }.get(kind)
    options = DataOptions(repeats=repeats, min_user_likes=min_user_likes, keep_ratings=kind == "rating")
    kind = "rating" if kind == "liked" else kind

    def outcome():
        rows = rows_of(pairs, values=values, kind=kind, with_times=with_times)
        return to_interactions("test", rows, options)

    at_once = describe(outcome)
    with small_parts():
        assert describe(outcome) == at_once


def describe(outcome):
    try:
        interactions = outcome()
    except ValueError as error:
        return str(error)
    ratings = interactions.ratings and interactions.ratings.matrix.toarray().tolist()
    return interactions.content_hash, asdict(interactions.source), ratings


def test_unsorted_rows_are_never_held_twice():
    rng, n_rows = np.random.default_rng(0), 4_000_000
    users, items = (rng.integers(0, 20_000, n_rows, dtype=np.int32) for _ in range(2))
    rows = Rows(
        users=Ids(values=np.arange(20_000), codes=users),
        items=Ids(values=np.arange(20_000), codes=items),
        values=rng.random(n_rows, np.float32) < 0.1,
        value_kind="rating",
        times=items.copy(),
    )
    n_bytes = sum(column.nbytes for column in rows.columns().values())
    held = held_bytes()
    forget_peak()
    to_interactions("test", rows, DataOptions())
    assert peak_bytes() - held < 1.5 * n_bytes  # 3.8, held twice; .5 in a fresh process, 1.2 in a long one
