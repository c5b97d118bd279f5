"""What subclasses of RatingModel must do beyond the contract of factor models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import models.rating_cells
from models.rating_model import RatingModel
from models.testing import FactorModelContract, random_likes
from tests.models.textbook_rating_sgd import Textbook

RATED = random_likes(60, 40, weighted=True)  # user 3 and item 5 have no rating
TIMES = np.random.default_rng(0).integers(1_000_000, 5_000_000, RATED.nnz)
INVALID = (
    ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
    ({"n_epochs": 0}, "n_epochs must be at least 1, got 0"),
    ({"learning_rate": 0.0}, "learning_rate must be positive, got 0.0"),
    ({"init_scale": float("nan")}, "init_scale must be positive, got nan"),
    ({"decay": -1.0}, "decay must not be negative, got -1.0"),
    ({"reg": -1.0}, "reg must not be negative, got -1.0"),
)


def structured(*, noise: float = 0.1) -> tuple[sp.csr_array, sp.csr_array]:
    """Return ratings of 80 users for 60 items, made of biases and two factors: 40 % known, 40 % held out."""
    rng = np.random.default_rng(0)
    biases = rng.normal(0, 0.4, (80, 1)) + rng.normal(0, 0.4, 60)
    ratings = 3 + biases + rng.normal(0, 0.7, (80, 2)) @ rng.normal(0, 0.7, (2, 60)) + rng.normal(0, noise, (80, 60))
    place = rng.random(ratings.shape)
    return sp.csr_array(ratings * (place < 0.4)), sp.csr_array(ratings * (place > 0.6))


def rmse(model: RatingModel[Any], ratings: sp.csr_array) -> float:
    coo = ratings.tocoo()
    return float(np.sqrt(((model.predict(coo.row, coo.col) - coo.data) ** 2).mean()))


class RatingContract(FactorModelContract):
    """Inherit for a RatingModel; ``config`` has a few epochs and factors."""

    most_error = 0.55  #: largest RMSE on held-out ratings, relative to their standard deviation
    is_personal = False  # from likes without ratings it learns that all users like all items
    histories_equal_users = False

    def rated(self, **options: Any) -> RatingModel[Any]:
        model = self.model(self.config, **options).fit(RATED, timestamps=TIMES)
        assert isinstance(model, RatingModel)
        return model

    def test_epochs_equal_the_textbook_step_for_step(self) -> None:
        model = self.model(self.config)
        assert isinstance(model, RatingModel)
        fit = model.fit_epochs(RATED, timestamps=TIMES)
        model.timestamps = TIMES
        model._start(RATED)
        state = {name: array.copy() for name, array in model._state().items()}
        twin = Textbook(state, model.config, float(model.mean), has_biases=model._step().bias_rate > 0)
        next(fit)
        cells = model._cells(RATED, np.random.default_rng(0))
        has_implicit, has_time = "implicit" in state, len(cells.dev) > 0
        entries = zip(cells.users.tolist(), cells.items.tolist(), cells.ratings.tolist(), strict=True)
        for p, (u, i, r) in enumerate(entries):
            rated = RATED[[u]].indices.tolist() if has_implicit else []
            when = (float(cells.dev[p]), int(cells.bins[p])) if has_time else ()
            twin.step(u, i, r, rated, model.config.learning_rate, *when)
        k, found = model.config.n_factors, model._state()
        np.testing.assert_allclose(found["users"][:, :k], twin.p, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found["users"][:, k], twin.b_user + twin.mean, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found["items"][:, :k], twin.q, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found["items"][:, k + 1], twin.b_item, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found["items"][:, k + 2 :], twin.b_bin, rtol=1e-3, atol=1e-4)
        if has_implicit:
            np.testing.assert_allclose(found["implicit"], twin.y, rtol=1e-3, atol=1e-4)
        if has_time:
            np.testing.assert_allclose(found["drift"], np.column_stack([twin.d, twin.a]), rtol=1e-3, atol=1e-4)

    @pytest.mark.bits
    def test_factors_are_bit_equal_on_any_number_of_threads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(models.rating_cells, "ENOUGH_RATINGS", 50)
        one, two = (self.rated(threads=threads) for threads in (1, 2))
        assert (one.user_factors == two.user_factors).all()
        assert (one.item_factors == two.item_factors).all()

    def test_a_continued_fit_equals_an_uninterrupted_one(self) -> None:
        model = self.rated()
        both = model.config.n_epochs * 2
        whole = self.model(type(model.config)(**(vars(model.config) | {"n_epochs": both})))
        whole.fit(RATED, timestamps=TIMES)
        model.continue_fit(RATED, timestamps=TIMES)
        assert (model.user_factors == whole.user_factors).all()

    def test_predictions_are_scores_clipped_to_the_scale(self) -> None:
        model = self.rated()
        users, items = (index.ravel() for index in np.indices(RATED.shape))
        expected = np.clip(model.scores(np.arange(60)), RATED.data.min(), RATED.data.max())
        np.testing.assert_allclose(model.predict(users, items), expected.ravel(), rtol=1e-5)

    def test_users_and_items_without_ratings_have_zero_vectors(self) -> None:
        model = self.rated()
        k = model.config.n_factors
        assert (model.item_factors[5, :k] == 0).all()
        assert model.user_factors[3, k] == pytest.approx(float(RATED.data.mean()), rel=1e-5)

    def test_held_out_ratings_are_predicted(self) -> None:
        known, held_out = structured()
        model = self.model(self.model.config_type(n_factors=4, n_epochs=60, reg=0.02)).fit(known)
        assert isinstance(model, RatingModel)
        assert rmse(model, held_out) < self.most_error * held_out.data.std()

    def test_a_history_is_predicted_like_the_user_it_belongs_to(self) -> None:
        known, held_out = structured()
        model = self.model(self.model.config_type(n_factors=4, n_epochs=60, reg=0.02)).fit(known)
        users = np.arange(known.shape[0])
        far = np.abs(model.scores(known) - model.scores(users))[held_out.toarray() != 0]
        assert far.mean() < 0.35 * held_out.data.std()

    def test_a_learning_rate_that_is_too_high_gives_scores_that_are_not_finite(self) -> None:
        config = self.model.config_type(n_factors=4, n_epochs=20, learning_rate=50.0)
        assert not np.isfinite(self.model(config).fit(RATED).scores([0])).all()

    @pytest.mark.parametrize(
        ("timestamps", "message"),
        [
            (TIMES[1:], f"timestamps must be {RATED.nnz} whole numbers, one for each entry of train"),
            (TIMES / 2, f"timestamps must be {RATED.nnz} whole numbers, one for each entry of train"),
        ],
        ids=["too few", "fractions"],
    )
    def test_invalid_timestamps_are_refused(self, timestamps: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            self.new().fit(RATED, timestamps=timestamps)

    def test_timestamps_of_a_matrix_that_is_not_canonical_are_refused(self) -> None:
        with pytest.raises(
            ValueError, match="with timestamps, train must be a CSR matrix with sorted indices and no duplicates"
        ):
            self.new().fit(RATED.tocsc(), timestamps=TIMES)
