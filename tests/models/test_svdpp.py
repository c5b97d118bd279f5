"""SVD++ against its textbook twin, and by what it learns from ratings it is not told."""

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


def test_settings_without_a_meaning_are_refused() -> None:
    assert_refused(
        SVDppConfig,
        *INVALID,
        ({"reg_implicit": -1.0}, "reg_implicit must not be negative, got -1.0"),
    )


def test_whom_users_resemble_is_learnt_from_what_they_rate_at_all() -> None:
    """Users of two kinds rate items of their kind, all alike, but for the last ten, which each kind rates its own way.

    Those who have not rated any of the ten are known by the rest, whose ratings say nothing.
    """
    rng = np.random.default_rng(0)
    kind = np.arange(200) % 2
    ratings = np.full((200, 40), 3.0)
    ratings[:, 30:] = np.where(kind == 0, 5.0, 1.0)[:, None]
    is_rated = np.zeros(ratings.shape, bool)
    is_rated[:, :30] = (np.arange(30) % 2 == kind[:, None]) & (rng.random((200, 30)) < 0.7)
    is_rated[:160, 30:] = True
    withheld = np.zeros_like(ratings)
    withheld[160:, 30:] = ratings[160:, 30:]
    known, asked = sp.csr_array(ratings * is_rated), sp.csr_array(withheld)
    implicit = rmse(SVDpp(SVDppConfig(n_factors=4)).fit(known), asked)
    assert implicit < 1.0 < rmse(BiasedSVD(BiasedSVDConfig(n_factors=4)).fit(known), asked)


def test_the_vector_of_a_user_is_made_of_what_was_rated() -> None:
    model = SVDpp(SVDppConfig(n_factors=6, n_epochs=2)).fit(RATED)
    rated = RATED[[7]].indices
    expected = model.own_factors[7, :6] + model.implicit_factors[rated].sum(axis=0) / len(rated) ** 0.5
    np.testing.assert_allclose(model.user_factors[7, :6], expected, rtol=1e-4, atol=1e-6)
