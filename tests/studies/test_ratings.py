"""Rating models in studies: what they are trained on, which data they refuse, and that their errors are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evaluation.interactions import InvalidInteractionsError
from evaluation.metrics import DEFAULT
from evaluation.split import Fold, SplitOptions, split_likes
from models.biased_svd import BiasedSVD
from models.ials import IALS
from models.time_svdpp import TimeSVDpp
from studies.registry import load_spec
from studies.search import SearchOptions, search
from studies.training_data import check_suits, fit_on_all, need_ratings, suits
from studies.trial import run_trial
from tests.evaluation.test_withholding import rated

SPEC = load_spec("biased_svd")
CONFIG = SPEC.config({"n_factors": 4}, n_epochs=3)


def test_trials_of_rating_models_have_errors_and_others_have_none() -> None:
    folds = split_likes(rated(), SplitOptions(draws=2)).validation
    found = run_trial(SPEC, CONFIG, folds, DEFAULT, seed=0)
    assert set(found.errors) == {"rmse", "mae"}
    assert found.errors["mae"].mean < found.errors["rmse"].mean < 5
    ials = load_spec("ials")
    assert run_trial(ials, ials.config({}, n_epochs=1), folds, DEFAULT, seed=0).errors == {}


def test_errors_are_those_of_the_epoch_that_ranks_best() -> None:
    folds = split_likes(rated(), SplitOptions(draws=2)).validation
    found = run_trial(SPEC, SPEC.config({"n_factors": 4}, n_epochs=12), folds, DEFAULT, seed=0)
    assert found.n_epochs < len(found.curve)
    best = SPEC.config({"n_factors": 4}, n_epochs=found.n_epochs)
    assert run_trial(SPEC, best, folds, DEFAULT, seed=0).errors == found.errors


def test_the_model_is_trained_on_low_ratings_and_times_but_on_nothing_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    (fold,) = split_likes(rated(), SplitOptions(draws=1)).validation
    seen: list[Any] = []
    fit_epochs = BiasedSVD.fit_epochs

    def noted(self: BiasedSVD, train: Any, **options: Any) -> Any:
        seen.append((train, options["timestamps"]))
        return fit_epochs(self, train, **options)

    monkeypatch.setattr(BiasedSVD, "fit_epochs", noted)
    run_trial(SPEC, CONFIG, [fold], DEFAULT, seed=0)
    ((train, timestamps),) = seen
    assert fold.ratings is not None
    assert train is fold.ratings.train.matrix
    assert (timestamps == fold.ratings.train.timestamps).all()
    assert train.data.min() == 0


@pytest.mark.parametrize("protocol", ["warm", "fold-in"])
def test_a_search_keeps_the_errors_of_every_trial(options: SearchOptions, protocol: Any) -> None:
    data = rated()
    split = split_likes(data, SplitOptions(protocol=protocol, draws=1))
    record = search("funk_svd", data, split, replace(options, n_trials=2)).record()
    assert [trial.state for trial in record.trials] == ["complete"] * 2
    assert record.error_names == ("rmse", "mae")
    for trial in record.trials:
        assert trial.errors["rmse"].low < trial.errors["rmse"].mean < trial.errors["rmse"].high
    assert record.formulas["RMSE"].startswith("RMSE = sqrt(")


def test_data_that_do_not_suit_a_model_are_refused_before_the_search(options: SearchOptions) -> None:
    data = replace(rated(), ratings=None)
    with pytest.raises(InvalidInteractionsError, match="funk_svd learns from ratings, and toy has none; say which"):
        search("funk_svd", data, split_likes(data, SplitOptions()), options)


def test_each_model_says_whether_data_suit_it() -> None:
    data = rated()
    assert data.ratings is not None
    timeless = replace(data, ratings=replace(data.ratings, timestamps=None))
    assert need_ratings(["ials", "svdpp"])
    assert not need_ratings(["ials", "popularity"])
    assert suits(TimeSVDpp, data)
    assert suits(BiasedSVD, timeless)
    assert suits(IALS, replace(data, ratings=None))
    with pytest.raises(InvalidInteractionsError, match="time_svdpp learns from timestamps, and toy has none"):
        check_suits(TimeSVDpp, timeless)


def test_a_fit_on_all_data_is_on_all_ratings() -> None:
    data = rated()
    assert data.ratings is not None
    for model, expected in ((BiasedSVD(CONFIG), data.ratings.matrix), (IALS(), data.matrix)):
        train = fit_on_all(model, data).train
        assert train is not None
        assert train.data.tolist() == expected.data.tolist()


def test_rankings_of_rating_models_leave_out_only_liked_items() -> None:
    from studies.comparison.refit import recommend_lists

    fold: Fold = split_likes(rated(), SplitOptions()).test.open().of_ratings
    model = BiasedSVD(CONFIG).fit(fold.train)
    items = recommend_lists(model, fold).items
    liked, seen = fold.seen.toarray() > 0, fold.histories.toarray() > 0
    for row, listed in enumerate(items):
        shown = listed[listed >= 0]
        assert not liked[row, shown].any()
        assert set(shown) == set(np.flatnonzero(~liked[row]))
    assert (seen & ~liked).any()
