"""Interactions: canonical form, ids, titles, and a hash that depends only on the content."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.interactions import Interactions, InvalidInteractionsError, Source

USERS = [30, 10, 30, 20, 10]
ITEMS = ["b", "a", "c", "a", "c"]
WEIGHTS = [1.0, 2.0, 3.0, 4.0, 5.0]
TIMES = [100, 200, 300, 400, 500]


def interactions(**changes: Any) -> Interactions:
    rows = {"users": USERS, "items": ITEMS, "weights": WEIGHTS, "timestamps": TIMES} | changes
    return Interactions.from_rows("toy", **rows)


def test_rows_become_a_matrix_over_sorted_ids() -> None:
    data = interactions()
    assert data.user_ids.tolist() == [10, 20, 30]
    assert data.item_ids.tolist() == ["a", "b", "c"]
    assert data.matrix.toarray().tolist() == [[2, 0, 5], [4, 0, 0], [0, 1, 3]]
    assert data.matrix.dtype == np.float32
    assert data.matrix.has_canonical_format
    assert (data.n_users, data.n_items, data.n_likes) == (3, 3, 5)


def test_timestamps_are_aligned_with_their_likes() -> None:
    assert interactions().timestamps.tolist() == [200, 500, 400, 100, 300]


def test_rows_without_weights_or_timestamps_get_weight_1_and_no_timestamps() -> None:
    data = interactions(weights=None, timestamps=None)
    assert data.matrix.data.tolist() == [1, 1, 1, 1, 1]
    assert data.timestamps is None
    assert not data.is_weighted
    assert interactions().is_weighted


def test_repeated_rows_are_merged_to_summed_weights_and_the_latest_timestamp() -> None:
    data = interactions(
        users=[*USERS, 10, 10], items=[*ITEMS, "c", "c"], weights=[*WEIGHTS, 6, 7], timestamps=[*TIMES, 900, 50]
    )
    assert data.n_likes == 5
    assert data.matrix[0, 2] == 5 + 6 + 7
    assert data.timestamps.tolist()[1] == max(500, 900, 50)
    assert data.source.rows_read == 7


def test_the_source_is_kept() -> None:
    source = Source(rows_read=9, dropped={"rating below 4": 4}, positive_from=4)
    assert interactions(source=source).source is source
    assert interactions().source == Source(rows_read=5)


@pytest.mark.parametrize(
    ("users", "items", "message"),
    [
        (["u", "u"], ["a", "b"], "toy: 1 users and 2 items are left; at least two of each are needed"),
        (["u", "v"], ["a", "a"], "toy: 2 users and 1 items are left; at least two of each are needed"),
        ([], [], "toy: 0 users and 0 items are left; at least two of each are needed"),
    ],
)
def test_too_few_users_or_items_are_refused(users: list[str], items: list[str], message: str) -> None:
    with pytest.raises(InvalidInteractionsError) as raised:
        Interactions.from_rows("toy", users, items)
    assert str(raised.value) == message


def test_items_without_a_title_get_their_id() -> None:
    hostile = "</script><script>alert(1)</script>"
    titled = interactions().with_titles({"a": "Alien (1979)", "c": hostile, "z": "never liked"})
    assert titled.item_titles.tolist() == ["Alien (1979)", "b", hostile]
    assert interactions(items=[5, 7, 9, 7, 9]).with_titles({7: "Se7en"}).item_titles.tolist() == [
        "5",
        "Se7en",
        "9",
    ]


@given(st.permutations(range(5)))
def test_the_hash_does_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    shuffled = interactions(
        users=[USERS[row] for row in order],
        items=[ITEMS[row] for row in order],
        weights=[WEIGHTS[row] for row in order],
        timestamps=[TIMES[row] for row in order],
    )
    assert shuffled.content_hash == interactions().content_hash


def test_the_hash_of_repeated_rows_does_not_depend_on_their_order() -> None:
    users, items, weights = np.repeat([0, 1], 40), np.repeat([0, 1], 40), np.random.default_rng(0).random(80)
    hashes = {
        Interactions.from_rows("toy", users[order], items[order], weights=weights[order]).content_hash
        for order in (np.arange(80), np.arange(80)[::-1], np.random.default_rng(1).permutation(80))
    }
    assert len(hashes) == 1


def test_the_hash_does_not_depend_on_names_titles_or_source() -> None:
    other = Interactions.from_rows("other", USERS, ITEMS, weights=WEIGHTS, timestamps=TIMES, source=Source(rows_read=9))
    assert other.with_titles({"a": "Alien"}).content_hash == interactions().content_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"users": [30, 10, 30, 20, 20]},
        {"users": [31, 10, 31, 20, 10]},
        {"items": ["b", "a", "c", "a", "b"]},
        {"items": ["b", "a", "d", "a", "d"]},
        {"weights": [1.0, 2.0, 3.0, 4.0, 5.5]},
        {"weights": None},
        {"timestamps": [100, 200, 300, 400, 501]},
        {"timestamps": None},
    ],
    ids=["user", "user id", "item", "item id", "weight", "no weights", "time", "no times"],
)
def test_the_hash_changes_with_the_content(changes: dict[str, Any]) -> None:
    assert interactions(**changes).content_hash != interactions().content_hash
