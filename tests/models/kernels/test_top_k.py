"""Selection of the best scores compared with a stable sort."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import models.top_k
from models.top_k import best_products, best_scores
from tests.models.grids import all_pairs


def by_sorting(scores: np.ndarray, k: int, seen: np.ndarray) -> tuple[list[list[int]], list[list[float]]]:
    items, values = [], []
    for row, left_out in zip(scores, seen, strict=True):
        order = sorted(range(len(row)), key=lambda item: -row[item] if row[item] == row[item] else np.inf)
        kept = [item for item in order if row[item] > -np.inf and not left_out[item]][:k]
        items.append(kept + [-1] * (k - len(kept)))
        values.append([float(row[item]) for item in kept] + [-np.inf] * (k - len(kept)))
    return items, values


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, int, np.ndarray]:
    n, n_items = draw(st.integers(1, 4)), draw(st.integers(1, 40))
    levels = st.sampled_from([-np.inf, -2.5, 0.0, -0.0, 1.0, 1.5, np.inf, np.nan])
    scores = np.array(draw(st.lists(levels, min_size=n * n_items, max_size=n * n_items)), np.float32)
    seen = np.array(draw(st.lists(st.booleans(), min_size=n * n_items, max_size=n * n_items)))
    return scores.reshape(n, n_items), draw(st.integers(1, n_items + 3)), seen.reshape(n, n_items)


@settings(deadline=None, max_examples=300)
@given(cases())
def test_lists_equal_a_stable_sort_with_ties_infinities_and_nan(case: tuple[np.ndarray, int, np.ndarray]) -> None:
    scores, k, seen = case
    found = best_scores(scores, k, sp.csr_array(seen))
    items, values = by_sorting(scores, k, seen)
    assert found.items.tolist() == items
    assert found.scores.tolist() == values


@pytest.mark.parametrize("k", [1, 10, 100, 5000])
def test_long_rows_equal_a_stable_sort(k: int) -> None:
    scores = np.random.default_rng(0).integers(0, 700, (5, 3000)).astype(np.float32)
    found = best_scores(scores, k)
    assert found.items[:, :3000].tolist() == np.argsort(-scores, axis=1, kind="stable")[:, :k].tolist()


def test_scores_may_have_any_memory_layout_and_dtype() -> None:
    scores = np.random.default_rng(0).random((5, 7))
    assert (
        best_scores(np.asfortranarray(scores), 3).items.tolist()
        == best_scores(scores.astype(np.float32), 3).items.tolist()
    )


def test_scores_are_not_changed() -> None:
    scores = np.random.default_rng(0).random((5, 7), np.float32)
    before = scores.copy()
    best_scores(scores, 3)
    assert (scores == before).all()


@pytest.mark.parametrize(
    ("n_items", "k", "threads", "sorted_from"),  # from 50 items on, the longest come first
    all_pairs([1, 63, 64, 65, 700, 5000], [1, 7, 100], [1, 2], [50, 10_000]),
)
def test_the_best_products_equal_a_stable_sort_of_all_products(
    n_items: int, k: int, threads: int, sorted_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.top_k, "SORTED_FROM", sorted_from)
    monkeypatch.setattr(models.top_k, "BLOCK_SCORES", 1 << 17)  # several blocks of items
    rng = np.random.default_rng(0)
    x, y = (rng.integers(-3, 4, (n, 3)).astype(np.float32) for n in (300, n_items))  # whole numbers: exact, many ties
    seen = sp.csr_array(rng.random((300, n_items)) < 0.1)
    found = best_products(x, y, k, seen, threads=threads)
    scores = np.where(seen.toarray(), -np.inf, x @ y.T)
    items = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(scores, items, axis=1)
    assert (found.scores[:, :n_items] == values).all()
    assert (found.items[:, :n_items] == np.where(values > -np.inf, items, -1)).all()
    assert (found.items[:, n_items:] == -1).all()


@pytest.mark.parametrize("order", [1, -1], ids=["ascending", "descending"])
def test_sorted_scores_are_selected_correctly(order: int) -> None:
    scores = np.arange(20_000, dtype=np.float32)[None, ::order] - 10_000
    found = best_scores(scores, 150)
    assert found.scores[0].tolist() == list(range(9_999, 9_849, -1))
    assert found.items.tolist() == np.argsort(-scores, kind="stable")[:, :150].tolist()


@pytest.mark.parametrize("spread", [0.0, 1.0, 3.0])
def test_skipping_short_items_does_not_change_the_lists(spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((n, 8)).astype(np.float32) for n in (200, 9_000))
    y *= np.exp(spread * rng.standard_normal((9_000, 1))).astype(np.float32)
    seen = sp.csr_array(rng.random((200, 9_000)) < 0.01)
    by_length = best_products(x, y, 20, seen)
    monkeypatch.setattr(models.top_k, "SORTED_FROM", 10_000)
    in_order = best_products(x, y, 20, seen)
    np.testing.assert_allclose(by_length.scores, in_order.scores, rtol=1e-5)
    assert (by_length.items == in_order.items).mean() > 0.999  # rounding may swap two that are nearly equal
