"""Maps of the items: items that are close in many dimensions are close in two."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from studies.comparison.examples import map_records

N_ITEMS = 40


@pytest.mark.parametrize("method", ["pca", pytest.param("umap", marks=pytest.mark.slow)])
def test_items_of_two_kinds_are_apart_on_the_map(method: str) -> None:
    if method == "umap":
        pytest.importorskip("umap", reason="umap-learn is an extra")
    rng = np.random.default_rng(0)
    kind = np.arange(N_ITEMS) % 2
    vectors = (np.where(kind, 5, -5)[:, None] + rng.normal(size=(N_ITEMS, 8))).astype(np.float32)

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # which would land between the lines of the progress bar
        (drawn,) = map_records({"a model": vectors}, np.arange(N_ITEMS), method)

    assert drawn.method == method
    points = np.column_stack([drawn.x, drawn.y])
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distance, np.inf)
    np.testing.assert_array_equal(kind[distance.argmin(axis=1)], kind)


@pytest.mark.parametrize("n_items", [1, 2, 3, 15])
def test_a_few_items_are_mapped_by_their_principal_components(n_items: int) -> None:
    vectors = np.eye(n_items, 4, dtype=np.float32)
    (drawn,) = map_records({"a model": vectors}, np.arange(n_items), "umap")
    assert (drawn.method, len(drawn.x)) == ("pca", n_items)
