"""A fit that hangs costs a study its trial's time and a worker's restart, nothing else."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.execution import loop
from studies.execution.objective import AbandonedError, Ending
from studies.execution.timeouts import TrialTimeouts
from studies.execution.workers import WorkersError
from studies.history import StudyHistory
from studies.search import SearchOptions, search
from studies.storage.opening import load_study, open_storage
from studies.storage.processes import this_process
from studies.storage.requeueing import is_abandoned, queue_lost_trials
from studies.storage.retrying import exclusive_transaction
from studies.storage.schema import ERROR, OWNER, RESULT
from studies.tracking.background import Tracker
from tests.studies import fragile
from tests.studies.dask_cluster import Cluster
from tests.studies.stored_runs import Store, assert_holds

pytestmark = pytest.mark.slow

SAID = re.compile(r"TrialTimeoutError: \S+ s gone in the middle of a fit, of 1 s allowed")


class Told:
    """An observer that notes which trials it is told of."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def search_started(self, history: StudyHistory) -> None: ...

    def rescoring(self, done: int, total: int) -> None: ...

    def trial_finished(self, history: StudyHistory, number: int) -> None:
        self.numbers.append(number)


@pytest.fixture
def options(options: SearchOptions, monkeypatch: pytest.MonkeyPatch, calm: None) -> SearchOptions:
    monkeypatch.setattr(fragile, "SPEC", fragile.HANGING)
    monkeypatch.setattr("studies.execution.timeouts.GRACE_SECONDS", 0.5)
    # at random, since a sampler that learns would avoid fits that hang
    return replace(options, sampler="random", rescore=0, workers=2, trial_timeout=1, n_trials=6)


def trials(options: SearchOptions) -> list[FrozenTrial]:
    return load_study(open_storage(options.storage), options.study_name).get_trials()


def assert_all_ended_once(options: SearchOptions) -> None:
    """Those that hang failed with their configuration and error, the others completed, and none was queued again."""
    there = trials(options)
    assert len(there) == options.n_trials
    for trial in there:
        hangs = trial.params["fate"] != "fine"
        assert trial.state is (TrialState.FAIL if hangs else TrialState.COMPLETE)
        assert bool(SAID.fullmatch(trial.user_attrs.get(ERROR.key, ""))) is hangs
    assert {trial.params["fate"] for trial in there} >= {"fine", "hangs"}


class TestProcessesOfThisMachine:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_that_hang_are_restarted_and_their_trials_failed(
        self, data: Interactions, split: Split, options: SearchOptions, tmp_path: Path, workers: int
    ) -> None:
        options = replace(options, workers=workers)
        told, tracker = Told(), Tracker(f"sqlite:///{tmp_path}/mlflow.db")
        record = search("fragile", data, split, options, observers=[told, tracker]).record()
        tracker.finish(record, [], timeout=120)
        assert_all_ended_once(options)
        assert "hangs and holds Python" in {trial.params["fate"] for trial in trials(options)}
        assert sorted(told.numbers) == list(range(6))
        assert tracker.problem is None
        assert_holds(Store(tracker.uri), record)

    def test_start_no_trial_once_the_time_of_the_search_is_over(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        options = replace(options, timeout=1, n_trials=60, max_failures=60)
        search("fragile", data, split, options)
        assert 2 <= len(trials(options)) < 60
        assert not [trial for trial in trials(options) if not trial.state.is_finished()]

    def test_are_not_for_a_model_that_divides_its_fits_itself(
        self, data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fragile, "SPEC", fragile.CALM)
        monkeypatch.setattr(fragile.Fragile, "divides_itself", "--spark-master")
        search("fragile", data, split, replace(options, workers=1, trial_timeout=60))
        assert {trial.user_attrs[OWNER.key] for trial in trials(options)} == {this_process()}

    def test_that_hang_when_the_search_is_stopped_are_given_up_and_their_trials_tried_again(
        self, data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("studies.execution.workers.STOP_SECONDS", 1.0)
        patient = replace(options, trial_timeout=None)

        def both_hang() -> bool:
            running = [trial for trial in trials(options) if trial.state is TrialState.RUNNING]
            return [trial.params.get("fate", "fine") != "fine" for trial in running] == [True, True]

        search("fragile", data, split, patient, should_stop=both_hang)
        lost = [trial.params for trial in trials(options) if is_abandoned(trial)]
        assert len(lost) == 2
        again = [trial for trial in trials(options) if trial.state is TrialState.WAITING]
        assert [trial.system_attrs["fixed_params"] for trial in again] == lost


class TestACluster:
    @pytest.fixture
    def shared(self, options: SearchOptions, database: str, cluster: Cluster) -> SearchOptions:
        return replace(options, storage=database, scheduler=cluster.url, workers=1)

    def test_whose_worker_hangs_gets_a_new_one_from_its_nanny(
        self, data: Interactions, split: Split, shared: SearchOptions, cluster: Cluster
    ) -> None:
        cluster.add_worker(nanny="--nanny")
        options = replace(shared, n_trials=4)
        search("fragile", data, split, options)
        assert_all_ended_once(options)
        assert len({trial.user_attrs[OWNER.key] for trial in trials(options)}) > 1

    def test_whose_workers_hang_and_have_no_nanny_is_told_so_in_a_line(
        self,
        data: Interactions,
        split: Split,
        shared: SearchOptions,
        cluster: Cluster,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        cluster.add_worker()
        with pytest.raises(WorkersError, match=r"trial \d hangs in it, and it has no nanny") as raised:
            search("fragile", data, split, shared)
        assert "\n" not in str(raised.value)
        assert capsys.readouterr().err.count("hangs in it") == 1
        assert SAID.fullmatch(trials(shared)[-1].user_attrs[ERROR.key])


class TestATrialThatEndsJustAsItIsFailed:
    @pytest.fixture(params=["sqlite", "postgresql"])
    def url(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        database: str = request.getfixturevalue("database") if request.param == "postgresql" else ""
        return database or f"sqlite:///{tmp_path}/studies.db"

    @staticmethod
    def opened(url: str) -> optuna.Study:
        """As another process sees it."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        return optuna.create_study(storage=open_storage(url), study_name="x", load_if_exists=True)

    @staticmethod
    def completed(trial: Trial) -> Ending:
        return Ending(state=TrialState.COMPLETE, attrs={RESULT.key: "whole"}, values=[1.0])

    @staticmethod
    def late(study: optuna.Study) -> TrialTimeouts:
        """Sees every trial for the second time, far too late."""
        overtime = TrialTimeouts(study, -1e9)
        overtime.fail(())
        return overtime

    def test_has_one_of_the_two_endings_and_it_is_whole(self, url: str) -> None:
        worker, driver = self.opened(url), self.opened(url)
        overtime, together = self.late(driver), Barrier(2)

        def end(trial: Trial) -> bool:
            together.wait(60)
            try:
                self.completed(trial).write(trial)
            except UpdateFinishedTrialError:
                return False
            return True

        def fail() -> bool:
            together.wait(60)
            return bool(overtime.fail({this_process()}))

        with ThreadPoolExecutor(2) as pool:
            for _ in range(25):
                trial = worker.ask()
                ended, failed = pool.submit(end, trial), pool.submit(fail)
                assert ended.result(60) is not failed.result(60)
                after = self.opened(url).trials[trial.number]
                assert after.state is (TrialState.COMPLETE if ended.result() else TrialState.FAIL)
                assert (after.user_attrs[RESULT.key] == "whole") is ended.result()
                assert (ERROR.is_in(after.user_attrs)) is failed.result()

    def test_waits_for_the_other_to_write_and_then_writes_nothing(self, url: str) -> None:
        worker, driver = self.opened(url), self.opened(url)
        trial = worker.ask()
        with ThreadPoolExecutor(1) as pool:
            with exclusive_transaction(trial):
                trial.set_user_attr(RESULT.key, "whole")
                failing = pool.submit(self.late(driver).fail, {this_process()})
                with pytest.raises(TimeoutError):
                    failing.result(0.3)
                worker.tell(trial, 1.0)
            assert failing.result(60) == {}
        (after,) = self.opened(url).trials
        assert (after.state, after.user_attrs[RESULT.key], ERROR.is_in(after.user_attrs)) == (
            TrialState.COMPLETE,
            "whole",
            False,
        )

    @pytest.mark.parametrize("end", ["completes", "is stopped"])
    def test_is_not_queued_again_where_its_own_process_comes_second(self, url: str, end: str) -> None:
        worker, driver = self.opened(url), self.opened(url)

        def objective(trial: Trial) -> Ending:
            trial.suggest_float("x", 0, 1)
            assert self.late(driver).fail({this_process()}) == {this_process(): 0}
            if end == "is stopped":
                raise AbandonedError
            return self.completed(trial)

        def run() -> Any:
            return loop._run(worker, objective, worker.ask())

        if end == "is stopped":
            with pytest.raises(AbandonedError):
                run()
        else:
            assert run() is False
        queue_lost_trials(worker)
        (after,) = self.opened(url).trials
        assert (after.state, after.values) == (TrialState.FAIL, None)
        assert after.user_attrs[RESULT.key]["curve"] == []
        assert after.params.keys() == {"x"}
