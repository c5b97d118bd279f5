"""Which rows become likes, and how the others are counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.datasets import DataOptions, describe, load
from bench.datasets.preprocessing import to_interactions
from bench.datasets.rows import Rows, encode
from evaluation.interactions import Interactions


def rows(pairs, *, values=None, kind=None, times=None):
    users, items = np.array(pairs).T
    return Rows(
        users=encode(users.copy()),
        items=encode(items.copy()),
        values=None if values is None else np.array(values, np.float32),
        value_kind=kind,
        times=None if times is None else np.array(times),
    )


def likes(pairs, *, values=None, kind=None, times=None, **options):
    return to_interactions("test", rows(pairs, values=values, kind=kind, times=times), DataOptions(**options))


SQUARE = [(1, 10), (1, 11), (2, 10), (2, 11)]


def test_ratings_below_the_threshold_are_no_likes_and_likes_weigh_the_same():
    interactions = likes(SQUARE, values=[5, 1, 4, 3.5], kind="rating", positive_from=3.5)
    assert interactions.matrix.toarray().tolist() == [[1, 0], [1, 1]]
    assert interactions.source.dropped == {"rating below 3.5": 1}


def test_weights_keep_their_value_and_zeros_are_dropped():
    interactions = likes(SQUARE, values=[5, 1, 0, 3.5], kind="weight")
    assert interactions.matrix.toarray().tolist() == [[5, 1], [0, 3.5]]
    assert interactions.source.dropped == {"weight of 0": 1}


def test_threshold_on_weights_keeps_the_weights():
    interactions = likes([*SQUARE, (3, 12)], values=[5, 1, 2, 3.5, 9], kind="weight", positive_from=3)
    assert interactions.matrix.data.tolist() == [5, 3.5, 9]
    assert interactions.source.dropped == {"weight below 3": 2}
    assert describe(interactions).startswith("Kept 3 of 5 weights as likes (weight >= 3); 3 users, 3 items")


def test_later_rating_replaces_an_earlier_like_even_if_it_is_no_like():
    interactions = likes([*SQUARE, (1, 10)], values=[2, 5, 5, 5, 5], kind="rating", times=[9, 1, 1, 1, 8])
    assert interactions.matrix.toarray().tolist() == [[0, 1], [1, 1]]
    assert interactions.source.dropped == {"repeated pair, the last one kept": 1, "rating below 4": 1}


def test_last_row_counts_for_repeated_ratings_without_times():
    assert likes([*SQUARE, (1, 10)], values=[5, 5, 5, 5, 1], kind="rating").n_likes == 3


def test_repeated_weights_are_summed_and_take_the_latest_time():
    interactions = likes([*SQUARE, (1, 10)], values=[2, 1, 1, 1, 3], kind="weight", times=[9, 1, 1, 1, 5])
    assert interactions.matrix.toarray().tolist() == [[5, 1], [1, 1]]
    assert interactions.timestamps.tolist() == [9, 1, 1, 1]
    assert interactions.source.dropped == {"repeated pair, added to the first one": 1}


def test_repeated_bare_pairs_are_counted():
    assert likes([*SQUARE, (1, 10)]).matrix.toarray().tolist() == [[2, 1], [1, 1]]


def test_repeated_weights_keep_the_last_on_request():
    interactions = likes([*SQUARE, (1, 10)], values=[2, 1, 1, 1, 3], kind="weight", repeats="last")
    assert interactions.matrix.toarray().tolist() == [[3, 1], [1, 1]]


def test_users_and_items_with_few_likes_are_dropped_until_all_have_enough():
    chain = [*SQUARE, (3, 11), (3, 12), (4, 12)]  # without user 4, item 12 has too few; without that, user 3
    interactions = likes(chain, min_user_likes=2, min_item_likes=2)
    assert interactions.user_ids.tolist() == [1, 2]
    assert interactions.source.dropped == {"user with fewer than 2 likes": 2, "item with fewer than 2 likes": 1}


def test_top_items_keeps_the_heaviest_share_of_the_items_of_all_users():
    pairs = [(user, item) for item in range(20) for user in range(20 - item)]
    interactions = likes(pairs, top_items=0.15)
    assert interactions.item_ids.tolist() == [0, 1, 2]
    assert interactions.source.dropped == {"item outside the most popular 0.15 of all": 210 - 20 - 19 - 18}


def test_top_items_sums_weights_but_counts_ratings():
    pairs = [(1, 10), (2, 10), (3, 11), (3, 12), (1, 12), (2, 11), (3, 13), (1, 13)]
    values = [4, 4, 5, 5, 5, 5, 4, 4]
    assert likes(pairs, values=values, kind="weight", top_items=0.5).item_ids.tolist() == [11, 12]
    assert likes([*pairs, (3, 10)], values=[*values, 4], kind="rating", top_items=0.5).item_ids.tolist() == [10, 11]


def test_sampled_users_are_as_many_as_asked_and_the_same_for_a_seed():
    pairs = [(user, item) for user in range(100) for item in range(3)]
    samples = [likes(pairs, sample_users=0.2, sample_seed=seed).user_ids.tolist() for seed in (0, 0, 1)]
    assert len(samples[0]) == 20
    assert samples[0] == samples[1] != samples[2]


def test_dropped_rows_are_described_by_reason():
    interactions = likes([*SQUARE, (3, 12)], values=[5, 4, 4, 5, 1], kind="rating", min_user_likes=2)
    assert describe(interactions) == ("Kept 4 of 5 ratings as likes (rating >= 4); 2 of 3 users, 2 of 3 items")
    interactions = likes([*SQUARE, (3, 12)], min_user_likes=2)
    assert describe(interactions) == (
        "Kept 4 of 5 rows as likes; 2 of 3 users, 2 of 3 items\nDropped 1: user with fewer than 2 likes"
    )


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(10**12, 10**12 + 3)), min_size=1, max_size=40), st.data())
def test_fast_counting_agrees_with_the_plain_construction(pairs, data):
    pairs = [*pairs, (7, 5), (8, 6)]
    times = data.draw(st.lists(st.integers(0, 9), min_size=len(pairs), max_size=len(pairs)))
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(pairs), max_size=len(pairs)))
    users, items = np.array(pairs).T
    expected = Interactions.from_rows("test", users, items, weights=weights, timestamps=times)
    found = likes(pairs, values=weights, kind="weight", times=times)
    assert found.content_hash == expected.content_hash


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint64])
def test_ids_are_numbered_in_their_order_whatever_their_range(dtype):
    column = np.array([2**31 - 1, 0, 5, 5], dtype)
    for ids in (encode(column.copy()), encode(column[1:].copy())):
        assert ids.values[ids.codes].tolist() == column[-len(ids.codes) :].tolist()
        assert (np.diff(ids.values.astype(object)) > 0).all()


@pytest.mark.parametrize(
    "ids", [np.array([-100, 100, 5, -100], np.int8), np.array([2**64 - 1, 2**64 - 3, 2**64 - 1], np.uint64)]
)
def test_ids_at_the_ends_of_their_type_are_kept(ids):
    encoded = encode(ids.copy())
    assert encoded.values[encoded.codes].tolist() == ids.tolist()
    assert encoded.values.tolist() == sorted(set(ids.tolist()))


def test_loading_is_deterministic_and_leaves_the_file_alone(write):
    path = write("user,item\n1,10\n2,11\n1,11\n")
    assert load(DataOptions(data=path)).content_hash == load(DataOptions(data=path)).content_hash


def test_ratings_are_kept_on_request_for_the_remaining_users_and_items():
    pairs, values = [*SQUARE, (3, 10), (1, 12)], [5, 0, 4, 3.5, 2, 1]
    options = {"values": values, "kind": "rating", "times": [6, 5, 4, 3, 2, 1], "positive_from": 3.5}
    interactions = likes(pairs, **options, keep_ratings=True)
    kept = interactions.ratings
    assert interactions.user_ids.tolist() == [1, 2]
    assert kept.matrix.toarray().tolist() == [[5, 0], [4, 3.5]]
    assert kept.matrix.indices.tolist() == [0, 1, 0, 1]
    assert kept.timestamps.tolist() == [6, 5, 4, 3]
    assert likes(pairs, **options).ratings is None
    assert interactions.content_hash == likes(pairs, **options).content_hash


def test_weights_are_not_kept_as_ratings():
    assert likes(SQUARE, values=[5, 1, 2, 3.5], kind="weight", keep_ratings=True).ratings is None
