"""What every model must keep; a model's test inherits it, in this package or in a plug-in's.

class TestMine(ModelContract):
    model = Mine
    config = MineConfig(n_epochs=2)
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray

import models.base
from models.base import NotFittedError, Recommender, TopK
from models.popularity import Popularity
from models.random import Random
from tests.models.likes import checkerboard, random_likes

LIKES = random_likes()
N_USERS, N_ITEMS = LIKES.shape
USERS = np.arange(N_USERS)
NOBODY = 3  #: likes nothing
EAGER = 0  #: has only the last two items and item 5 left
NOTHING = sp.csr_array((1, N_ITEMS), dtype=np.float32)


class ModelContract:
    """Inherit, and set ``model``; a small ``config`` keeps the tests fast."""

    model: ClassVar[type[Recommender[Any]]]
    config: ClassVar[Any] = None
    is_personal: ClassVar[bool] = True  #: it learns from likes what the user's other likes are
    histories_equal_users: ClassVar[bool] = True  #: a user and the user's history get the same scores
    independent_of_threads: ClassVar[bool] = True
    invalid: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = ()  #: settings, and what their refusal says
    checkerboard_config: ClassVar[Any] = None  #: settings that learn a checkerboard of 40 x 40, where not ``config``

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

    def test_the_form_of_the_matrix_does_not_matter(self, fitted: Recommender[Any]) -> None:
        shuffled = LIKES.astype(np.float64)
        for row in range(N_USERS):  # every row backwards
            part = slice(shuffled.indptr[row], shuffled.indptr[row + 1])
            shuffled.indices[part] = shuffled.indices[part][::-1].copy()
        shuffled.has_sorted_indices = False
        other = self.new().fit(shuffled)
        assert_equal(other.recommend(USERS, 5), fitted.recommend(USERS, 5))
        assert_equal(self.new().fit(LIKES.tocoo()).recommend(USERS, 5), fitted.recommend(USERS, 5))

    def test_epochs_are_counted_and_the_model_is_usable_in_between(self, fitted: Recommender[Any]) -> None:
        model = self.new()
        counted = []
        for epoch in model.fit_epochs(LIKES):
            counted.append(epoch)
            assert model.recommend(USERS[:4], 3).items.shape == (4, 3)
        assert counted == list(range(1, self.n_epochs() + 1))
        assert_equal(model.recommend(USERS, 5), fitted.recommend(USERS, 5))

    def test_a_fit_goes_on_with_more_users_and_items(self, fitted: Recommender[Any]) -> None:
        model = self.new().fit(LIKES)
        grown = random_likes(N_USERS + 2, N_ITEMS + 3)
        assert list(model.continue_epochs(grown)) == list(range(1, self.n_epochs() + 1))
        assert np.isfinite(model.scores(np.arange(N_USERS + 2))).all()
        with pytest.raises(ValueError, match=r"less than the \(42, 28\) that .* was fitted on"):
            model.continue_fit(LIKES)
        with pytest.raises(NotFittedError):
            self.new().continue_fit(LIKES)

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

    def test_progress_is_shown_on_request(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.new().fit(LIKES)
        assert capsys.readouterr().err == ""
        self.new().fit(LIKES, progress=True)
        assert f"{self.n_epochs()}/{self.n_epochs()}" in capsys.readouterr().err

    def test_threads_do_not_change_the_scores(self) -> None:
        if not self.independent_of_threads:
            pytest.skip("the class says that its results depend on the number of threads")
        one, two = (self.new(threads=threads).fit(LIKES) for threads in (1, 2))
        assert (one.scores(USERS) == two.scores(USERS)).all()
        assert_equal(one.recommend(USERS, 5), two.recommend(USERS, 5))

    # lists

    def test_lists_are_the_unseen_items_in_stable_order_of_score(self, fitted: Recommender[Any]) -> None:
        assert_equal(fitted.recommend(USERS, N_ITEMS), sorted_scores(fitted.scores(USERS), LIKES))

    def test_seen_items_come_back_only_where_asked_for(self, fitted: Recommender[Any]) -> None:
        everything = fitted.recommend(USERS, N_ITEMS, seen="include")
        assert_equal(everything, sorted_scores(fitted.scores(USERS), None))
        seen = LIKES.toarray() > 0
        for user, items in enumerate(fitted.recommend(USERS, N_ITEMS).items):
            assert not seen[user, items[items >= 0]].any()

    def test_what_counts_as_seen_may_be_given(self, fitted: Recommender[Any]) -> None:
        seen = random_likes(seed=5)
        assert_equal(fitted.recommend(USERS, N_ITEMS, seen=seen), sorted_scores(fitted.scores(USERS), seen))
        with pytest.raises(ValueError, match=f"seen has {N_USERS} rows for 1 queries"):
            fitted.recommend([0], seen=seen)

    def test_a_list_longer_than_what_remains_ends_in_minus_one(self, fitted: Recommender[Any]) -> None:
        best = fitted.recommend(EAGER, 6)
        assert sorted(best.items[0, :3].tolist()) == [5, N_ITEMS - 2, N_ITEMS - 1]
        assert best.items[0, 3:].tolist() == [-1, -1, -1]
        assert best.scores[0, 3:].tolist() == [-np.inf] * 3
        longer = fitted.recommend(USERS, N_ITEMS + 5, seen="include")
        assert (longer.items[:, N_ITEMS:] == -1).all()

    def test_items_are_chosen_from_those_allowed(self, fitted: Recommender[Any]) -> None:
        allowed = [1, 4, 7, 24]
        items = fitted.recommend(USERS, 10, allowed=allowed).items
        assert set(np.unique(items)) <= {-1, *allowed}
        assert (fitted.recommend(USERS, 10, allowed=[]).items == -1).all()

    def test_excluded_items_are_never_chosen(self, fitted: Recommender[Any]) -> None:
        excluded = [1, 4, 7, 24]
        assert not np.isin(fitted.recommend(USERS, N_ITEMS, seen="include", excluded=excluded).items, excluded).any()
        both = fitted.recommend(USERS, 5, allowed=[1, 2], excluded=[1], seen="include").items
        assert both.tolist() == [[2, -1, -1, -1, -1]] * N_USERS

    def test_given_items_are_ranked_by_their_scores(self, fitted: Recommender[Any]) -> None:
        chosen = np.array([7, 0, 24, 5])
        ranked = fitted.rank_items(2, chosen)
        scores = fitted.scores([2])[0, chosen]
        order = np.argsort(-scores, kind="stable")
        assert ranked.items.tolist() == [chosen[order].tolist()]
        assert ranked.scores.tolist() == [scores[order].tolist()]

    def test_similar_items_leave_the_item_itself_out(self, fitted: Recommender[Any]) -> None:
        items = np.arange(N_ITEMS)
        similar = fitted.similar_items(items, N_ITEMS)
        assert similar.items.shape == (N_ITEMS, N_ITEMS)
        assert not (similar.items == items[:, None]).any()
        assert (similar.scores[:, :-1] >= similar.scores[:, 1:]).all()
        alone = fitted.similar_items(4, 3)
        assert alone.items.tolist() == similar.items[4:5, :3].tolist()
        np.testing.assert_allclose(alone.scores, similar.scores[4:5, :3], rtol=1e-5)

    def test_lists_do_not_depend_on_how_many_scores_are_held_at_a_time(
        self, fitted: Recommender[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = fitted.recommend(USERS, 5), fitted.similar_items(np.arange(N_ITEMS), 5)
        monkeypatch.setattr(models.base, "SCORES_AT_A_TIME", 3 * N_ITEMS)
        found = fitted.recommend(USERS, 5), fitted.similar_items(np.arange(N_ITEMS), 5)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one.scores, other.scores, rtol=1e-5)
            assert (one.items == other.items).mean() > 0.95  # BLAS rounds smaller blocks otherwise, which turns ties

    def test_types_are_those_promised(self, fitted: Recommender[Any]) -> None:
        best = fitted.recommend(USERS, 3)
        assert (best.items.dtype, best.scores.dtype, fitted.scores(USERS).dtype) == (np.int32, np.float32, np.float32)

    # queries

    def test_users_may_be_asked_for_by_their_histories(self, fitted: Recommender[Any]) -> None:
        assert fitted.scores(LIKES).shape == LIKES.shape
        if self.histories_equal_users:
            np.testing.assert_allclose(fitted.scores(LIKES), fitted.scores(USERS), rtol=1e-4, atol=1e-5)
        items = fitted.recommend(LIKES[[EAGER]], 5).items[0]
        assert sorted(items[:3].tolist()) == [5, N_ITEMS - 2, N_ITEMS - 1]

    def test_seen_items_are_left_out_of_unsorted_histories_too(self, fitted: Recommender[Any]) -> None:
        history = sp.csr_array((np.ones(4, np.float32), np.array([9, 2, 9, 1]), np.array([0, 4])), shape=(1, N_ITEMS))
        assert not np.isin(fitted.recommend(history, N_ITEMS).items, [9, 2, 1]).any()
        assert history.indices.tolist() == [9, 2, 9, 1]

    def test_users_and_histories_without_likes_get_a_full_list(self, fitted: Recommender[Any]) -> None:
        for query in (NOBODY, NOTHING):
            assert sorted(fitted.recommend(query, N_ITEMS).items[0].tolist()) == list(range(N_ITEMS))

    def test_one_user_is_asked_for_by_a_number_or_a_list(self, fitted: Recommender[Any]) -> None:
        assert_equal(fitted.recommend(2, 4), fitted.recommend([2], 4))
        assert fitted.recommend(2, 4).items.shape == (1, 4)

    def test_no_query_gives_no_list(self, fitted: Recommender[Any]) -> None:
        for nobody in ([], LIKES[:0]):
            assert fitted.recommend(nobody, 4).items.shape == (0, 4)
            assert fitted.scores(nobody).shape == (0, N_ITEMS)

    # refusals

    def test_a_model_that_is_not_fitted_says_so(self, tmp_path: Path) -> None:
        model = self.new()
        for ask in (
            lambda: model.scores([0]),
            lambda: model.recommend([0]),
            lambda: model.recommend(LIKES, 3),
            lambda: model.similar_items([0]),
            lambda: model.rank_items(0, [1]),
            lambda: model.save(tmp_path),
        ):
            with pytest.raises(NotFittedError, match="is not fitted; call fit"):
                ask()

    @pytest.mark.parametrize(
        ("users", "message"),
        [
            ([-1], f"users must be from 0 to {N_USERS - 1}, got -1 to -1"),
            ([0, N_USERS], f"users must be from 0 to {N_USERS - 1}, got 0 to {N_USERS}"),
            ([0.5], r"users must be whole numbers in one dimension, got shape \(1,\) of float64"),
            ([[0, 1]], r"users must be whole numbers in one dimension, got shape \(1, 2\) of int64"),
            ([True], r"users must be whole numbers in one dimension, got shape \(1,\) of bool"),
            (LIKES[:, :4], f"histories have 4 items, the model was fitted on {N_ITEMS}"),
        ],
        ids=["negative", "unknown", "fraction", "two dimensions", "mask", "histories of other items"],
    )
    def test_users_that_do_not_exist_are_refused(self, fitted: Recommender[Any], users: Any, message: str) -> None:
        for ask in (fitted.scores, fitted.recommend):
            with pytest.raises(ValueError, match=message):
                ask(users)

    def test_items_that_do_not_exist_are_refused(self, fitted: Recommender[Any]) -> None:
        message = f"must be from 0 to {N_ITEMS - 1}, got {N_ITEMS} to {N_ITEMS}"
        with pytest.raises(ValueError, match=f"items {message}"):
            fitted.similar_items([N_ITEMS])
        with pytest.raises(ValueError, match=f"items {message}"):
            fitted.rank_items(0, [N_ITEMS])
        with pytest.raises(ValueError, match=f"allowed {message}"):
            fitted.recommend([0], allowed=[N_ITEMS])
        with pytest.raises(ValueError, match=f"excluded {message}"):
            fitted.recommend([0], excluded=[N_ITEMS])

    def test_options_without_a_meaning_are_refused(self, fitted: Recommender[Any]) -> None:
        for k in (0, -1):
            with pytest.raises(ValueError, match=f"k must be at least 1, got {k}"):
                fitted.recommend([0], k)
            with pytest.raises(ValueError, match=f"k must be at least 1, got {k}"):
                fitted.similar_items([0], k)
        with pytest.raises(ValueError, match="seen must be 'exclude' or 'include', got 'no'"):
            fitted.recommend([0], seen="no")
        with pytest.raises(ValueError, match="measure must be"):
            fitted.similar_items([0], measure="manhattan")

    @pytest.mark.parametrize(
        ("train", "message"),
        [
            (np.ones((3, 3)), r"train must be a two-dimensional SciPy sparse matrix, got shape \(3, 3\) of float64"),
            (None, "train must be a two-dimensional SciPy sparse matrix, got NoneType"),
            (sp.csr_array((0, 4)), r"train must have at least one user and one item, got shape \(0, 4\)"),
            (sp.csr_array([[1.0, np.nan], [np.inf, 0]]), "weights of train must be finite; 2 are not"),
        ],
        ids=["dense", "nothing", "empty", "not finite"],
    )
    def test_training_data_of_another_kind_are_refused(self, train: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            self.new().fit(train)

    def test_settings_without_a_meaning_are_refused(self) -> None:
        for settings, message in self.invalid:
            with pytest.raises(ValueError, match=message):
                self.model.config_type(**settings)

    # config and disk

    def test_the_config_is_frozen_and_complete(self) -> None:
        assert self.model.config_type.__dataclass_params__.frozen
        assert all(hasattr(self.model.config_type(), field.name) for field in fields(self.model.config_type))

    def test_a_saved_model_comes_back_whole(self, fitted: Recommender[Any], tmp_path: Path) -> None:
        fitted.save(tmp_path / "model")
        loaded = self.model.load(tmp_path / "model")
        assert (loaded.config, loaded.seed) == (fitted.config, fitted.seed)
        assert (loaded.scores(USERS) == fitted.scores(USERS)).all()
        assert_equal(loaded.recommend(LIKES, 5), fitted.recommend(LIKES, 5))
        assert_equal(loaded.similar_items([1, 2], 5), fitted.similar_items([1, 2], 5))
        loaded.continue_fit(LIKES)

    def test_a_folder_of_another_model_is_refused(self, tmp_path: Path) -> None:
        other = Random if self.model is not Random else Popularity
        other().fit(LIKES).save(tmp_path)
        with pytest.raises(ValueError, match=f"holds a model '{other.name}' of format 1; expected '{self.model.name}'"):
            self.model.load(tmp_path)

    # learning

    def test_the_withheld_diagonal_of_a_checkerboard_comes_first(self) -> None:
        if not self.is_personal:
            pytest.skip("the class says that it does not learn whose likes go together")
        board = checkerboard()
        model = self.model(self.checkerboard_config or self.config).fit(board)
        users = np.arange(board.shape[0])
        assert model.recommend(users, 1).items[:, 0].tolist() == users.tolist()


def sorted_scores(scores: NDArray[np.float32], seen: sp.csr_array | None) -> TopK:
    """All items by NumPy's stable sort, seen ones turned to -1 at the end."""
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
