from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.history import StudyHistory
from studies.record.study import StudyRecord
from studies.search import SearchOptions, search
from studies.storage.errors import StorageError
from studies.storage.locks import exclusive_lock
from studies.storage.opening import load_study, open_storage
from studies.tracking.background import SERVER_SECONDS, Tracker, copy_study
from studies.tracking.mlflow_runs import StudyRun
from tests.proxy import Mode, Proxy
from tests.studies.stored_runs import Store, assert_holds

pytestmark = pytest.mark.usefixtures("stormy")


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "toy.html"
    path.write_text("<p>a report")
    return path


def tracked(
    uri: str, data: Interactions, split: Split, options: SearchOptions, artifacts: list[Path]
) -> tuple[StudyRecord, Tracker]:
    tracker = Tracker(uri)
    record = search("fragile", data, split, options, command="the command", observers=[tracker]).record()
    tracker.finish(record, artifacts, timeout=120)
    return record, tracker


@pytest.mark.slow
def test_processes_that_copy_a_study_at_the_same_moment_leave_each_trial_once(
    data: Interactions, split: Split, options: SearchOptions, uri: str
) -> None:
    search("fragile", data, split, options)

    def copy(_: int) -> int:
        return copy_study(uri, StudyHistory(load_study(open_storage(options.storage), options.study_name)), [])

    with ThreadPoolExecutor(3) as pool:
        n_missing = sorted(pool.map(copy, range(3)))
    record = StudyHistory(load_study(open_storage(options.storage), options.study_name)).record()
    assert n_missing == [0, 0, len(record.trials)]
    assert_holds(Store(uri), record)


def test_a_study_is_a_run_with_a_child_run_for_each_trial(
    data: Interactions, split: Split, options: SearchOptions, uri: str, report: Path
) -> None:
    record, tracker = tracked(uri, data, split, options, [report])
    assert tracker.problem is None
    store = Store(uri)
    assert_holds(store, record)
    assert {trial.state for trial in record.trials} >= {"complete", "failed"}
    (study,) = store.studies
    assert record.best is not None
    assert study.info.run_name == "toy study"
    assert study.info.status == "FINISHED"
    assert study.data.metrics["mrr_at_100"] == record.best.metrics["mrr@100"].mean
    assert study.data.metrics["popularity_map_at_30"] == record.floors["popularity"]["map@30"].mean
    assert study.data.params["protocol"] == "warm"
    assert study.data.tags["data.hash"] == data.content_hash
    assert study.data.tags["split.test_hash"] == split.test.hash
    assert study.data.tags["command"] == "the command"
    assert study.data.metrics["fresh_mrr_at_100"] == record.best.fresh["mrr@100"].mean
    assert study.data.metrics["overall_mrr_at_100"] == record.best.overall["mrr@100"].mean
    again = {name: run.data.metrics for name, run in store.trials.items() if "fresh_mrr_at_100" in run.data.metrics}
    assert {name: each["fresh_mrr_at_100"] for name, each in again.items()} == {
        trial.number: trial.fresh["mrr@100"].mean for trial in record.finalists
    }
    assert study.data.tags["best.n_epochs"] == str(record.best.n_epochs)
    assert study.inputs.dataset_inputs[0].dataset.digest == data.content_hash[:16]
    assert [file.path for file in store.client.list_artifacts(study.info.run_id)] == ["toy.html"]


def test_a_resumed_study_adds_to_its_run_and_writes_nothing_twice(
    data: Interactions, split: Split, options: SearchOptions, uri: str
) -> None:
    tracked(uri, data, split, replace(options, n_trials=5), [])
    record, _ = tracked(uri, data, split, options, [])
    store = Store(uri)
    assert len(store.studies) == 1
    assert_holds(store, record)


def test_trials_that_a_dead_server_missed_are_written_later(
    data: Interactions, split: Split, options: SearchOptions, uri: str
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://user:secret@127.0.0.1:{closed.getsockname()[1]}"
        start = time.monotonic()
        record, tracker = tracked(nowhere, data, split, replace(options, n_trials=5), [])
    assert time.monotonic() - start < 30
    assert len(record.trials) == 5
    assert tracker.problem is not None
    assert "secret" not in tracker.problem
    assert "\n" not in tracker.problem
    record, tracker = tracked(uri, data, split, options, [])
    assert tracker.problem is None
    assert_holds(Store(uri), record)


def test_a_run_that_was_left_half_written_is_completed(
    data: Interactions, split: Split, options: SearchOptions, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    whole = MlflowClient.log_batch

    def breaks_at_the_third_trial(self: Any, run_id: str, *args: Any, **kwargs: Any) -> None:
        if self.get_run(run_id).data.tags.get("mfbench.trial") == "2":
            raise ConnectionError("the cable was cut")
        whole(self, run_id, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_batch", breaks_at_the_third_trial)
        _, tracker = tracked(uri, data, split, options, [])
    assert tracker.problem is not None
    assert tracker.problem.endswith("the cable was cut")
    record, tracker = tracked(uri, data, split, options, [])
    assert tracker.problem is None
    assert_holds(Store(uri), record)


def test_a_server_gets_the_same(
    data: Interactions,
    split: Split,
    options: SearchOptions,
    mlflow_url: str,
    report: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record, tracker = tracked(mlflow_url, replace(data, name="same"), split, replace(options, n_trials=3), [report])
    assert tracker.problem is None
    assert capsys.readouterr().out == ""
    assert_holds(Store(mlflow_url, "same"), record)


def test_a_study_is_copied_from_its_storage(data: Interactions, split: Split, options: SearchOptions, uri: str) -> None:
    """A study made without MLflow can be written to it later, from its storage alone."""
    search("fragile", data, split, options)
    history = StudyHistory(load_study(open_storage(options.storage), options.study_name))
    tracker = Tracker(uri)
    tracker.search_started(history)
    tracker.finish(history.record(), [], timeout=120)
    assert_holds(Store(uri), history.record())


class Outage:
    """An observer that breaks the connection to the server after one trial and restores it after another."""

    def __init__(self, proxy: Proxy, mode: Mode, begin: int = 2, end: int | None = None) -> None:
        self.proxy, self.mode, self.begin, self.end = proxy, mode, begin, end

    def search_started(self, history: StudyHistory) -> None: ...

    def rescoring(self, done: int, total: int) -> None: ...

    def trial_finished(self, history: StudyHistory, number: int) -> None:
        if number in (self.begin, self.end):
            self.proxy.mode = self.mode if number == self.begin else "pass"


@pytest.mark.parametrize("mode", ["refuse", "hang", "delay", "error"])
@pytest.mark.slow
def test_trials_that_a_failing_server_missed_are_written_once(
    data: Interactions, split: Split, options: SearchOptions, mlflow_url: str, report: Path, mode: Mode
) -> None:
    name = f"outage: {mode}"
    named = replace(data, name=name)
    with Proxy(int(mlflow_url.rpartition(":")[2]), seconds=2.0) as proxy:
        tracker = Tracker(f"http://127.0.0.1:{proxy.port}")
        history = search("fragile", named, split, options, observers=[Outage(proxy, mode), tracker])
        record = history.record()
        assert len(record.trials) == 12
        start = time.monotonic()
        tracker.finish(record, [report])
        assert time.monotonic() - start < SERVER_SECONDS + 10
        assert tracker.problem is not None
        assert "\n" not in tracker.problem
        proxy.mode = "pass"
        assert copy_study(tracker.uri, history, [report]) > 0
        assert copy_study(tracker.uri, history, [report]) == 0
    assert_holds(Store(mlflow_url, name), record)


def test_after_an_outage_during_the_study_nothing_is_missing_at_its_end(
    data: Interactions, split: Split, options: SearchOptions, mlflow_url: str, report: Path
) -> None:
    with Proxy(int(mlflow_url.rpartition(":")[2])) as proxy:
        tracker = Tracker(f"http://127.0.0.1:{proxy.port}")
        outage = Outage(proxy, "error", begin=0, end=10)
        record = search("fragile", replace(data, name="ends"), split, options, observers=[outage, tracker]).record()
        tracker.finish(record, [report], timeout=120)
    assert tracker.problem is None
    assert_holds(Store(mlflow_url, "ends"), record)


def test_two_commands_that_track_one_study_leave_each_trial_once(
    data: Interactions, split: Split, options: SearchOptions, uri: str
) -> None:
    """Neither command sees what the other is about to write."""
    named = replace(data, name="two")
    record = search("fragile", named, split, replace(options, n_trials=4)).record()
    runs = [StudyRun(uri), StudyRun(uri)]
    for run in runs:
        run.open(record)
    for run in runs:
        run.write_trials(record.trials)
    for run in runs:
        run.close(record, [])
    assert_holds(Store(uri, "two"), record)


def test_a_storage_that_fails_is_not_called_a_problem_of_mlflow(
    data: Interactions, split: Split, options: SearchOptions, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = search("fragile", data, split, options)
    record = history.record()

    @contextmanager
    def gone(url: str, *, waits_for_server: bool) -> Iterator[None]:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))
        yield

    monkeypatch.setattr("studies.history.exclusive_lock", gone)
    tracker = Tracker(uri)
    tracker.search_started(history)
    tracker.finish(record, [], timeout=120)
    assert tracker.problem is not None
    assert tracker.problem.startswith(f"The storage {options.storage} failed (")
    assert "connection refused" in tracker.problem
    assert uri not in tracker.problem
    with pytest.raises(StorageError, match="connection refused"):
        copy_study(uri, history, [])


DRAFT = f"mlflow.db.{'0a' * 16}.tmp"


def beside(uri: str) -> set[str]:
    return {path.name for path in Path(uri.removeprefix("sqlite:///")).parent.glob("mlflow*")}


@pytest.mark.parametrize("is_there", [False, True], ids=["no database", "a database"])
def test_what_a_killed_command_left_is_removed(uri: str, tmp_path: Path, is_there: bool) -> None:
    if is_there:
        StudyRun(uri)
    for name in (DRAFT, f"{DRAFT}-journal", "mlflow.db.of-a-user.tmp"):
        (tmp_path / name).write_text("half of it")
    StudyRun(uri)
    assert beside(uri) == {"mlflow.db", "mlflow.db.of-a-user.tmp"}


def test_what_a_command_is_making_is_not_removed(uri: str, tmp_path: Path) -> None:
    (tmp_path / DRAFT).write_text("half of it")
    with ThreadPoolExecutor(1) as pool:
        with exclusive_lock(uri):
            other = pool.submit(StudyRun, uri)
            time.sleep(1)
            assert beside(uri) == {DRAFT, "mlflow.db.lock"}
        other.result()
    assert beside(uri) == {"mlflow.db"}


def test_the_journal_of_a_removed_database_does_not_damage_the_next_one(uri: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "removed.db", isolation_level=None)) as connection:
        connection.executescript("CREATE TABLE texts (x); PRAGMA cache_size = 1; BEGIN;")
        connection.executemany("INSERT INTO texts VALUES (?)", [["x" * 3000]] * 50)
        (tmp_path / "mlflow.db-journal").write_bytes((tmp_path / "removed.db-journal").read_bytes())
    StudyRun(uri)
    assert beside(uri) == {"mlflow.db"}
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'texts'").fetchall() == []
