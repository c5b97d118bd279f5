"""item2item compared with dense algebra, with ties and short histories."""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp

from models.item2item import Item2Item, Item2ItemConfig
from models.neighbors import Similarity
from models.testing import ModelContract, assert_refused, random_likes
from models.testing.contract import LIKES, N_ITEMS, USERS
from models.weighting import Weighting
from tests.models import textbook_item2item
from tests.models.grids import all_pairs

WEIGHTED = random_likes(weighted=True)
DENSE = WEIGHTED.toarray().astype(np.float64)


class TestCosine(ModelContract):
    model = Item2Item
    config = Item2ItemConfig(n_neighbors=10)
    checkerboard_config = Item2ItemConfig(n_neighbors=40)


class TestPearson(ModelContract):
    model = Item2Item
    config = Item2ItemConfig(similarity="pearson", weighting="tfidf")


class TestBM25(ModelContract):
    model = Item2Item
    config = Item2ItemConfig(similarity="cooccurrence", weighting="bm25")


class TestShortHistories(ModelContract):
    model = Item2Item
    config = Item2ItemConfig(similarity="cooccurrence", max_history=3)
    checkerboard_config = Item2ItemConfig(similarity="cooccurrence")


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        Item2ItemConfig,
        ({"similarity": "jaccard"}, "similarity must be one of cooccurrence, cosine, pearson, got 'jaccard'"),
        ({"weighting": "idf"}, "weighting must be one of likes, weights, log, tfidf, bm25, got 'idf'"),
        ({"k1": -0.5}, r"k1 must not be negative, got -0\.5"),
        ({"b": 1.5}, r"b must be from 0 to 1, got 1\.5"),
        ({"n_neighbors": 0}, "n_neighbors must be at least 1, got 0"),
        ({"shrinkage": -1.0}, r"shrinkage must not be negative, got -1\.0"),
        ({"shrinkage": float("nan")}, "shrinkage must not be negative, got nan"),
        ({"max_history": 0}, "max_history must be at least 1 or None, got 0"),
    )


@pytest.mark.parametrize(
    ("similarity", "weighting", "shrinkage", "k"),
    all_pairs(get_args(Similarity), get_args(Weighting), [0.0, 3.5], [1, 4, N_ITEMS - 1, N_ITEMS + 10]),
)
def test_neighbours_and_scores_equal_dense_algebra(
    similarity: Similarity, weighting: Weighting, shrinkage: float, k: int
) -> None:
    config = Item2ItemConfig(similarity=similarity, weighting=weighting, shrinkage=shrinkage, n_neighbors=k)
    assert_neighbours_equal_dense_algebra(Item2Item(config).fit(WEIGHTED), DENSE)


@pytest.mark.parametrize("similarity", get_args(Similarity))
def test_neighbours_of_rare_items_among_many_equal_dense_algebra(similarity: Similarity) -> None:
    likes = random_likes(
        30, 150, density=0.015, weighted=True
    )  # both ways of reading sums occur: few additions for most items, many for those of user 0
    config = Item2ItemConfig(similarity=similarity, weighting="log", n_neighbors=7)
    assert_neighbours_equal_dense_algebra(Item2Item(config).fit(likes), likes.toarray().astype(np.float64))


def assert_neighbours_equal_dense_algebra(model: Item2Item, weights: np.ndarray) -> None:
    n_users, n_items = weights.shape
    expected = textbook_item2item.neighbors(weights, model.config)
    of_all = textbook_item2item.neighbors(weights, replace(model.config, n_neighbors=n_items))
    for item, neighbours in enumerate(expected):
        found = model.similar_items(item, n_items)
        n = len(neighbours)
        assert found.scores[0, :n] == pytest.approx([value for _, value in neighbours], rel=1e-4)
        by_number = dict(of_all[item])  # float32 may swap two that are nearly equal
        assert [by_number[j] for j in found.items[0, :n].tolist()] == pytest.approx(found.scores[0, :n], rel=1e-4)
        assert (found.items[0, n:] == -1).all()
    kept = [
        [(j, by) for j, by in zip(*pair, strict=True) if j >= 0]
        for pair in zip(model.neighbors, model.similarities, strict=True)
    ]
    naive = [textbook_item2item.scores(np.flatnonzero(row).tolist(), kept, n_items) for row in weights]
    np.testing.assert_allclose(model.scores(np.arange(n_users)), naive, rtol=1e-4, atol=1e-6)


def test_an_item_that_all_users_like_correlates_with_none() -> None:
    likes = sp.csr_array(np.array([[1, 1, 0], [1, 0, 1], [1, 1, 0]], np.float32))
    similar = Item2Item(Item2ItemConfig(similarity="pearson")).fit(likes).similar_items([0, 1], 2)
    assert similar.items.tolist() == [[-1, -1], [-1, -1]]


def test_bm25_equals_arithmetic_by_hand() -> None:
    likes = sp.csr_array(np.array([[2, 1, 0, 0], [0, 3, 0, 0]], np.float32))
    config = Item2ItemConfig(similarity="cooccurrence", weighting="bm25", k1=1.2, b=0.75)
    idf, mean = log(4 / (1 + 2)), (2 + 4 + 0 + 0) / 4
    first = 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 2 / mean)) * idf
    second = 1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 4 / mean)) * idf
    assert Item2Item(config).fit(likes).similar_items(0, 1).scores[0, 0] == pytest.approx(first * second, rel=1e-5)


def test_ties_between_neighbours_are_broken_by_number() -> None:
    everyone_likes_all = sp.csr_array(np.ones((5, 6), np.float32))
    similar = Item2Item(Item2ItemConfig(n_neighbors=3)).fit(everyone_likes_all).similar_items(np.arange(6), 3)
    assert similar.items.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2], [0, 1, 2]]


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights must not be negative, got -2\.0; leave out what is not liked"):
        Item2Item().fit(sp.csr_array([[1.0, -2.0], [1.0, 1.0]]))


def test_weights_of_likes_do_not_count_by_default() -> None:
    likes = LIKES.copy()
    likes.data = likes.data * np.arange(1, likes.nnz + 1, dtype=np.float32)
    found, expected = (Item2Item().fit(matrix).scores(USERS) for matrix in (likes, LIKES))
    assert (found == expected).all()


def test_a_long_history_is_cut_to_items_drawn_by_the_seed() -> None:
    config = Item2ItemConfig(similarity="cooccurrence", max_history=2)
    model = Item2Item(config, seed=4).fit(LIKES)
    whole = Item2Item(Item2ItemConfig(similarity="cooccurrence")).fit(LIKES)
    order = np.random.default_rng(4).permutation(N_ITEMS)
    history = np.flatnonzero(DENSE[0])
    kept = history[np.argsort(order[history])[:2]]
    by_hand = sum(whole.scores(sp.csr_array(np.eye(N_ITEMS, dtype=np.float32)[[item]]))[0] for item in kept)
    assert model.scores([0])[0].tolist() == by_hand.tolist()


def test_short_histories_are_left_whole() -> None:
    longest = int(np.diff(LIKES.indptr).max())
    cut = Item2Item(Item2ItemConfig(max_history=longest)).fit(LIKES)
    assert (cut.scores(USERS) == Item2Item().fit(LIKES).scores(USERS)).all()
