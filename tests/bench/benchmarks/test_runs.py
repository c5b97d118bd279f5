"""The order of a contest, with implementations that answer from a script."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.benchmarks import runs
from bench.benchmarks.problem import save_fold, tiny_fold
from bench.benchmarks.runs import run_benchmark, n_steps
from bench.benchmarks.tasks import Implementation, Task, tasks_of
from bench.benchmarks.worker import Measured, Memory, Order, Worker, WorkerError
from studies.record.peers import Contest

SECONDS = {"exact": 4.0, "quick": 1.0, "slow": 2.0}
#: The loss after each epoch; the exact solver's last one makes the target 10.01.
LOSSES = {"exact": [30.0, 20, 12, 10], "quick": [40.0, 30, 20, 12, 10, 9], "slow": [30.0, 25, 24, 23, 22, 21]}


class ScriptedWorker:
    """Takes so many seconds an epoch, and twice as many for the first."""

    calls: list[tuple[str, Order]] = []  # noqa: RUF012  # shared by all instances on purpose
    pauses: list[int] = []  # noqa: RUF012  # before which call each was
    failing: tuple[str, ...] = ()

    def __init__(self, task: Task, implementation: Implementation, fold: Path, threads: int) -> None:
        self.implementation = implementation

    def __enter__(self) -> ScriptedWorker:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def dismiss(self) -> None:
        return None

    def wait_until_ready(self) -> Memory:
        return Memory(100, 10)

    def measure(self, order: Order) -> Measured:
        name = self.implementation.name
        self.calls.append((name, order))
        if name in self.failing and not order.is_rehearsal:
            raise WorkerError("out of luck")
        values = LOSSES[name][: order.max_laps]
        if order.target is not None:
            values = values[: next((e for e, v in enumerate(values, 1) if v <= order.target), len(values))]
        n_laps = len(values) if order.is_rehearsal else order.max_laps
        laps = (2 * SECONDS[name], *[SECONDS[name]] * (n_laps - 1))
        return Measured(laps=laps, cpu_laps=laps, values=tuple(values) if order.is_rehearsal else (), quality=0.5)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[ScriptedWorker]:
    ScriptedWorker.calls, ScriptedWorker.pauses, ScriptedWorker.failing = [], [], ()
    monkeypatch.setattr(runs, "Worker", ScriptedWorker)
    monkeypatch.setattr(runs.time, "sleep", lambda seconds: ScriptedWorker.pauses.append(len(ScriptedWorker.calls)))
    return ScriptedWorker


def a_task() -> Task:
    implementations = (
        Implementation(name="quick", module="mfbench", adapter="none:at_all"),
        Implementation(name="exact", module="mfbench", adapter="none:at_all"),
        Implementation(name="slow", module="json", adapter="none:at_all"),
        Implementation(name="absent", module="no_such_library", adapter="none:at_all"),
    )
    return Task(
        name="ials-3",
        title="iALS, 3 factors",
        unit="an iteration",
        implementations=implementations,
        quality=lambda *_: 0.5,
        quality_name="MRR@100",
        watch=lambda *_: 0.0,
        watched_name="loss",
        max_epochs=6,
        exact=("exact", 4),
    )


def hold(n_runs: int = 3, should_stop: Any = lambda: False) -> tuple[Contest, list[str]]:
    steps: list[str] = []
    contest = run_benchmark(a_task(), "tiny", Path("fold"), 1, n_runs, on_step=steps.append, should_stop=should_stop)
    return contest, steps


def test_the_exact_solver_sets_the_target_that_the_others_run_for(scripted: type[ScriptedWorker]) -> None:
    contest, _ = hold()
    assert contest.target == pytest.approx(1.001 * 10)
    rehearsals = [(name, order.max_laps, order.target) for name, order in scripted.calls if order.is_rehearsal]
    assert rehearsals == [("exact", 4, None), ("quick", 6, contest.target), ("slow", 6, contest.target)]


def test_timed_runs_go_in_turns_and_each_round_begins_with_another(scripted: type[ScriptedWorker]) -> None:
    hold()
    timed = [name for name, order in scripted.calls if not order.is_rehearsal]
    assert timed == ["quick", "exact", "slow", "exact", "slow", "quick", "slow", "quick", "exact"]


def test_before_each_run_the_threads_of_the_one_before_are_given_time_to_sleep(scripted: type[ScriptedWorker]) -> None:
    hold()
    assert scripted.pauses == list(range(len(scripted.calls)))


@pytest.mark.usefixtures("scripted")
def test_times_and_ratios_are_those_of_the_script() -> None:
    contest, steps = hold()
    quick, exact, slow = contest.entries
    assert contest.ours is contest.first_of_ours is quick
    assert quick.seconds == (1, 1, 1)  # the first epoch, twice as long, is not among epochs 2 to 4
    assert quick.cpu_seconds == quick.seconds
    assert quick.target_seconds == (6, 6, 6)  # 2 + 4 * 1
    assert exact.target_seconds == (20, 20, 20)
    assert slow.target_seconds == ()
    assert contest.cpu_ratio(slow) == match_spread(2)
    assert (contest.ratio(slow), contest.target_ratio(slow)) == (match_spread(2), None)
    assert contest.target_ratio(exact) == match_spread(20 / 6)
    assert (quick.quality, quick.peak_bytes, quick.added_bytes) == (0.5, 100, 10)
    assert len(steps) == n_steps(a_task(), 3) == 3 * (1 + 3)


def match_spread(ratio: float) -> Any:
    return SimpleNamespaceEqual(median=ratio, low=ratio, high=ratio)


class SimpleNamespaceEqual(SimpleNamespace):
    """Equal to what has the same numbers."""

    def __eq__(self, other: object) -> bool:
        return all(getattr(other, name) == pytest.approx(value) for name, value in vars(self).items())


def test_a_contender_that_fails_is_out_with_its_error_and_the_others_go_on(scripted: type[ScriptedWorker]) -> None:
    scripted.failing = ("slow",)
    contest, _ = hold()
    assert [entry.problem for entry in contest.entries] == ["", "", "out of luck"]
    assert [len(entry.seconds) for entry in contest.entries] == [3, 3, 0]
    assert sum(name == "slow" for name, _ in scripted.calls) == 2


@pytest.mark.usefixtures("scripted")
def test_a_contest_that_is_stopped_ends_with_what_it_has() -> None:
    contest, _ = hold(should_stop=lambda: True)
    assert all(entry.seconds == () and entry.quality is None for entry in contest.entries)
    assert contest.ours is None


def test_a_process_that_dies_is_named_as_such(tmp_path: Path) -> None:
    save_fold(tmp_path / "fold.npz", tiny_fold())
    task = tasks_of(["ranks"])[0]
    with Worker(task, task.implementations[0], tmp_path / "fold.npz", threads=1) as worker:
        worker.wait_until_ready()
        worker._process.kill()
        with pytest.raises(WorkerError, match="killed, most likely for want of memory"):
            worker.measure(Order(max_laps=1))
    assert worker._process.exitcode == -signal.SIGKILL


def test_an_error_inside_a_process_is_its_own_words(tmp_path: Path) -> None:
    task = tasks_of(["ranks"])[0]
    with (
        Worker(task, task.implementations[0], tmp_path / "nowhere.npz", threads=1) as worker,
        pytest.raises(WorkerError, match=r"FileNotFoundError: .*nowhere"),
    ):
        worker.wait_until_ready()
