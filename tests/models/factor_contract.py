"""What models of user and item vectors must keep beyond the contract of all models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.base import Measure, Recommender
from models.factor_model import FactorModel
from tests.models.contract import LIKES, N_ITEMS, NOTHING, USERS, ModelContract


class FactorModelContract(ModelContract):
    """Inherit for a FactorModel."""

    def test_vectors_have_the_shapes_promised(self, fitted: Recommender[Any]) -> None:
        assert isinstance(fitted, FactorModel)
        for factors, n in ((fitted.user_factors, len(USERS)), (fitted.item_factors, N_ITEMS)):
            assert factors.shape[0] == n
            assert factors.dtype == np.float32
            assert np.isfinite(factors).all()
        folded = fitted.fold_in(LIKES[:5])
        assert folded.shape == (5, fitted.user_factors.shape[1])
        assert np.isfinite(fitted.fold_in(NOTHING)).all()

    @pytest.mark.parametrize("measure", ["cosine", "dot", "euclidean", None])
    def test_neighbours_are_those_of_the_measure(self, fitted: Recommender[Any], measure: Measure | None) -> None:
        assert isinstance(fitted, FactorModel)
        n_factors = fitted.item_factors.shape[1] - fitted.n_bias_columns
        y = fitted.item_factors[:, :n_factors].astype(np.float64)
        norms = np.maximum(np.linalg.norm(y, axis=1), 1e-30)
        naive = {
            "dot": y @ y.T,
            "cosine": y @ y.T / np.outer(norms, norms),
            "euclidean": -np.linalg.norm(y[:, None] - y[None], axis=2),
        }[measure or "cosine"]
        similar = fitted.similar_items(np.arange(N_ITEMS), N_ITEMS - 1, measure=measure)
        assert not (similar.items == np.arange(N_ITEMS)[:, None]).any()
        np.testing.assert_allclose(
            similar.scores, np.take_along_axis(naive, similar.items.astype(np.int64), axis=1), atol=1e-4, rtol=1e-4
        )
        assert (similar.scores[:, :-1] >= similar.scores[:, 1:]).all()
