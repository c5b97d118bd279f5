from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.interactions import Interactions
from evaluation.metrics import InvalidMetricError, Metric
from evaluation.split import Split
from studies.comparison.entrants import load_entrants
from studies.history import StudyHistory
from studies.record.study import StudyRecord
from studies.search import SearchOptions, search
from studies.storage.opening import StudyMismatchError, open_storage
from studies.tracking.background import Tracker
from tests.studies.test_search import Journal, load
from tests.studies.tracking.test_mlflow_runs import Store

pytestmark = pytest.mark.usefixtures("calm")
MRR, RECALL = Metric("mrr", 100), Metric("recall", 10)


@pytest.fixture
def options(tmp_path: Path) -> SearchOptions:
    storage = f"sqlite:///{tmp_path}/studies.db"
    return SearchOptions(
        study_name="two", storage=storage, n_trials=20, threads=1, metric=MRR, second_metric=RECALL, rescore=0
    )


def pairs(record: StudyRecord) -> dict[int, tuple[float, float]]:
    return {t.number: (t.metrics[str(MRR)].mean, t.metrics[str(RECALL)].mean) for t in record.complete}


def test_the_front_holds_undominated_trials_and_the_best_in_the_first_metric_wins(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    record = search("fragile", data, split, options).record()
    found = {trial.number: tuple(trial.values) for trial in load(options).trials}
    on_front = {
        number
        for number, (a, b) in found.items()
        if not any(x >= a and y >= b and (x, y) != (a, b) for x, y in found.values())
    }
    assert set(record.front) == on_front
    assert len(on_front) > 1
    assert list(record.front) == sorted(record.front, key=lambda number: -found[number][0])
    assert record.best is not None
    assert record.best.number == record.front[0]
    assert record.best.value == max(first for first, _ in found.values())
    assert (record.metric, record.second_metric) == ("mrr@100", "recall@10")


def test_the_values_are_both_metrics_of_the_same_ranks_and_nothing_is_pruned(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    record = search("fragile", data, split, replace(options, n_trials=30)).record()
    assert {trial.state for trial in record.trials} == {"complete"}
    for trial in load(options).trials:
        assert trial.values == pytest.approx(list(pairs(record)[trial.number]))


def test_a_stopped_search_for_a_front_resumes_with_the_same_trials(
    data: Interactions, split: Split, options: SearchOptions, tmp_path: Path
) -> None:
    whole = replace(options, storage=f"sqlite:///{tmp_path}/whole.db")
    once = [(t.params, t.values) for t in search("fragile", data, split, whole).finished()]
    journal = Journal(stop_after=13)
    search("fragile", data, split, options, observers=[journal], should_stop=journal.should_stop)
    assert [(t.params, t.values) for t in search("fragile", data, split, options).finished()] == once


def test_only_trials_on_the_front_are_scored_again(data: Interactions, split: Split, options: SearchOptions) -> None:
    record = search("fragile", data, split, replace(options, rescore=2)).record()
    assert {trial.number for trial in record.finalists} == set(record.front[:2])
    assert record.best is not None
    assert record.best.number in record.front
    assert StudyHistory(load(options)).record() == record


def test_a_study_of_two_metrics_is_not_resumed_with_one(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    search("fragile", data, split, replace(options, n_trials=1))
    with pytest.raises(StudyMismatchError, match="second_metric is recall@10 there and None here"):
        search("fragile", data, split, replace(options, second_metric=None))


def test_a_repeated_configuration_is_one_member_of_the_front(
    data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    search("fragile", data, split, replace(options, n_trials=1))
    load(options).enqueue_trial({"quality": 0.5})
    record = search("fragile", data, split, replace(options, n_trials=2)).record()
    assert pairs(record)[0] == pairs(record)[1]
    assert record.front == (0,)


def test_a_comparison_takes_the_member_of_the_front_that_is_best_in_its_metric(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    best = search("fragile", data, split, options).record().best
    assert best is not None
    entrant, *_ = load_entrants(open_storage(options.storage), ["fragile"], data, split, MRR)
    assert entrant.config.quality == best.params["quality"]


def test_mlflow_gets_both_metrics(data: Interactions, split: Split, options: SearchOptions, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    tracker = Tracker(uri)
    record = search("fragile", data, split, replace(options, n_trials=3), observers=[tracker]).record()
    tracker.finish(record, [])
    assert tracker.problem is None
    store: Any = Store(uri)
    assert store.studies[0].data.params["second_metric"] == "recall@10"
    for number, (first, second) in pairs(record).items():
        logged = store.trials[number].data.metrics
        assert (logged["mrr_at_100"], logged["recall_at_10"]) == pytest.approx((first, second))


def test_the_same_metric_twice_is_refused(options: SearchOptions) -> None:
    with pytest.raises(InvalidMetricError, match="must differ, got mrr@100 twice"):
        replace(options, second_metric=MRR)
