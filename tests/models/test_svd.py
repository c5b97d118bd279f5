"""SVD compared with NumPy's SVD of the dense matrix."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp

from models.svd import SVD, SVDConfig
from models.testing import FactorModelContract, assert_refused, random_likes
from models.testing.contract import LIKES, N_ITEMS, N_USERS, USERS
from models.weighting import Weighting
from tests.models import textbook_item2item
from tests.models.grids import all_pairs

WEIGHTED = random_likes(weighted=True)
DENSE = WEIGHTED.toarray().astype(np.float64)


class TestSVD(FactorModelContract):
    model = SVD
    config = SVDConfig(n_factors=6)
    checkerboard_config = SVDConfig(n_factors=2)


class TestPureSVDOfTermWeights(FactorModelContract):
    model = SVD
    config = SVDConfig(n_factors=4, scaling=1.0, weighting="bm25")
    checkerboard_config = SVDConfig(n_factors=2, scaling=1.0)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        SVDConfig,
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
        ({"scaling": 1.5}, r"scaling must be from 0 to 1, got 1\.5"),
        ({"weighting": "idf"}, "weighting must be one of likes, weights, log, tfidf, bm25, got 'idf'"),
        ({"b": 1.5}, r"b must be from 0 to 1, got 1\.5"),
    )


def scaled(likes: np.ndarray, scaling: float) -> np.ndarray:
    lengths = np.linalg.norm(likes, axis=0)
    return likes * np.where(lengths > 0, lengths, 1) ** (scaling - 1)


@pytest.mark.parametrize(
    ("weighting", "scaling", "n_factors"), all_pairs(get_args(Weighting), [0.0, 0.5, 1.0], [1, 5, 24])
)
def test_scores_equal_dense_algebra(weighting: Weighting, scaling: float, n_factors: int) -> None:
    config = SVDConfig(n_factors=n_factors, scaling=scaling, weighting=weighting)
    likes = textbook_item2item.weighted(DENSE, config)
    _, values, rows = np.linalg.svd(scaled(likes, scaling), full_matrices=False)
    expected = likes @ rows[:n_factors].T @ rows[:n_factors]
    model = SVD(config).fit(WEIGHTED)
    np.testing.assert_allclose(model.singular_values, values[:n_factors], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model.scores(USERS), expected, atol=1e-3 * np.abs(expected).max())


def test_pure_svd_is_the_best_approximation_of_its_rank() -> None:
    u, s, v = np.linalg.svd(DENSE > 0)
    model = SVD(SVDConfig(n_factors=7, scaling=1.0)).fit(WEIGHTED)
    np.testing.assert_allclose(model.scores(USERS), (u[:, :7] * s[:7]) @ v[:7], atol=1e-4)
    np.testing.assert_allclose(model.user_factors.T @ model.user_factors, np.eye(7), atol=1e-4)


@pytest.mark.parametrize("shape", [(N_USERS, N_ITEMS), (N_ITEMS, N_USERS), (3, 50), (50, 3), (1, 4), (4, 1)])
def test_the_full_rank_reconstructs_the_likes(shape: tuple[int, int]) -> None:
    likes = sp.csr_array((np.random.default_rng(1).random(shape) < 0.4).astype(np.float32))
    model = SVD(SVDConfig(n_factors=64, scaling=1.0)).fit(likes)
    assert model.item_factors.shape == (shape[1], min(shape))
    np.testing.assert_allclose(model.scores(np.arange(shape[0])), likes.toarray(), atol=1e-4)


def test_factors_beyond_the_rank_are_zero() -> None:
    halves = np.kron(np.eye(2), np.ones((6, 5))).astype(np.float32)
    model = SVD(SVDConfig(n_factors=5)).fit(sp.csr_array(halves))
    assert (model.singular_values[2:] == 0).all()
    np.testing.assert_allclose(model.scores(np.arange(12)), halves, atol=1e-5)


def test_signs_are_fixed_whatever_the_seed() -> None:
    models = [SVD(SVDConfig(n_factors=5), seed=seed).fit(LIKES) for seed in (0, 1)]
    np.testing.assert_allclose(models[0].item_factors, models[1].item_factors, atol=1e-4)
    largest = np.abs(models[0].item_factors).argmax(axis=0)
    assert (models[0].item_factors[largest, np.arange(5)] > 0).all()


@pytest.mark.parametrize("weighting", get_args(Weighting))
@pytest.mark.parametrize("scaling", [0.4, 1.0])
def test_an_item_of_the_training_data_folds_in_to_its_own_vector(weighting: Weighting, scaling: float) -> None:
    model = SVD(SVDConfig(n_factors=6, scaling=scaling, weighting=weighting)).fit(WEIGHTED)
    folded = model.fold_in_items(WEIGHTED.T.tocsr()[[2, 9, 5]])
    np.testing.assert_allclose(folded, model.item_factors[[2, 9, 5]], atol=1e-3 * np.abs(model.item_factors).max())


def test_a_new_item_scores_high_for_users_similar_to_its_likers() -> None:
    halves = np.kron(np.eye(2), np.ones((6, 5))).astype(np.float32)
    model = SVD(SVDConfig(n_factors=2)).fit(sp.csr_array(halves))
    vector = model.fold_in_items(sp.csr_array((np.arange(12) < 3).astype(np.float32)[None]))[0]
    scores = model.user_factors @ vector
    assert scores[:6].min() > 0.1
    assert np.abs(scores[6:]).max() < 1e-5


def test_likers_with_another_number_of_users_are_refused() -> None:
    with pytest.raises(ValueError, match=r"likers have 3 users, the model was fitted on 40"):
        SVD().fit(LIKES).fold_in_items(sp.csr_array((1, 3), dtype=np.float32))


def test_without_any_like_all_scores_are_zero() -> None:
    assert not SVD().fit(sp.csr_array((4, 6), dtype=np.float32)).scores([0, 3]).any()
