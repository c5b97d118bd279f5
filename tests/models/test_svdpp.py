"""SVD++ compared with a textbook implementation, and tests of its behaviour."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from models.biased_svd import BiasedSVD, BiasedSVDConfig
from models.svdpp import SVDpp, SVDppConfig
from models.testing import assert_refused
from tests.models.rating_contract import INVALID, RATED, RatingContract, rmse


class TestSVDpp(RatingContract):
    model = SVDpp
    config = SVDppConfig(n_factors=6, n_epochs=3)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        SVDppConfig,
        *INVALID,
        ({"reg_implicit": -1.0}, "reg_implicit must not be negative, got -1.0"),
    )


def test_similar_users_are_learnt_from_which_items_they_rate() -> None:
    """Users of two kinds rate items of their kind, always 3, and the last ten items, one kind 5 and the other 1.

    The kind of a user who rated none of these ten shows only in which other items the user rated.
    """
    rng = np.random.default_rng(0)
    kind = np.arange(200) % 2
    ratings = np.full((200, 40), 3.0)
    ratings[:, 30:] = np.where(kind == 0, 5.0, 1.0)[:, None]
    is_rated = np.zeros(ratings.shape, bool)
    is_rated[:, :30] = (np.arange(30) % 2 == kind[:, None]) & (rng.random((200, 30)) < 0.7)
    is_rated[:160, 30:] = True
    held_out = np.zeros_like(ratings)
    held_out[160:, 30:] = ratings[160:, 30:]
    known, expected = sp.csr_array(ratings * is_rated), sp.csr_array(held_out)
    implicit = rmse(SVDpp(SVDppConfig(n_factors=4)).fit(known), expected)
    assert implicit < 1.0 < rmse(BiasedSVD(BiasedSVDConfig(n_factors=4)).fit(known), expected)


def test_the_vector_of_a_user_contains_the_implicit_vectors_of_rated_items() -> None:
    model = SVDpp(SVDppConfig(n_factors=6, n_epochs=2)).fit(RATED)
    rated = RATED[[7]].indices
    expected = model.own_factors[7, :6] + model.implicit_factors[rated].sum(axis=0) / len(rated) ** 0.5
    np.testing.assert_allclose(model.user_factors[7, :6], expected, rtol=1e-4, atol=1e-6)
