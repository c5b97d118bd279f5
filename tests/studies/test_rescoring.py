from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import pytest

from evaluation.interactions import Interactions
from evaluation.metrics import Metric
from evaluation.split import Split, SplitOptions, fresh_folds, split_likes
from studies.comparison.entrants import load_entrants
from studies.history import StudyHistory
from studies.search import SearchOptions, search
from studies.storage.opening import open_storage
from studies.storage.schema import FRESH_RANKS
from studies.trial import run_trial
from tests.studies import fragile
from tests.studies.test_search import Journal, load

pytestmark = pytest.mark.usefixtures("calm")


def fresh_attributes(options: SearchOptions) -> dict[str, Any]:
    return {name: value for name, value in load(options).user_attrs.items() if name.startswith(FRESH_RANKS.prefix)}


def test_the_best_five_are_scored_on_fresh_draws_and_the_mean_over_all_draws_names_the_winner(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    record = search("fragile", data, split, options).record()
    by_value = sorted(record.complete, key=lambda trial: -(trial.value or 0.0))
    assert {trial.number for trial in record.finalists} == {trial.number for trial in by_value[:5]}
    for trial in record.finalists:
        means = [each["mrr@100"].mean for each in (trial.metrics, trial.fresh, trial.overall)]
        assert means[2] == pytest.approx((means[0] + means[1]) / 2)
        assert means[0] != means[1]
    assert record.best is record.finalists[0]
    assert record.best.overall["mrr@100"].mean == max(trial.overall["mrr@100"].mean for trial in record.finalists)
    assert record.best_config["quality"] == record.best.params["quality"]


def test_a_winner_by_luck_loses_to_one_that_is_as_good_on_fresh_draws(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    searched = search("fragile", data, split, replace(options, rescore=0)).record()
    rescored = search("fragile", data, split, options).record()
    assert searched.finalists == ()
    assert searched.best is not None
    assert rescored.best is not None
    assert rescored.best.value is not None
    assert searched.best.value is not None
    lucky = next(trial for trial in rescored.finalists if trial.number == searched.best.number)
    assert rescored.best.overall["mrr@100"].mean > lucky.overall["mrr@100"].mean
    assert rescored.best.value < searched.best.value


def test_a_fresh_score_is_that_of_the_last_epoch_without_a_selection(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    best = search("fragile", data, split, options).record().best
    assert best is not None
    config = fragile.FragileConfig(quality=best.params["quality"], n_epochs=best.n_epochs or 0)
    expected = run_trial(fragile.SPEC, config, fresh_folds(data, split), Metric("mrr", 100), seed=0)
    assert expected.curve[-1] == pytest.approx(best.fresh["mrr@100"].mean)


def test_a_trial_is_scored_on_fresh_draws_once(
    data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(options, sampler="tpe")  # which finds few better trials later
    first = search("fragile", data, split, options).record()
    before, fits = fresh_attributes(options), fragile.Fragile.fits
    again = search("fragile", data, split, options).record()
    assert (again.best, fragile.Fragile.fits) == (first.best, fits)
    journal = Journal()
    search("fragile", data, split, replace(options, n_trials=30), observers=[journal])
    after = fresh_attributes(options)
    assert {name: after[name] for name in before} == before
    assert 0 < journal.rescored == len(after) - len(before) < 5


def test_a_search_in_two_parts_has_the_winner_of_an_uninterrupted_one(
    data: Interactions, split: Split, options: SearchOptions, tmp_path: Any
) -> None:
    search("fragile", data, split, options)
    parts = search("fragile", data, split, replace(options, n_trials=30)).record()
    whole = replace(options, n_trials=30, storage=f"sqlite:///{tmp_path}/whole.db")
    once = search("fragile", data, split, whole).record()
    assert [(t.number, t.fresh) for t in parts.finalists] == [(t.number, t.fresh) for t in once.finalists]


def test_until_all_finalists_are_scored_the_best_of_the_search_wins_and_the_next_run_goes_on(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    journal = Journal()
    journal.rescored = 0
    calls = {"n": 0}

    def stop_at_the_third_of_the_finalists() -> bool:
        calls["n"] += bool(journal.rescored)
        return calls["n"] > 2 * 2 * 4 + 1  # epochs of two finalists on two draws

    stopped = search(
        "fragile", data, split, options, observers=[journal], should_stop=stop_at_the_third_of_the_finalists
    ).record()
    assert 0 < len(fresh_attributes(options)) < 5
    assert (stopped.finalists, stopped.best) == ((), max(stopped.complete, key=lambda t: (t.value, -t.number)))
    whole = search("fragile", data, split, options).record()
    assert len(whole.finalists) == 5


def test_a_finalist_that_fails_keeps_its_error_and_cannot_win(
    data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = search("fragile", data, split, replace(options, rescore=0)).record().best
    assert searched is not None
    quality = searched.params["quality"]
    fate = fragile.Fragile._meet_fate

    def fails(self: fragile.Fragile) -> None:
        if self.config.quality == quality:
            raise MemoryError("no room")
        fate(self)

    monkeypatch.setattr(fragile.Fragile, "_meet_fate", fails)
    record = search("fragile", data, split, options).record()
    assert fresh_attributes(options)[f"{FRESH_RANKS.prefix}{searched.number}"] == {"error": "MemoryError: no room"}
    assert len(record.finalists) == 4
    assert record.best is record.finalists[0]
    assert record.best.number != searched.number


def test_a_split_by_time_has_no_fresh_draws_and_the_best_of_the_search_wins(
    data: Interactions, options: SearchOptions
) -> None:
    times = np.random.default_rng(0).integers(0, 99, data.n_likes)
    timed = Interactions.from_rows("toy", *data.matrix.nonzero(), timestamps=times)
    record = search("fragile", timed, split_likes(timed, SplitOptions(holdout="last")), options).record()
    assert record.finalists == ()
    assert record.best == max(record.complete, key=lambda t: (t.value, -t.number))


def test_a_comparison_takes_the_winner_and_its_score_over_all_draws(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    best = search("fragile", data, split, options).record().best
    assert best is not None
    entrant, *_ = load_entrants(open_storage(options.storage), ["fragile"], data, split, Metric("mrr", 100))
    assert entrant.config.quality == best.params["quality"]
    assert entrant.validation == best.overall
    assert entrant.value == best.overall["mrr@100"].mean


def test_a_record_read_from_the_storage_is_the_same(data: Interactions, split: Split, options: SearchOptions) -> None:
    record = search("fragile", data, split, options).record()
    assert StudyHistory(load(options)).record() == record


def test_a_study_of_one_trial_has_no_finalists(data: Interactions, split: Split, options: SearchOptions) -> None:
    record = search("popularity", data, split, options).record()
    assert record.finalists == ()
    assert record.best is not None
    assert optuna.load_study(study_name=options.study_name, storage=options.storage).best_trial.number == 0
