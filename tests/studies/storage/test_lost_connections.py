"""A PostgreSQL that restarts, or whose connections break at any commit, changes nothing of a study.

``STRIDE=1 python -m pytest tests/studies/storage/test_lost_connections.py`` breaks every commit instead of some.
"""

from __future__ import annotations

import inspect
import itertools
import os
import random
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.pruners import NopPruner
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from evaluation.interactions import Interactions
from evaluation.metrics import DEFAULT
from evaluation.split import Split
from studies import registry
from studies.execution.loop import Limits, run_trials
from studies.execution.objective import Ending, Objective
from studies.samplers.seeded import make_sampler
from studies.search import SearchOptions, search
from studies.storage.opening import create_or_resume, load_study, open_storage
from studies.storage.requeueing import fail_dead_trials, is_abandoned, queue_lost_trials
from studies.storage.retrying import OPERATIONS, RetryingStorage
from studies.storage.schema import AGAIN, COMMAND, OWNER
from studies.storage.settings import StudySettings, study_settings
from studies.trial import run_trial
from tests.proxy import Proxy
from tests.servers import PostgreSQL, find_postgresql, restartable_postgresql
from tests.studies import fragile

SPEC = fragile.CALM
STRIDE = int(os.environ.get("STRIDE", "6"))

pytestmark = pytest.mark.usefixtures("calm")


def outcome(study: optuna.Study) -> list[tuple[Any, ...]]:
    """All that a study has of its trials but times and processes."""
    trials = study.get_trials(deepcopy=False)
    return [
        (t.number, t.state, t.params, t.values, t.intermediate_values, sorted(t.user_attrs), AGAIN.read(t.user_attrs))
        for t in trials
    ]


@pytest.fixture
def settings(data: Interactions, split: Split) -> StudySettings:
    return study_settings(SPEC, SPEC.space, data, split, SearchOptions(study_name="lost"))


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    with Proxy(int(database.rpartition(":")[2].partition("/")[0])) as proxy:
        yield proxy


@pytest.fixture
def storage(database: str, proxy: Proxy) -> RetryingStorage:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return open_storage(re.sub(r":\d+/", f":{proxy.port}/", database))


class Life:
    """A study of which one trial is stopped and repeated, one pruned, one fails, and one is left by a process."""

    def __init__(self, storage: RetryingStorage, settings: StudySettings, split: Split) -> None:
        self.storage = storage
        self.settings = settings
        self.split = split

    def __call__(self, name: str) -> list[tuple[Any, ...]]:
        sampler = make_sampler("random", 0, SPEC.space)
        first = {"quality": 0.5}
        study = create_or_resume(self.storage, name, self.settings, sampler=sampler, pruner=NopPruner(), first=first)
        n_asked = itertools.count()
        limits = Limits(n_trials=4, timeout=None, max_failures=5)
        run = partial(run_trial, SPEC, folds=self.split.validation[:1], metric=DEFAULT, seed=0, threads=1)
        objective = Objective(SPEC, SPEC.space, run, None, lambda: next(n_asked) == 7)
        for _ in range(2):  # the first one is stopped within the second trial
            run_trials(study, objective, limits, lambda: False, lambda number: None)
        pruned, failed, left = study.ask(), study.ask(), study.ask()
        Ending(state=TrialState.PRUNED, attrs={}, last=(0.25, 3)).write(pruned)
        Ending.of_error(ArithmeticError("singular"), curve=[0.5], seconds=1.0).write(failed)
        left.suggest_float("quality", 0.0, 1.0)
        left.set_user_attr(OWNER.key, "elsewhere 1 1")
        self.storage.dead.add("elsewhere 1 1")
        fail_dead_trials(study)
        queue_lost_trials(study)
        study.set_user_attr("done", True)
        return outcome(optuna.load_study(study_name=name, storage=self.storage))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["question", "answer"])
def test_a_connection_that_breaks_at_a_commit_changes_nothing(
    storage: RetryingStorage, settings: StudySettings, split: Split, proxy: Proxy, part: Literal["question", "answer"]
) -> None:
    """Before the commit reaches the server, or after it took effect and before its answer came back."""
    live = Life(storage, settings, split)
    proxy.n_commits = 0
    undisturbed = live("undisturbed")
    states = [state for _, state, *_ in undisturbed]
    assert states.count(TrialState.COMPLETE) == 4
    assert states.count(TrialState.FAIL) == 3
    assert (states.count(TrialState.PRUNED), states.count(TrialState.WAITING)) == (1, 1)
    for number in range(part == "answer", proxy.n_commits, STRIDE):
        proxy.lose_commit(number, part=part)
        assert live(f"commit {number}") == undisturbed, f"commit {number} of {proxy.n_commits}"


def test_a_trial_that_cannot_be_told_from_others_is_not_created_twice(storage: RetryingStorage, proxy: Proxy) -> None:
    study = optuna.create_study(storage=storage, study_name="x")
    proxy.lose_commit(0, part="answer")
    with pytest.raises(StorageInternalError, match="it may be there or not"):
        study.enqueue_trial({"quality": 0.5})
    assert len(study.get_trials()) == 1


def test_every_operation_of_optunas_storage_is_repeated() -> None:
    """Of a later version of Optuna, too: an operation opens a session."""
    repeated = {*OPERATIONS, "_create_new_trial", "set_trial_state_values", "record_heartbeat"}
    opening = {
        name
        for name, method in inspect.getmembers(RDBStorage, inspect.isfunction)
        if "_create_scoped_session(" in inspect.getsource(method)
    }
    assert opening - repeated <= {"upgrade"}  # a command of Optuna's


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A PostgreSQL of these tests alone, for they restart it."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with restartable_postgresql(programs) as server:
        yield server


@contextmanager
def restarts(server: PostgreSQL, n: int, gap: float) -> Iterator[None]:
    """Meanwhile the server restarts ``n`` times, stopped in each way in turn and away for up to ``gap`` seconds."""
    moments = random.Random(0)
    ways: Sequence[Literal["fast", "immediate", "kill"]] = ("fast", "immediate", "kill")

    def restart() -> None:
        for how in itertools.islice(itertools.cycle(ways), n):
            time.sleep(moments.uniform(0.2, 0.8))
            server.stop(how)
            time.sleep(moments.uniform(0.0, gap))
            server.start()

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def finished(options: SearchOptions) -> list[tuple[dict[str, Any], float | None]]:
    """Parameters and values of the finished trials, whatever their order; no trial is left behind."""
    trials = load_study(open_storage(options.storage), options.study_name).get_trials()
    assert all(trial.state.is_finished() for trial in trials)
    there = [trial for trial in trials if not is_abandoned(trial)]
    return sorted(((trial.params, trial.value) for trial in there), key=lambda each: each[0]["quality"])


@pytest.fixture
def dawdling(options: SearchOptions, monkeypatch: pytest.MonkeyPatch) -> SearchOptions:
    monkeypatch.setattr(fragile, "SPEC", fragile.DAWDLING)
    monkeypatch.setitem(registry.MODELS, "dawdling", "tests.studies.fragile")
    return replace(options, rescore=0, sampler="random", n_trials=16)


@pytest.mark.servers
class TestAServerThatRestarts:
    @pytest.mark.slow
    def test_costs_a_serial_search_no_trial(
        self, data: Interactions, split: Split, dawdling: SearchOptions, server: PostgreSQL
    ) -> None:
        disturbed = replace(dawdling, storage=server.url, study_name="serial")
        with restarts(server, 3, gap=1.0):
            search("dawdling", data, split, disturbed)
        search("dawdling", data, split, dawdling)
        assert finished(disturbed) == finished(dawdling)

    @pytest.mark.slow
    def test_costs_workers_no_trial(
        self, data: Interactions, split: Split, dawdling: SearchOptions, server: PostgreSQL
    ) -> None:
        disturbed = replace(dawdling, storage=server.url, study_name="workers", workers=2, n_trials=60)
        with restarts(server, 12, gap=2.0):
            search("dawdling", data, split, disturbed)
        search("dawdling", data, split, replace(dawdling, n_trials=60))
        assert finished(disturbed) == finished(dawdling)
        trials = load_study(open_storage(server.url), "workers").get_trials()
        assert len({trial.user_attrs[OWNER.key] for trial in trials}) == 2
        assert len({trial.user_attrs[COMMAND.key] for trial in trials}) == 1

    def test_is_waited_for_by_who_opens_it(self, server: PostgreSQL, tmp_path: Path) -> None:
        """Where it has answered once, or where a command says that it is there."""
        with restarts(server, 1, gap=1.0):
            for _ in range(10):
                open_storage(server.url, command="1 1 1")
