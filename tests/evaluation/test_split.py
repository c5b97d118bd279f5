from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.interactions import Interactions
from evaluation.split import Fold, GivenLikes, InvalidSplitError, SealedTest, SplitOptions, fresh_folds, split_likes


def interactions(n_users: int = 60, n_items: int = 40, seed: int = 0, with_times: bool = True) -> Interactions:
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((n_users, n_items)) < rng.uniform(0.02, 0.4, (n_users, 1)))
    times = rng.integers(0, 50, len(users)) if with_times else None
    return Interactions.from_rows("toy", users, items, timestamps=times)


def pairs(matrix: Any, users: Any = None) -> set[tuple[int, int]]:
    coo = matrix.tocoo()
    rows = coo.row if users is None else np.asarray(users)[coo.row]
    return set(zip(rows.tolist(), coo.col.tolist(), strict=True))


def split_pairs(fold: Fold) -> tuple[set[tuple[int, int]], set[tuple[int, int]], set[tuple[int, int]]]:
    return pairs(fold.train), pairs(fold.histories, fold.users), pairs(fold.held_out, fold.users)


OPTIONS = st.builds(
    SplitOptions,
    protocol=st.sampled_from(["warm", "fold-in"]),
    holdout=st.sampled_from(["random", "last"]),
    n_held_out=st.integers(1, 3),
    test_users=st.sampled_from([0.2, 0.5, 7]),
    validation_users=st.sampled_from([5, 5000]),
    seed=st.integers(0, 3),
)


@given(options=OPTIONS, data_seed=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_held_out_likes_are_not_trained_on_and_every_evaluation_user_keeps_a_like(
    options: SplitOptions, data_seed: int
) -> None:
    data = interactions(seed=data_seed)
    everything = pairs(data.matrix)
    split = split_likes(data, options)
    test = split.test.open()
    _, _, test_held_out = split_pairs(test)
    for fold in [*split.validation, test]:
        train, histories, held_out = split_pairs(fold)
        assert train | histories | held_out <= everything
        assert not held_out & (train | histories)
        assert (np.diff(fold.held_out.indptr) == options.n_held_out).all()
        assert (np.diff(fold.histories.indptr) >= 1).all()
        assert (np.diff(fold.users) > 0).all()
        if options.protocol == "warm":
            assert histories == {(user, item) for user, item in train if user in set(fold.users.tolist())}
            assert everything - train == (held_out if fold is test else held_out | test_held_out)
        else:
            assert not {user for user, _ in train} & set(fold.users.tolist())
            assert fold.fold_in


@given(options=OPTIONS)
@settings(max_examples=30, deadline=None)
def test_no_validation_fold_holds_a_test_like(options: SplitOptions) -> None:
    split = split_likes(interactions(), options)
    _, _, test_held_out = split_pairs(split.test.open())
    for fold in split.validation:
        assert not test_held_out & set.union(*split_pairs(fold))


def test_no_reference_from_a_validation_fold_leads_to_the_test() -> None:
    """Follows every reference from the validation folds, as a debugger would."""
    split = split_likes(interactions(), SplitOptions())
    assert [field for field in Fold.__dataclass_fields__ if "test" in field] == []
    seen: set[int] = set()
    queue: list[Any] = list(split.validation)
    while queue:
        thing = queue.pop()
        if id(thing) in seen or isinstance(thing, type) or callable(thing):
            continue
        seen.add(id(thing))
        assert not isinstance(thing, SealedTest)
        queue += gc.get_referents(thing)
    assert len(seen) > 20


def test_the_seed_determines_the_held_out_likes() -> None:
    one, same, other = (split_likes(interactions(), SplitOptions(seed=seed)) for seed in (1, 1, 2))
    assert (one.test.hash, one.validation_hash) == (same.test.hash, same.validation_hash)
    assert one.test.hash != other.test.hash
    assert one.validation_hash != other.validation_hash


def test_the_test_does_not_depend_on_the_validation_options() -> None:
    one = split_likes(interactions(), SplitOptions())
    other = split_likes(interactions(), SplitOptions(draws=2, validation_users=10))
    assert one.test.hash == other.test.hash
    assert one.validation_hash != other.validation_hash


def test_the_hash_covers_the_data_as_well_as_the_held_out_pairs() -> None:
    data = interactions()
    weighted = Interactions.from_rows("toy", *np.nonzero(data.matrix.toarray()), weights=np.full(data.n_likes, 2.0))
    options = SplitOptions()
    assert pairs(split_likes(data, options).test.open().held_out) == pairs(
        split_likes(weighted, options).test.open().held_out
    )
    assert split_likes(data, options).test.hash != split_likes(weighted, options).test.hash


def test_the_last_like_by_time_is_the_test_and_the_one_before_it_the_validation() -> None:
    users = np.repeat([0, 1, 2], 5)
    items = np.tile(np.arange(5), 3)
    times = np.tile([30, 10, 50, 20, 40], 3)
    data = Interactions.from_rows("toy", users, items, timestamps=times)
    split = split_likes(data, SplitOptions(holdout="last"))
    assert pairs(split.test.open().held_out) == {(0, 2), (1, 2), (2, 2)}
    assert [pairs(fold.held_out) for fold in split.validation] == [{(0, 4), (1, 4), (2, 4)}]


def test_random_likes_are_held_out_uniformly() -> None:
    data = Interactions.from_rows("toy", np.repeat(np.arange(4000), 4), np.tile(np.arange(4), 4000))
    held_out = split_likes(data, SplitOptions(test_users=4000)).test.open().held_out
    counts = np.bincount(held_out.indices, minlength=4)
    # 4 standard deviations of a binomial of 4,000 draws at 1/4
    assert np.abs(counts - 1000).max() < 4 * np.sqrt(4000 * 1 / 4 * 3 / 4)


@pytest.mark.parametrize(
    ("n_users", "n_test", "n_validation", "n_draws"),
    [
        (300, 300, 300, 5),  # a fifth is below 1,000, so all users; 300 likes a draw, so the maximum of 5 draws
        (1600, 1000, 1600, 2),  # raised to 1,000 users; two draws of 1,600 likes exceed 3,000
        (7000, 1400, 5000, 1),  # a fifth; the maximum of 5,000 users
    ],
)
def test_numbers_of_users_and_draws(n_users: int, n_test: int, n_validation: int, n_draws: int) -> None:
    data = Interactions.from_rows("toy", np.repeat(np.arange(n_users), 3), np.tile(np.arange(3), n_users))
    split = split_likes(data, SplitOptions())
    assert split.n_eligible_users == n_users
    assert split.test.n_users == n_test
    assert [len(fold.users) for fold in split.validation] == [n_validation] * n_draws


def test_validation_draws_differ() -> None:
    folds = split_likes(interactions(), SplitOptions(draws=3)).validation
    assert len({frozenset(pairs(fold.held_out, fold.users)) for fold in folds}) == 3


@given(options=OPTIONS, data_seed=st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_fresh_draws_differ_have_the_same_size_and_hold_no_test_like(options: SplitOptions, data_seed: int) -> None:
    data = interactions(seed=data_seed)
    split = split_likes(data, options)
    fresh = fresh_folds(data, split)
    if options.holdout == "last" and options.protocol == "warm":
        assert fresh == ()
        return
    _, _, test_held_out = split_pairs(split.test.open())
    assert [len(fold.users) for fold in fresh] == [len(fold.users) for fold in split.validation]
    held_out = [frozenset(pairs(fold.held_out, fold.users)) for fold in [*split.validation, *fresh]]
    if options.validation_users > 5:
        assert len(set(held_out)) == len(held_out) or options.holdout == "last"
    for fold in fresh:
        assert not test_held_out & set.union(*split_pairs(fold))
        assert not pairs(fold.held_out, fold.users) & pairs(fold.train)
    again = [pairs(fold.held_out, fold.users) for fold in fresh_folds(data, split)]
    assert again == [pairs(fold.held_out, fold.users) for fold in fresh]


def test_fresh_draws_are_the_ones_that_more_draws_of_the_search_would_be() -> None:
    data = interactions()
    fresh = fresh_folds(data, split_likes(data, SplitOptions(draws=2)))
    more = split_likes(data, SplitOptions(draws=4)).validation
    assert [pairs(f.held_out, f.users) for f in fresh] == [pairs(f.held_out, f.users) for f in more[2:]]


def test_a_given_split_has_no_fresh_draws() -> None:
    data = interactions()
    options = SplitOptions(kind="given")
    likes = interactions(seed=1).matrix
    given_likes = GivenLikes(likes=likes, n_held_out=np.diff(likes.indptr).astype(np.int64))
    assert fresh_folds(data, split_likes(data, options, given_likes)) == ()


def test_fold_in_leaves_training_users() -> None:
    data = Interactions.from_rows("toy", np.repeat(np.arange(9), 3), np.tile(np.arange(3), 9))
    split = split_likes(data, SplitOptions(protocol="fold-in", test_users=0.9))
    assert all(fold.train.nnz > 0 for fold in [*split.validation, split.test.open()])


def test_splitting_does_not_change_the_data() -> None:
    data = interactions()
    before = (data.matrix.indptr.copy(), data.matrix.indices.copy(), data.matrix.data.copy())
    split_likes(data, SplitOptions(n_held_out=2))
    for array, copy in zip((data.matrix.indptr, data.matrix.indices, data.matrix.data), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_too_few_likes_are_refused_with_their_number() -> None:
    data = Interactions.from_rows("toy", [0, 0, 1, 1], [0, 1, 0, 1])
    with pytest.raises(InvalidSplitError, match=r"0 users of toy have the 3 likes .* \(the maximum is 2\)"):
        split_likes(data, SplitOptions())


def test_the_last_like_needs_timestamps() -> None:
    with pytest.raises(InvalidSplitError, match="toy has no timestamps"):
        split_likes(interactions(with_times=False), SplitOptions(holdout="last"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_held_out": 0}, "n_held_out must be at least 1, got 0"),
        ({"test_users": -1}, "got -1"),
        ({"test_users": 1.5}, "a whole number of users, got 1.5"),
        ({"validation_users": 0}, "validation_users must be at least 1, got 0"),
        ({"draws": 0}, "draws must be at least 1, got 0"),
        ({"holdout": "last", "draws": 2}, "2 draws of it would be equal"),
    ],
)
def test_invalid_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSplitError, match=message):
        SplitOptions(**options)
