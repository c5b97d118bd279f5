"""What subclasses of PairwiseModel must do beyond the contract of factor models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from models.base import Recommender
from models.pairwise import PairwiseModel
from models.testing import FactorModelContract, checkerboard, random_likes
from models.testing.contract import HEAVY_USER

MANY = random_likes(120, 150)  # enough items for several blocks


class PairwiseContract(FactorModelContract):
    """Inherit for a PairwiseModel; ``config`` has few epochs."""

    histories_equal_users = False

    def fit(self, *, threads: int | None = None, **settings: Any) -> PairwiseModel[Any]:
        model = self.model(replace(self.config, **settings), threads=threads).fit(MANY)
        assert isinstance(model, PairwiseModel)
        return model

    @pytest.mark.bits
    def test_factors_are_bit_equal_on_any_number_of_threads(self) -> None:
        one, two = self.fit(threads=1), self.fit(threads=2)
        assert (one.user_factors == two.user_factors).all()
        assert (one.item_factors == two.item_factors).all()

    def test_a_continued_fit_equals_an_uninterrupted_one(self) -> None:
        at_once = self.fit(n_epochs=4)
        in_two = self.fit(n_epochs=2).continue_fit(MANY)
        assert (in_two.item_factors == at_once.item_factors).all()

    def test_the_loss_goes_down(self) -> None:
        model = self.model(replace(self.config, n_epochs=30))
        losses = [model.loss() for _ in model.fit_epochs(MANY)]
        assert losses[-1] < losses[0]

    def test_the_constant_column_of_users_does_not_change(self) -> None:
        assert (self.fit().user_factors[:, -1] == 1).all()

    def test_similarities_do_not_depend_on_biases(self) -> None:
        model = self.fit()
        before = model.similar_items([3], 5).items
        model.item_factors[:, -1] *= 100
        assert (model.similar_items([3], 5).items == before).all()

    @pytest.mark.bits
    def test_a_folded_in_vector_does_not_depend_on_the_other_histories(self) -> None:
        model = self.fit()
        alone, among = model.fold_in(MANY[[7]]), model.fold_in(MANY[:9])
        assert (alone[0] == among[7]).all()
        assert (model.fold_in(MANY[:9]) == among).all()

    def test_a_few_likes_suffice_for_a_cold_start_user(self) -> None:
        board = checkerboard()
        model = self.model(self.checkerboard_config or self.config).fit(board)
        likes_even = sp.csr_array((np.ones(4, np.float32), np.array([2, 8, 20, 30]), np.array([0, 4])), shape=(1, 40))
        assert (model.recommend(likes_even, 16).items % 2 == 0).all()

    def test_an_empty_history_is_ranked_by_the_biases(self) -> None:
        model = self.fit()
        order = model.recommend(MANY[[3]], 5).items[0]
        assert order.tolist() == np.argsort(-model.item_factors[:, -1], kind="stable")[:5].tolist()

    def test_three_unseen_items_suffice_as_negatives(self, fitted: Recommender[Any]) -> None:
        assert np.isfinite(fitted.scores([HEAVY_USER])).all()
