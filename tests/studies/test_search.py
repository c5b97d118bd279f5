from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution

from evaluation.interactions import Interactions
from evaluation.metrics import Metric
from evaluation.split import Split, SplitOptions, split_likes
from studies import registry
from studies.history import StudyHistory
from studies.search import SearchOptions, search
from studies.spec import Searched
from studies.storage.errors import StorageError
from studies.storage.opening import StudyMismatchError, load_study, open_storage
from tests.studies import fragile

ROOT = Path(__file__).resolve().parents[2]


class Journal:
    """An observer that records its calls, and may stop the search."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.numbers: list[int] = []
        self.stop_after = stop_after

    def search_started(self, history: StudyHistory) -> None:
        self.at_start = len(history.finished())

    def trial_finished(self, history: StudyHistory, number: int) -> None:
        self.numbers.append(number)

    def rescoring(self, done: int, total: int) -> None:
        self.rescored = total

    def should_stop(self) -> bool:
        return len(self.numbers) == self.stop_after


def tried(history: StudyHistory) -> list[tuple[dict[str, Any], float | None]]:
    return [(dict(trial.params), trial.value) for trial in history.finished()]


@pytest.mark.usefixtures("calm")
class TestACalmSearch:
    def test_the_defaults_come_first_and_the_trials_are_as_many_as_asked(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        record = search("fragile", data, split, options).record()
        assert len(record.trials) == 12
        assert record.trials[0].is_default
        assert record.trials[0].params == {"quality": 0.5}
        assert [trial.is_default for trial in record.trials[1:]] == [False] * 11

    def test_the_best_trial_is_the_one_with_the_highest_validation_metric(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        record = search("fragile", data, split, replace(options, rescore=0)).record()
        assert record.best is not None
        assert record.best.value == max(trial.value for trial in record.complete if trial.value is not None)
        assert record.best.metrics["mrr@100"].mean == pytest.approx(record.best.value)
        assert record.best_config == {"quality": record.best.params["quality"], "fate": "fine", "n_epochs": 4}

    def test_training_stops_early_and_the_best_epoch_is_kept(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        best = search("fragile", data, split, options).record().best
        assert best is not None
        assert best.n_epochs == 4  # where the fragile model is best
        assert len(best.curve) == 4 + fragile.SPEC.patience
        assert best.value == max(best.curve) == best.curve[3]

    def test_bad_curves_are_pruned_after_ten_trials(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        record = search("fragile", data, split, replace(options, n_trials=40)).record()
        pruned = [trial for trial in record.trials if trial.state == "pruned"]
        assert pruned
        assert min(trial.number for trial in pruned) >= 10
        assert all(trial.curve and not trial.metrics for trial in pruned)

    def test_the_same_seed_gives_the_same_trials_and_another_one_others(
        self, data: Interactions, split: Split, options: SearchOptions, tmp_path: Path
    ) -> None:
        again = replace(options, storage=f"sqlite:///{tmp_path}/again.db")
        other = replace(options, storage=f"sqlite:///{tmp_path}/other.db", seed=1)
        first = tried(search("fragile", data, split, options))
        assert first == tried(search("fragile", data, split, again))
        assert first[0][0] == tried(search("fragile", data, split, other))[0][0]
        assert first[1:] != tried(search("fragile", data, split, other))[1:]

    @pytest.mark.parametrize("stops", [(5,), (1, 11), (3, 4, 9)])
    def test_a_stopped_search_resumes_as_if_it_had_not_been_stopped(
        self, data: Interactions, split: Split, options: SearchOptions, tmp_path: Path, stops: tuple[int, ...]
    ) -> None:
        whole = tried(search("fragile", data, split, replace(options, storage=f"sqlite:///{tmp_path}/whole.db")))
        for stop in stops:
            journal = Journal()
            journal.stop_after = stop - (len(StudyHistory(load(options)).finished()) if stop != stops[0] else 0)
            history = search("fragile", data, split, options, observers=[journal], should_stop=journal.should_stop)
            assert len(history.finished()) == stop
        assert tried(search("fragile", data, split, options)) == whole

    def test_more_trials_are_topped_up_and_fewer_change_nothing(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        twelve = tried(search("fragile", data, split, options))
        journal = Journal()
        fifteen = tried(search("fragile", data, split, replace(options, n_trials=15), observers=[journal]))
        assert (fifteen[:12], len(fifteen), len(journal.numbers)) == (twelve, 15, 3)
        fewer = search("fragile", data, split, replace(options, n_trials=3))
        assert (tried(fewer), fewer.record().n_trials) == (fifteen, 15)

    @pytest.mark.bits
    def test_intervals_that_somebody_read_meanwhile_are_not_computed_again(
        self, data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Reader(Journal):
            def trial_finished(self, history: StudyHistory, number: int) -> None:
                history.trial_records([number])

        history = search("fragile", data, split, replace(options, rescore=0), observers=[Reader()])
        anew = StudyHistory(load_study(open_storage(options.storage), options.study_name)).trial_records(range(12))
        monkeypatch.setattr("studies.history.bootstrap_means", None)
        assert history.trial_records(range(12)) == anew

    def test_a_trial_that_takes_too_long_fails_and_the_next_one_starts(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        record = search("fragile", data, split, replace(options, trial_timeout=1e-9, n_trials=3)).record()
        assert [trial.state for trial in record.trials] == ["failed"] * 3
        assert {len(trial.curve) for trial in record.trials} == {1}
        message = re.compile(r"TrialTimeoutError: \S+ s gone by the end of epoch 1, of 1e-09 s allowed")
        assert all(message.fullmatch(trial.error or "") for trial in record.trials)

    def test_a_repeated_configuration_is_answered_from_the_storage(
        self, data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grid = {"quality": Searched(FloatDistribution(0.0, 1.0, step=0.25), "made up")}
        monkeypatch.setattr(fragile, "SPEC", replace(fragile.CALM, space=grid))
        fits_before = fragile.Fragile.fits
        record = search("fragile", data, split, replace(options, n_trials=20, rescore=0)).record()
        first = {}
        for trial in record.trials:
            of_its_kind = first.setdefault(trial.params["quality"], trial)
            assert trial.same_as == (None if trial is of_its_kind else of_its_kind.number)
            assert (trial.state, trial.value, trial.metrics, trial.curve) == (
                of_its_kind.state,
                of_its_kind.value,
                of_its_kind.metrics,
                of_its_kind.curve,
            )
        assert len(record.trials) == 20
        assert len(first) <= 5
        n_draws, n_warm_up = 2, 1
        assert fragile.Fragile.fits - fits_before == n_warm_up + n_draws * len(first)

    def test_timeout_starts_no_new_trial(self, data: Interactions, split: Split, options: SearchOptions) -> None:
        assert len(search("fragile", data, split, replace(options, timeout=1e-3)).finished()) == 1

    def test_settings_that_differ_from_the_stored_study_are_listed(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        search("fragile", data, split, replace(options, n_trials=1))
        elsewhere = replace(options, metric=Metric.parse("map@30"), seed=3)
        with pytest.raises(StudyMismatchError) as raised:
            search("fragile", data, split_likes(data, SplitOptions(draws=1)), elsewhere)
        message = str(raised.value)
        assert message.startswith("Study 'toy study' exists with other settings: ")
        for difference in (
            "metric is mrr@100 there and map@30 here",
            "seed is 0 there and 3 here",
            "split.n_draws is 2 there and 1 here",
        ):
            assert difference in message
        assert "\n" not in message

    def test_another_default_of_an_unsearched_hyperparameter_is_refused(
        self, data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A later version may have other defaults; its trials could not be compared with the stored ones."""
        search("fragile", data, split, replace(options, n_trials=1))
        monkeypatch.setattr(fragile.Fragile, "config_type", partial(fragile.FragileConfig, fate="nan"))
        with pytest.raises(StudyMismatchError, match=r"fixed\.fate is fine there and nan here"):
            search("fragile", data, split, options)

    def test_other_data_of_the_same_name_is_refused(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        search("fragile", data, split, replace(options, n_trials=1))
        less = Interactions.from_rows("toy", *data.matrix.nonzero())
        with pytest.raises(StudyMismatchError, match=r"data\.content_hash is \w+ there and \w+ here"):
            search("fragile", less, split_likes(less, SplitOptions(draws=2)), options)

    def test_a_study_resumes_with_the_same_data_under_another_name(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        search("fragile", data, split, replace(options, n_trials=1))
        history = search("fragile", replace(data, name="moved"), split, replace(options, n_trials=2))
        assert len(history.finished()) == 2


@pytest.mark.usefixtures("stormy")
class TestASearchWithFailures:
    def test_a_failed_trial_keeps_its_configuration_and_error_and_the_search_goes_on(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        record = search("fragile", data, split, options).record()
        assert len(record.trials) == 12
        by_fate = {fate: [t for t in record.trials if t.params["fate"] == fate] for fate in fragile.FATES[:3]}
        assert all(by_fate.values())
        assert {t.error for t in by_fate["raises"]} == {"ArithmeticError: the matrix </script> is singular"}
        message = "NonFiniteScoresError: fragile: NaN or infinity among the scores"
        assert all((t.error or "").startswith(message) for t in by_fate["nan"])
        assert {t.state for t in by_fate["raises"] + by_fate["nan"]} == {"failed"}
        assert "failed" not in {t.state for t in by_fate["fine"]}
        assert record.best is not None
        assert record.best.params["fate"] == "fine"

    def test_a_trial_that_the_user_interrupts_is_repeated_and_not_counted(
        self, data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fits_before = fragile.Fragile.fits
        stopped = search(
            "fragile", data, split, options, should_stop=lambda: fragile.Fragile.fits - fits_before == 1 + 2
        )  # after the warm-up: within the first trial
        unfinished = [t for t in load(options).trials if t.state is optuna.trial.TrialState.WAITING]
        assert len(unfinished) == 1
        assert len(stopped.finished()) < 12
        resumed = search("fragile", data, split, options)
        assert len(resumed.finished()) == 12
        assert unfinished[0].system_attrs["fixed_params"] in [trial.params for trial in resumed.finished()]

    def test_a_search_stops_after_max_failures_until_more_are_allowed(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        def search_again(**limits: int) -> list[str | None]:
            history = search("fragile", data, split, replace(options, sampler="random", **limits))
            return [history.error(trial.number) for trial in history.finished()]

        errors = search_again(max_failures=2)
        assert len(list(filter(None, errors))) == 2
        assert errors[-1] is not None
        assert len(errors) < 12
        assert search_again(max_failures=2) == errors
        assert len(search_again(max_failures=12)) == 12

    def test_a_trial_that_runs_out_of_memory_fails(
        self, data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        huge = 1 << 46
        monkeypatch.setattr(
            fragile.Fragile, "_meet_fate", lambda self: np.zeros(huge) if self.config.fate != "fine" else 0
        )
        record = search("fragile", data, split, options).record()
        assert {t.state for t in record.trials if t.params["fate"] == "fine"} <= {"complete", "pruned"}
        failed = [t for t in record.trials if t.state == "failed"]
        assert failed
        assert all("Unable to allocate" in (trial.error or "") for trial in failed)

    def test_a_study_without_completed_trials_has_a_record(
        self, data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fragile.Fragile, "_meet_fate", lambda self: 1 / 0)
        monkeypatch.setattr("studies.search.warm_up", lambda spec, threads: None)
        record = search("fragile", data, split, replace(options, n_trials=2)).record()
        assert (record.best, record.best_config, record.gains, record.importances) == (None, {}, (), {})
        assert [trial.error for trial in record.trials] == ["ZeroDivisionError: division by zero"] * 2


def test_a_killed_process_loses_no_finished_trial(tmp_path: Path) -> None:
    """kill -9 in the middle of a fit, in a child process."""
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
from evaluation.interactions import Interactions
from evaluation.split import SplitOptions, split_likes
from studies import registry
from studies.search import SearchOptions, search
from tests.studies import fragile
fragile.SPEC = fragile.CALM
registry.MODELS["fragile"] = "tests.studies.fragile"
data = Interactions.from_rows("toy", *np.nonzero(np.random.default_rng(0).random((50, 30)) < .3))
meet = fragile.Fragile._meet_fate
def fate(self):
    if fragile.Fragile.fits > 1 + 3 and {{kill}}:  # the warm-up's fit and three trials'
        object.__setattr__(self.config, "fate", "dies")
    meet(self)
fragile.Fragile._meet_fate = fate
history = search("fragile", data, split_likes(data, SplitOptions(draws=1)), SearchOptions(
    study_name="x", storage="sqlite:///{tmp_path}/x.db", n_trials=6))
print(len(history.finished()))
"""
    killed = subprocess.run([sys.executable, "-c", script.format(kill=True)], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    resumed = subprocess.run([sys.executable, "-c", script.format(kill=False)], capture_output=True, text=True)
    assert resumed.stdout == "6\n", resumed.stderr


def test_a_storage_that_fails_is_one_line_and_keeps_what_is_finished(
    data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    write = optuna.storages.RDBStorage.set_trial_state_values

    def disk_is_full_at_the_third(self: Any, trial_id: int, state: Any, values: Any = None) -> bool:
        if trial_id == 3 and state.is_finished():
            raise optuna.exceptions.StorageInternalError from OperationalError(
                "UPDATE", {}, Exception("database or disk is full")
            )
        return write(self, trial_id, state, values)

    with monkeypatch.context() as patch:
        patch.setattr(optuna.storages.RDBStorage, "set_trial_state_values", disk_is_full_at_the_third)
        with pytest.raises(
            StorageError, match=r"failed \(database or disk is full\); every finished trial is kept"
        ) as raised:
            search("item2item", data, split, options)
    assert "\n" not in str(raised.value)
    assert len(StudyHistory(load(options)).finished()) == 2
    assert len(search("item2item", data, split, replace(options, n_trials=4)).finished()) == 4


def load(options: SearchOptions) -> optuna.Study:
    return optuna.load_study(study_name=options.study_name, storage=options.storage)


def test_a_model_without_hyperparameters_has_one_trial(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    record = search("popularity", data, split, options).record()
    assert [trial.state for trial in record.trials] == ["complete"]
    assert record.best is not None
    assert record.best.metrics == record.floors["popularity"]


def test_gains_are_paired_differences_of_the_means(data: Interactions, split: Split, options: SearchOptions) -> None:
    record = search("item2item", data, split, replace(options, n_trials=4)).record()
    assert record.best is not None
    assert record.defaults is not None
    rivals = {"defaults": record.defaults.metrics, "popularity": record.floors["popularity"]}
    assert {gain.over for gain in record.gains} == set(rivals)
    for gain in record.gains:
        expected = record.best.metrics[gain.metric].mean - rivals[gain.over][gain.metric].mean
        assert gain.difference.mean == pytest.approx(expected)
        assert gain.difference.low <= gain.difference.mean <= gain.difference.high


def test_ranks_of_every_held_out_item_come_with_the_ids_of_users(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    history = search("item2item", data, split, replace(options, n_trials=2))
    rows = list(history.per_user_ranks())
    assert len(rows) == sum(fold.held_out.nnz for fold in split.validation)
    assert set(rows[0]) == {"draw", "user", "best", "defaults", "popularity"}
    assert {row["user"] for row in rows if row["draw"] == 0} == set(data.user_ids[split.validation[0].users].tolist())
    best = history.record().best
    assert best is not None
    assert np.mean([1 / row["best"] for row in rows]) == pytest.approx(best.metrics["mrr@100"].mean, abs=1e-3)


def test_the_search_never_opens_the_sealed_test(
    data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(split.test), "open", lambda self: pytest.fail("the test was opened"))
    assert search("item2item", data, split, replace(options, n_trials=2)).record().best is not None


def test_no_temporary_files_are_left_behind(
    data: Interactions, split: Split, options: SearchOptions, tmp_path: Path
) -> None:
    search("popularity", data, split, options)
    assert os.listdir(tmp_path) == ["studies.db"]


def test_registry_names_are_the_models_own() -> None:
    assert {name: registry.load_spec(name).model.name for name in registry.MODELS} == {n: n for n in registry.MODELS}


@pytest.mark.usefixtures("calm")
def test_importances_of_many_trials_are_those_of_a_sample(
    data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = search("fragile", data, split, replace(options, sampler="random", n_trials=24, rescore=0))
    monkeypatch.setattr("studies.history.MIN_TRIALS_FOR_IMPORTANCE", 4)
    whole = history.record().importances
    monkeypatch.setattr("studies.history.MOST_TRIALS_FOR_IMPORTANCE", 5)
    sample = history.record().importances
    assert whole.keys() == sample.keys() == {"quality"}
