"""What every model must do, as test classes to inherit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray

import models.base
from models.base import Recommender, TopK
from models.factor_model import FactorModel
from models.testing.likes import checkerboard, random_likes

__all__ = [
    "EMPTY_HISTORY",
    "HEAVY_USER",
    "LIKES",
    "N_ITEMS",
    "N_USERS",
    "UNSEEN_BY_HEAVY_USER",
    "USERS",
    "USER_WITHOUT_LIKES",
    "FactorModelContract",
    "ModelContract",
    "assert_equal",
    "assert_refused",
    "sorted_scores",
]

LIKES = random_likes()
N_USERS, N_ITEMS = LIKES.shape
USERS = np.arange(N_USERS)
USER_WITHOUT_LIKES = 3
HEAVY_USER = 0  #: likes all items except three
UNSEEN_BY_HEAVY_USER = [5, N_ITEMS - 2, N_ITEMS - 1]
EMPTY_HISTORY = sp.csr_array((1, N_ITEMS), dtype=np.float32)


class ModelContract:
    """Inherit and set ``model``; a ``config`` with few epochs keeps the tests fast.

    The tests fit ``model`` on ``LIKES``, 40 users by 25 items. They cover what a model itself implements; the checks of
    input that ``Recommender`` makes for all models are not repeated here.
    """

    model: ClassVar[type[Recommender[Any]]]
    config: ClassVar[Any] = None
    is_personal: ClassVar[bool] = True  #: the model learns from likes; False skips the checkerboard
    histories_equal_users: ClassVar[bool] = True  #: a user and the same user's history get the same scores
    independent_of_threads: ClassVar[bool] = True  #: scores are the same on any number of threads
    checkerboard_config: ClassVar[Any] = None  #: the config that learns the checkerboard, where ``config`` does not

    def new(self, *, seed: int = 0, threads: int | None = None) -> Recommender[Any]:
        return self.model(self.config, seed=seed, threads=threads)

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls) -> Recommender[Any]:
        return cls.model(cls.config).fit(LIKES)

    def n_epochs(self) -> int:
        return getattr(self.new().config, "n_epochs", 1)

    # fitting

    def test_the_same_seed_gives_the_same_lists(self, fitted: Recommender[Any]) -> None:
        assert_equal(self.new().fit(LIKES).recommend(USERS, 5), fitted.recommend(USERS, 5))

    def test_a_refit_equals_a_fresh_fit(self, fitted: Recommender[Any]) -> None:
        refitted = self.new().fit(random_likes(30, N_ITEMS + 3, seed=7)).fit(LIKES)
        assert_equal(refitted.recommend(USERS, 5), fitted.recommend(USERS, 5))

    def test_fit_leaves_its_input_unchanged(self) -> None:
        train = random_likes(weighted=True)
        before = train.copy()
        arrays = (train.data, train.indices, train.indptr)
        self.new().fit(train)
        assert all(now is then for now, then in zip((train.data, train.indices, train.indptr), arrays, strict=True))
        assert all(
            (now == then).all() for now, then in zip(arrays, (before.data, before.indices, before.indptr), strict=True)
        )

    def test_epochs_are_counted_and_the_model_is_usable_in_between(self, fitted: Recommender[Any]) -> None:
        model = self.new()
        counted = []
        for epoch in model.fit_epochs(LIKES):
            counted.append(epoch)
            assert model.recommend(USERS[:4], 3).items.shape == (4, 3)
        assert counted == list(range(1, self.n_epochs() + 1))
        assert_equal(model.recommend(USERS, 5), fitted.recommend(USERS, 5))

    def test_a_fit_continues_with_more_users_and_items(self) -> None:
        model = self.new().fit(LIKES)
        grown = random_likes(N_USERS + 2, N_ITEMS + 3)
        assert list(model.continue_epochs(grown)) == list(range(1, self.n_epochs() + 1))
        assert np.isfinite(model.scores(np.arange(N_USERS + 2))).all()

    def test_losses_are_kept_on_request(self) -> None:
        model = self.new().fit(LIKES)
        assert model.loss_history == []
        if type(model).loss is Recommender.loss:
            with pytest.raises(NotImplementedError, match=f"{model.name} has no loss"):
                model.fit(LIKES, losses=True)
            return
        model.fit(LIKES, losses=True)
        assert len(model.loss_history) == self.n_epochs()
        assert model.loss_history[-1] == model.loss()
        assert model.loss_history[-1] < model.loss_history[0]

    def test_threads_do_not_change_the_scores(self) -> None:
        if not self.independent_of_threads:
            pytest.skip("the results of this model depend on the number of threads")
        one, two = (self.new(threads=threads).fit(LIKES) for threads in (1, 2))
        assert (one.scores(USERS) == two.scores(USERS)).all()
        assert_equal(one.recommend(USERS, 5), two.recommend(USERS, 5))

    # lists

    def test_lists_are_sorted_by_score_and_hold_seen_items_only_on_request(self, fitted: Recommender[Any]) -> None:
        scores = fitted.scores(USERS)
        assert_equal(fitted.recommend(USERS, N_ITEMS), sorted_scores(scores, LIKES))
        assert_equal(fitted.recommend(USERS, N_ITEMS, seen="include"), sorted_scores(scores, None))

    def test_similar_items_exclude_the_item_itself(self, fitted: Recommender[Any]) -> None:
        items = np.arange(N_ITEMS)
        similar = fitted.similar_items(items, N_ITEMS)
        assert similar.items.shape == (N_ITEMS, N_ITEMS)
        assert not (similar.items == items[:, None]).any()
        assert (similar.scores[:, :-1] >= similar.scores[:, 1:]).all()
        single = fitted.similar_items(4, 3)
        assert single.items.tolist() == similar.items[4:5, :3].tolist()
        np.testing.assert_allclose(single.scores, similar.scores[4:5, :3], rtol=1e-5)

    def test_a_measure_of_similarity_that_does_not_exist_is_refused(self, fitted: Recommender[Any]) -> None:
        with pytest.raises(ValueError, match="measure must be"):
            fitted.similar_items([0], measure="manhattan")  # type: ignore[arg-type]  # wrong on purpose

    def test_lists_do_not_depend_on_how_many_scores_are_held_at_a_time(
        self, fitted: Recommender[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = fitted.recommend(USERS, 5), fitted.similar_items(np.arange(N_ITEMS), 5)
        monkeypatch.setattr(models.base, "SCORES_AT_A_TIME", 3 * N_ITEMS)
        found = fitted.recommend(USERS, 5), fitted.similar_items(np.arange(N_ITEMS), 5)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one.scores, other.scores, rtol=1e-5)
            assert (one.items == other.items).mean() > 0.95  # BLAS may round differently in smaller blocks

    def test_items_are_int32_and_scores_float32(self, fitted: Recommender[Any]) -> None:
        best = fitted.recommend(USERS, 3)
        assert best.items.dtype == np.dtype(np.int32)
        assert best.scores.dtype == fitted.scores(USERS).dtype == np.dtype(np.float32)

    # queries

    def test_a_query_may_be_a_history_instead_of_a_user_number(self, fitted: Recommender[Any]) -> None:
        assert fitted.scores(LIKES).shape == LIKES.shape
        if self.histories_equal_users:
            np.testing.assert_allclose(fitted.scores(LIKES), fitted.scores(USERS), rtol=1e-4, atol=1e-5)
        items = fitted.recommend(LIKES[[HEAVY_USER]], 5).items[0]
        assert sorted(items[:3].tolist()) == UNSEEN_BY_HEAVY_USER

    def test_users_and_histories_without_likes_get_a_full_list(self, fitted: Recommender[Any]) -> None:
        for query in (USER_WITHOUT_LIKES, EMPTY_HISTORY):
            assert sorted(fitted.recommend(query, N_ITEMS).items[0].tolist()) == list(range(N_ITEMS))

    def test_an_empty_query_gives_no_list(self, fitted: Recommender[Any]) -> None:
        queries: tuple[Any, ...] = ([], LIKES[:0])
        for empty in queries:
            assert fitted.recommend(empty, 4).items.shape == (0, 4)
            assert fitted.scores(empty).shape == (0, N_ITEMS)

    # config and disk

    def test_the_config_is_frozen(self) -> None:
        assert self.model.config_type.__dataclass_params__.frozen  # type: ignore[attr-defined]  # of every dataclass

    def test_a_loaded_model_equals_the_saved_one(self, fitted: Recommender[Any], tmp_path: Path) -> None:
        fitted.save(tmp_path / "model")
        loaded = self.model.load(tmp_path / "model")
        assert (loaded.config, loaded.seed) == (fitted.config, fitted.seed)
        assert (loaded.scores(USERS) == fitted.scores(USERS)).all()
        assert_equal(loaded.recommend(LIKES, 5), fitted.recommend(LIKES, 5))
        assert_equal(loaded.similar_items([1, 2], 5), fitted.similar_items([1, 2], 5))
        loaded.continue_fit(LIKES)

    # learning

    def test_the_held_out_diagonal_of_a_checkerboard_comes_first(self) -> None:
        if not self.is_personal:
            pytest.skip("this model does not learn which items are liked together")
        board = checkerboard()
        model = self.model(self.checkerboard_config or self.config).fit(board)
        users = np.arange(board.shape[0])
        assert model.recommend(users, 1).items[:, 0].tolist() == users.tolist()


class FactorModelContract(ModelContract):
    """Inherit for a subclass of ``FactorModel``."""

    def test_vectors_have_one_row_a_user_and_one_an_item(self, fitted: Recommender[Any]) -> None:
        assert isinstance(fitted, FactorModel)
        for factors, n in ((fitted.user_factors, N_USERS), (fitted.item_factors, N_ITEMS)):
            assert factors.shape[0] == n
            assert factors.dtype == np.float32
            assert np.isfinite(factors).all()
        folded = fitted.fold_in(LIKES[:5])
        assert folded.shape == (5, fitted.user_factors.shape[1])
        assert np.isfinite(fitted.fold_in(EMPTY_HISTORY)).all()


def assert_refused(config_type: type, *invalid: tuple[dict[str, Any], str]) -> None:
    """Assert that ``config_type`` raises a ValueError for each of the settings; the message matches the pattern."""
    for settings, message in invalid:
        with pytest.raises(ValueError, match=message):
            config_type(**settings)


def sorted_scores(scores: NDArray[np.float32], seen: sp.csr_array | None) -> TopK:
    """Return all items by NumPy's stable sort; those in ``seen`` become -1, at the end."""
    masked = scores.copy()
    if seen is not None:
        masked[seen.toarray() > 0] = -np.inf
    items = np.argsort(-masked, axis=1, kind="stable").astype(np.int32)
    values = np.take_along_axis(masked, items, axis=1)
    items[values == -np.inf] = -1
    return TopK(items, values)


def assert_equal(found: TopK, expected: TopK) -> None:
    np.testing.assert_array_equal(found.items, expected.items)
    np.testing.assert_array_equal(found.scores, expected.scores)
