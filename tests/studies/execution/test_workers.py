"""Workers are processes: of this machine, and of a real Dask cluster, which is killed in part and joined late."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, TrialState

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies import registry
from studies.execution.workers import WorkersError
from studies.history import StudyHistory
from studies.options import InvalidSearchError
from studies.samplers.gaussian_process import N_DESIGN
from studies.search import SearchOptions, search
from studies.storage.opening import load_study, open_storage
from studies.storage.processes import is_alive, this_process
from studies.storage.requeueing import is_abandoned
from studies.storage.schema import ERROR, OWNER
from tests.servers import free_port
from tests.studies import fragile
from tests.studies.dask_cluster import Cluster


@pytest.fixture
def options(options: SearchOptions) -> SearchOptions:
    return replace(options, rescore=0)


@pytest.fixture(autouse=True)
def dawdling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragile, "SPEC", fragile.DAWDLING)
    monkeypatch.setitem(registry.MODELS, "dawdling", "tests.studies.fragile")


class Journal:
    """An observer that writes down which trials it is told of, and does something at one of them."""

    def __init__(self, at: int | None = None, act: Callable[[], object] = lambda: None) -> None:
        self.numbers: list[int] = []
        self.at = at
        self.act = act

    def search_started(self, history: StudyHistory) -> None: ...

    def rescoring(self, done: int, total: int) -> None: ...

    def trial_finished(self, history: StudyHistory, number: int) -> None:
        self.numbers.append(number)
        if len(self.numbers) == self.at:
            self.act()


def trials(options: SearchOptions) -> list[FrozenTrial]:
    return load_study(open_storage(options.storage), options.study_name).get_trials()


def owners(options: SearchOptions) -> Counter[str]:
    return Counter(trial.user_attrs[OWNER.key] for trial in trials(options) if trial.state.is_finished())


def assert_complete(options: SearchOptions, journal: Journal) -> None:
    """As many trials as were asked for, each finished once and told once."""
    there = [trial for trial in trials(options) if not is_abandoned(trial)]
    assert [trial.state for trial in there if trial.state is not TrialState.PRUNED] == [TrialState.COMPLETE] * (
        options.n_trials - sum(trial.state is TrialState.PRUNED for trial in there)
    )
    assert sorted(journal.numbers) == [trial.number for trial in there]
    assert len({tuple(trial.params.items()) for trial in there}) == options.n_trials


@pytest.mark.slow
class TestProcessesOfThisMachine:
    def test_share_the_trials_of_which_the_first_ones_are_those_of_a_serial_search(
        self, data: Interactions, split: Split, options: SearchOptions, tmp_path: Path
    ) -> None:
        journal = Journal()
        search("dawdling", data, split, replace(options, workers=2), observers=[journal])
        assert_complete(options, journal)
        assert len(owners(options)) == 2
        assert this_process() not in owners(options)
        assert not any(is_alive(owner) for owner in owners(options))
        alone = replace(options, storage=f"sqlite:///{tmp_path}/alone.db", n_trials=N_DESIGN)
        search("dawdling", data, split, alone)
        tried = [(trial.params, trial.value) for trial in trials(options)]
        assert tried[:N_DESIGN] == [(trial.params, trial.value) for trial in trials(alone)]

    def test_stop_at_the_end_of_an_epoch_and_go_on_another_time(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        journal = Journal()
        options = replace(options, workers=2)
        search("dawdling", data, split, options, observers=[journal], should_stop=lambda: len(journal.numbers) >= 3)
        left = Counter(trial.state for trial in trials(options))
        assert left[TrialState.RUNNING] == 0
        assert 3 <= len(journal.numbers) < options.n_trials
        queued = [t.system_attrs["fixed_params"] for t in trials(options) if t.state is TrialState.WAITING]
        search("dawdling", data, split, options, observers=[journal])
        assert_complete(options, journal)
        assert all(
            params in [trial.params for trial in trials(options) if not is_abandoned(trial)] for params in queued
        )

    def test_one_that_is_killed_in_the_middle_of_a_trial_costs_that_trial_nothing_but_time(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        options = replace(options, workers=2)
        lost: list[FrozenTrial] = []

        def kill_one() -> None:
            lost.append(kill_a_worker(options))

        journal = Journal(at=3, act=kill_one)
        search("dawdling", data, split, options, observers=[journal])
        assert_complete(options, journal)
        assert is_abandoned(trials(options)[lost[0].number])
        assert lost[0].params in [trial.params for trial in trials(options) if not is_abandoned(trial)]


@pytest.mark.slow
def test_a_configuration_of_which_three_workers_die_is_recorded_as_failed(
    data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fragile, "SPEC", fragile.DEADLY)
    monkeypatch.setitem(registry.MODELS, "deadly", "tests.studies.fragile")
    search("deadly", data, split, replace(options, workers=2, n_trials=5, sampler="random"))
    there = [trial for trial in trials(options) if not is_abandoned(trial)]
    assert [ERROR.read(trial.user_attrs) for trial in there if trial.params["quality"] > 0.9] == [
        "DeadlyTrialError: 3 workers died while they tried it; out of memory?"
    ]
    assert len(there) == 5


def kill_a_worker(options: SearchOptions) -> FrozenTrial:
    """kill -9 of whoever runs a trial that has its parameters; returns the trial."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for trial in trials(options):
            if trial.state is TrialState.RUNNING and trial.params:
                os.kill(int(trial.user_attrs[OWNER.key].split()[-2]), signal.SIGKILL)
                return trial
    pytest.fail("no trial is running")


@pytest.fixture
def shared(options: SearchOptions, database: str, cluster: Cluster) -> SearchOptions:
    return replace(options, storage=database, scheduler=cluster.url, n_trials=24)


@pytest.mark.slow
class TestACluster:
    def test_may_lose_a_worker_in_the_middle_of_a_trial_and_get_another_late(
        self, data: Interactions, split: Split, shared: SearchOptions, cluster: Cluster
    ) -> None:
        lost: list[FrozenTrial] = []

        def upheaval() -> None:
            lost.append(kill_a_worker(shared))
            cluster.add_worker()

        cluster.add_worker()
        cluster.add_worker()
        journal = Journal(at=3, act=upheaval)
        search("dawdling", data, split, shared, observers=[journal])
        assert_complete(shared, journal)
        assert is_abandoned(trials(shared)[lost[0].number])
        assert lost[0].params in [trial.params for trial in trials(shared) if not is_abandoned(trial)]

    def test_may_lose_all_its_workers(
        self, data: Interactions, split: Split, shared: SearchOptions, cluster: Cluster
    ) -> None:
        def upheaval() -> None:
            kill_a_worker(shared)
            cluster.add_worker()

        cluster.add_worker()
        journal = Journal(at=2, act=upheaval)
        options = replace(shared, n_trials=5)
        search("dawdling", data, split, options, observers=[journal])
        assert_complete(options, journal)
        assert len(owners(options)) == 2

    def test_may_lose_its_scheduler_which_ends_the_search_and_keeps_what_is_finished(
        self, data: Interactions, split: Split, shared: SearchOptions, cluster: Cluster
    ) -> None:
        cluster.add_worker()
        journal = Journal(at=2, act=cluster.scheduler.kill)
        with pytest.raises(WorkersError, match=r"The Dask scheduler is gone \(\w+\); every finished trial is kept"):
            search("dawdling", data, split, shared, observers=[journal])
        assert sum(trial.state is TrialState.COMPLETE for trial in trials(shared)) >= 2

    def test_whose_worker_lacks_mfbench_is_refused_in_a_line(
        self, data: Interactions, split: Split, shared: SearchOptions, cluster: Cluster
    ) -> None:
        cluster.add_worker(before="sys.modules['studies'] = None")
        with pytest.raises(WorkersError, match="cannot take part: mfbench does not load there ") as raised:
            search("dawdling", data, split, shared)
        assert "\n" not in str(raised.value)

    def test_whose_worker_has_other_versions_is_refused_in_a_line(
        self,
        data: Interactions,
        split: Split,
        shared: SearchOptions,
        cluster: Cluster,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from studies.environment import describe_environment

        ours = {**describe_environment(), "code": "0123456789ab"}
        monkeypatch.setattr("studies.execution.workers.describe_environment", lambda: ours)
        cluster.add_worker()
        with pytest.raises(WorkersError, match=r"it has other versions: code \w+ there, 0123456789ab here$") as raised:
            search("dawdling", data, split, shared)
        assert "\n" not in str(raised.value)

    def test_does_not_get_the_password_of_the_storage_into_its_log(
        self, data: Interactions, split: Split, shared: SearchOptions, cluster: Cluster, tmp_path: Path
    ) -> None:
        cluster.add_worker()
        secret = shared.storage.replace("mfbench@", "mfbench:hunter2@")
        search("dawdling", data, split, replace(shared, storage=secret, n_trials=2))
        assert "hunter2" not in repr(replace(shared, storage=secret))
        log = (tmp_path / "log").read_text()
        assert "Registered to" in log
        assert "hunter2" not in log


def test_a_scheduler_that_does_not_answer_is_one_line(
    data: Interactions, split: Split, options: SearchOptions, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studies.execution.workers.CONNECT_SECONDS", 1)
    nowhere = f"tcp://127.0.0.1:{free_port()}"
    options = replace(options, scheduler=nowhere, storage=database)
    with pytest.raises(WorkersError, match=f"No Dask scheduler answers at {nowhere} ") as raised:
        search("dawdling", data, split, options)
    assert "\n" not in str(raised.value)


def test_workers_elsewhere_cannot_share_a_file(options: SearchOptions) -> None:
    with pytest.raises(InvalidSearchError, match="cannot share the SQLite file of this machine; give a --storage"):
        replace(options, scheduler="tcp://host:8786")


def test_workers_are_of_this_machine_or_of_a_cluster(options: SearchOptions) -> None:
    with pytest.raises(InvalidSearchError, match="2 workers of this machine and those of tcp://host:8786: give one"):
        replace(options, workers=2, scheduler="tcp://host:8786")
