"""item2item against dense algebra, ties and short histories included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from models.item2item import Item2Item, Item2ItemConfig
from tests.models import textbook_item2item
from tests.models.contract import LIKES, N_ITEMS, N_USERS, USERS, ModelContract

DENSE = (LIKES.toarray() > 0).astype(np.float64)


class TestCosine(ModelContract):
    model = Item2Item
    config = Item2ItemConfig(n_neighbors=10)
    checkerboard_config = Item2ItemConfig(n_neighbors=40)
    invalid = (
        ({"similarity": "jaccard"}, "similarity must be .*, got 'jaccard'"),
        ({"n_neighbors": 0}, "n_neighbors must be at least 1, got 0"),
        ({"shrinkage": -1.0}, r"shrinkage must not be negative, got -1\.0"),
        ({"shrinkage": float("nan")}, "shrinkage must not be negative, got nan"),
        ({"max_history": 0}, "max_history must be at least 1 or None, got 0"),
    )


class TestShortHistories(ModelContract):
    model = Item2Item
    config = Item2ItemConfig(similarity="cooccurrence", max_history=3)
    checkerboard_config = Item2ItemConfig(similarity="cooccurrence")


@pytest.mark.parametrize("similarity", ["cooccurrence", "cosine"])
@pytest.mark.parametrize("shrinkage", [0.0, 3.5])
@pytest.mark.parametrize("k", [1, 4, N_ITEMS - 1, N_ITEMS + 10])
def test_neighbours_and_scores_equal_dense_algebra(similarity: Any, shrinkage: float, k: int) -> None:
    config = Item2ItemConfig(similarity=similarity, shrinkage=shrinkage, n_neighbors=k)
    model = Item2Item(config).fit(LIKES)
    expected = textbook_item2item.neighbors(DENSE, similarity, k, shrinkage)
    for item in range(N_ITEMS):
        found = model.similar_items(item, k)
        n = len(expected[item])
        assert found.items[0, :n].tolist() == [j for j, _ in expected[item]]
        assert found.scores[0, :n] == pytest.approx([value for _, value in expected[item]], rel=1e-5)
        assert (found.items[0, n:] == -1).all()
    naive = [
        textbook_item2item.scores(np.flatnonzero(DENSE[user]).tolist(), expected, N_ITEMS) for user in range(N_USERS)
    ]
    np.testing.assert_allclose(model.scores(USERS), naive, rtol=1e-4, atol=1e-6)


def test_of_equally_similar_items_the_lower_numbers_are_kept() -> None:
    everyone_likes_all = sp.csr_array(np.ones((5, 6), np.float32))
    similar = Item2Item(Item2ItemConfig(n_neighbors=3)).fit(everyone_likes_all).similar_items(np.arange(6), 3)
    assert similar.items.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2], [0, 1, 2]]


def test_weights_of_likes_do_not_count() -> None:
    likes = LIKES.copy()
    likes.data = likes.data * np.arange(1, likes.nnz + 1, dtype=np.float32)
    found, expected = (Item2Item().fit(matrix).scores(USERS) for matrix in (likes, LIKES))
    assert (found == expected).all()


def test_a_long_history_is_cut_to_its_first_items_in_a_shuffle_of_the_seed() -> None:
    config = Item2ItemConfig(similarity="cooccurrence", max_history=2)
    model = Item2Item(config, seed=4).fit(LIKES)
    whole = Item2Item(Item2ItemConfig(similarity="cooccurrence")).fit(LIKES)
    order = np.random.default_rng(4).permutation(N_ITEMS)
    history = np.flatnonzero(DENSE[0])
    kept = history[np.argsort(order[history])[:2]]
    by_hand = sum(whole.scores(sp.csr_array(np.eye(N_ITEMS, dtype=np.float32)[[item]]))[0] for item in kept)
    assert model.scores([0])[0].tolist() == by_hand.tolist()  # type: ignore[union-attr]


def test_short_histories_are_left_whole() -> None:
    longest = int(np.diff(LIKES.indptr).max())
    cut = Item2Item(Item2ItemConfig(max_history=longest)).fit(LIKES)
    assert (cut.scores(USERS) == Item2Item().fit(LIKES).scores(USERS)).all()
