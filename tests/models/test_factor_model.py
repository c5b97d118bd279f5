"""Similarity of item vectors, without and with biases beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.base import Measure
from models.bpr import BPR, BPRConfig
from models.factor_model import FactorModel
from models.svd import SVD, SVDConfig
from models.testing.contract import LIKES, N_ITEMS


@pytest.fixture(scope="module", params=[SVD(SVDConfig(n_factors=6)), BPR(BPRConfig(n_factors=6, n_epochs=2))])
def fitted(request: pytest.FixtureRequest) -> FactorModel[Any]:
    return request.param.fit(LIKES)


@pytest.mark.parametrize("measure", ["cosine", "dot", "euclidean", None])
def test_similar_items_are_the_nearest_by_the_measure(fitted: FactorModel[Any], measure: Measure | None) -> None:
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
