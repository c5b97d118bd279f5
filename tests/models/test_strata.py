"""The strata of an epoch contain every like once, and the cells of a stratum share no user and no item."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from models.kernels.draws import fraction
from models.kernels.strata import Cell, cell_of, draw_unseen, holds, mark, write_guide
from models.strata import Dealer, single_block
from models.testing import random_likes

LIKES = random_likes(90, 200)


def test_every_like_is_in_one_cell() -> None:
    strata = Dealer(LIKES).deal(np.random.default_rng(0))
    n_blocks = len(strata.item_start) - 1
    assert n_blocks == 200 // 32
    seen = np.zeros(LIKES.shape)
    for user in range(90):
        for block in range(n_blocks):
            cell = cell_of(strata, user, block)
            places = strata.place[cell.first : cell.last]
            assert (np.diff(places) > 0).all()
            assert ((places >= cell.start) & (places < cell.stop)).all()
            seen[user, strata.item_at[places]] += 1
    np.testing.assert_array_equal(seen, LIKES.toarray() > 0)


def test_blocks_contain_all_users_and_items_once() -> None:
    strata = Dealer(LIKES).deal(np.random.default_rng(0))
    for order, start, n in ((strata.item_at, strata.item_start, 200), (strata.user_at, strata.user_start, 90)):
        assert sorted(order.tolist()) == list(range(n))
        assert (start[0], start[-1]) == (0, n)
        assert np.ptp(np.diff(start)) <= 1


def test_each_division_is_different_and_follows_from_the_generator() -> None:
    dealer = Dealer(LIKES)
    rng = np.random.default_rng(0)
    first, second = dealer.deal(rng), dealer.deal(rng)
    assert (first.item_at != second.item_at).any()
    assert (dealer.deal(np.random.default_rng(0)).place == first.place).all()


@pytest.mark.parametrize(("shape", "n_blocks"), [((5, 20), 1), ((2, 500), 2), ((50, 5000), 16)])
def test_small_data_are_divided_into_few_blocks(shape: tuple[int, int], n_blocks: int) -> None:
    likes = sp.csr_array(np.ones(shape, np.float32))
    assert len(Dealer(likes).deal(np.random.default_rng(0)).item_start) == n_blocks + 1


def test_sparse_data_are_divided_into_fewer_blocks() -> None:
    strata = Dealer(random_likes(300, 600, density=0.1)).deal(np.random.default_rng(0))
    assert len(strata.item_start) == 8 + 1


def test_marks_are_removed_again() -> None:
    place, cell, liked = np.array([4, 5, 7, 9], np.int32), Cell(1, 3, 5, 9), np.zeros(4, np.bool_)
    mark(True, cell, place, liked)
    assert liked.tolist() == [True, False, True, False]
    mark(False, cell, place, liked)
    assert not liked.any()


def test_the_indexed_search_finds_the_place_that_a_full_search_finds() -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 5, 97) ** 3.0
    weights[[10, 60]] = 1
    cumulative = np.concatenate([[0.0], np.cumsum(weights)])
    start = np.array([0, 40, 97])
    guide = np.empty(97, np.int32)
    write_guide(cumulative, start, guide)
    for first, last in ((0, 40), (40, 97)):
        cell, state = Cell(0, 0, first, last), np.uint64(9)
        for _ in range(500):
            share = fraction(state)
            target = cumulative[first] + share * (cumulative[last] - cumulative[first])
            state, drawn = draw_unseen(np.zeros(last - first, np.bool_), cumulative, guide, cell, np.uint64(state))
            state = np.uint64(state)
            assert drawn == first + np.searchsorted(cumulative[first + 1 : last], target)


def test_draws_are_unseen_items_of_the_block() -> None:
    strata = single_block(LIKES)
    cell = cell_of(strata, 7, 0)
    drawn = draws(strata.place, np.zeros(0), cell)
    assert set(drawn) == set(np.flatnonzero(LIKES[[7]].toarray()[0] == 0))


def test_popular_items_are_drawn_in_proportion_to_their_weight() -> None:
    cumulative = np.array([0.0, 5.0, 5.0, 6.0, 10.0, 20.0])  # item 0 is outside the block, item 3 seen
    drawn = draws(np.array([3], np.int32), cumulative, Cell(0, 1, 1, 5), n_draws=4000)
    shares = np.bincount(drawn, minlength=5) / len(drawn)
    np.testing.assert_allclose(shares, [0, 0, 1 / 11, 0, 10 / 11], atol=0.02)


def test_a_user_who_likes_all_items_of_a_block_gets_no_negative() -> None:
    place = np.arange(4, dtype=np.int32)
    assert set(draws(place, np.zeros(0), Cell(0, 4, 0, 4), n_draws=5)) == {-1}


def test_membership_is_found_in_histories_of_any_length() -> None:
    values = np.array([2, 3, 5, 8, 13, 21, 34], np.int32)
    for last in range(len(values) + 1):
        assert [v for v in range(40) if holds(values, 0, last, v)] == values[:last].tolist()


def draws(place: np.ndarray, cumulative: np.ndarray, cell: Cell, *, n_draws: int = 2000) -> list[int]:
    guide = np.zeros(max(len(cumulative) - 1, 0), np.int32)
    write_guide(cumulative, np.array([cell.start, cell.stop]) if len(cumulative) else np.zeros(1, np.int64), guide)
    liked = np.zeros(cell.stop - cell.start, np.bool_)
    mark(True, cell, place, liked)
    state, found = np.uint64(5), []
    for _ in range(n_draws):
        state, drawn = draw_unseen(liked, cumulative, guide, cell, np.uint64(state))
        found.append(drawn)
    return found
