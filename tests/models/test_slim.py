"""SLIM compared with scikit-learn's elastic net, column by column."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import ElasticNet

import models.kernels.slim
import models.memory
from models.kernels.slim import _solve_item
from models.slim import SLIM, SLIMConfig
from models.testing import ModelContract, assert_refused, random_likes
from models.testing.contract import LIKES, N_ITEMS, USERS

DENSE = (LIKES.toarray() > 0).astype(np.float64)
PRECISE = {"tolerance": 1e-7, "max_sweeps": 10_000}


class TestSLIM(ModelContract):
    model = SLIM
    config = SLIMConfig(l1_reg=0.5, l2_reg=2.0)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        SLIMConfig,
        ({"l1_reg": -1.0}, r"l1_reg must not be negative, got -1\.0"),
        ({"l2_reg": 0.0}, r"l2_reg must be positive, got 0\.0"),
        ({"tolerance": 0.0}, r"tolerance must be positive, got 0\.0"),
        ({"max_sweeps": 0}, "max_sweeps must be at least 1, got 0"),
        ({"n_neighbors": 0}, "n_neighbors must be at least 1, got 0"),
    )


def weights(model: SLIM) -> np.ndarray:
    return sp.csr_array((model.weights, model.targets, model.indptr), shape=(N_ITEMS, N_ITEMS)).toarray()


@pytest.mark.parametrize(("l1", "l2"), [(0.1, 3.0), (0.8, 0.5), (1.5, 10.0)])
def test_every_column_is_an_elastic_net_of_the_others(l1: float, l2: float) -> None:
    expected = np.zeros((N_ITEMS, N_ITEMS))
    for item in range(N_ITEMS):
        others = np.delete(np.arange(N_ITEMS), item)
        net = ElasticNet(
            alpha=(l1 + l2) / len(DENSE),
            l1_ratio=l1 / (l1 + l2),
            positive=True,
            fit_intercept=False,
            tol=1e-10,
            max_iter=100_000,
        )
        expected[others, item] = net.fit(DENSE[:, others], DENSE[:, item]).coef_
    model = SLIM(SLIMConfig(l1_reg=l1, l2_reg=l2, **PRECISE)).fit(LIKES)
    assert (expected > 0).any()
    np.testing.assert_allclose(weights(model), expected, atol=2e-5)
    np.testing.assert_allclose(model.scores(USERS), DENSE @ expected, atol=1e-4)


def test_only_the_most_similar_items_are_weighed_with_n_neighbors() -> None:
    """An item's weights are those of an elastic net of its three most similar items by cosine."""
    model = SLIM(SLIMConfig(l1_reg=0.1, l2_reg=1.0, n_neighbors=3, **PRECISE)).fit(LIKES)
    gramian = DENSE.T @ DENSE
    cosines = gramian / np.sqrt(np.maximum(np.outer(gramian.diagonal(), gramian.diagonal()), 1))
    np.fill_diagonal(cosines, -1)
    found = weights(model)
    for item in range(N_ITEMS):
        third = np.sort(cosines[item])[-3]
        near = np.flatnonzero((cosines[item] >= third - 1e-9) & (gramian[item] > 0.1))
        near = near[near != item]
        assert set(np.flatnonzero(found[:, item])) <= set(near)
        if len(near):
            net = ElasticNet(
                alpha=1.1 / len(DENSE),
                l1_ratio=0.1 / 1.1,
                positive=True,
                fit_intercept=False,
                tol=1e-10,
                max_iter=10**5,
            )
            np.testing.assert_allclose(found[near, item], net.fit(DENSE[:, near], DENSE[:, item]).coef_, atol=2e-5)
    assert (found > 0).any()


def test_items_with_too_many_neighbours_to_copy_get_the_same_weights() -> None:
    gramian = (DENSE.T @ DENSE).astype(np.float32)
    solve = _solve_item.py_func
    found = [np.zeros(N_ITEMS, np.float32) for _ in range(2)]
    solve(gramian, 2, np.float32(0.1), np.float32(1), N_ITEMS, np.float32(1e-6), 1000, found[0])
    copied = models.kernels.slim.MOST_PACKED
    try:
        models.kernels.slim.MOST_PACKED = 0
        solve(gramian, 2, np.float32(0.1), np.float32(1), N_ITEMS, np.float32(1e-6), 1000, found[1])
    finally:
        models.kernels.slim.MOST_PACKED = copied
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    assert found[0].any()


def test_a_greater_penalty_keeps_fewer_weights() -> None:
    kept = [len(SLIM(SLIMConfig(l1_reg=l1, l2_reg=1.0)).fit(LIKES).weights) for l1 in (0.0, 2.0, 1000.0)]
    assert kept[0] > kept[1] > kept[2] == 0


def test_more_items_than_are_held_at_a_time_are_all_solved() -> None:
    likes = random_likes(60, 300)
    model = SLIM(SLIMConfig(l1_reg=0.5, l2_reg=2.0)).fit(likes)
    assert len(np.unique(model.targets)) == 299  # all except item 5, which has no likes


def test_weights_of_likes_do_not_count() -> None:
    weighted = random_likes(weighted=True)
    assert (SLIM().fit(weighted).scores(USERS) == SLIM().fit(LIKES).scores(USERS)).all()


def test_a_catalogue_that_does_not_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.memory, "available_bytes", lambda: 4 * N_ITEMS**2 - 1)
    with pytest.raises(MemoryError, match=r"slim needs 0\.00 GB of memory for 25 items"):
        SLIM().fit(LIKES)
