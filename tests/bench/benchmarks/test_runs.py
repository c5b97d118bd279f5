"""The order of the runs of a benchmark, with implementations that answer from a script."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.benchmarks import runs
from bench.benchmarks.problem import save_fold, tiny_fold
from bench.benchmarks.runs import n_steps, run_benchmark
from bench.benchmarks.tasks import Implementation, Task, tasks_of
from bench.benchmarks.worker import Memory, RunRequest, RunResult, Worker, WorkerError
from studies.record.peers import Contest

SECONDS = {"exact": 4.0, "quick": 1.0, "slow": 2.0}
#: The loss after each epoch; the exact solver's last one makes the target 10.01.
LOSSES = {"exact": [30.0, 20, 12, 10], "quick": [40.0, 30, 20, 12, 10, 9], "slow": [30.0, 25, 24, 23, 22, 21]}


class ScriptedWorker:
    """Takes SECONDS per epoch, and twice as many for the first."""

    calls: list[tuple[str, RunRequest]] = []  # noqa: RUF012  # shared by all instances on purpose
    pauses: list[int] = []  # noqa: RUF012  # the number of calls before each pause
    failing: tuple[str, ...] = ()

    def __init__(self, task: Task, implementation: Implementation, fold: Path, threads: int) -> None:
        self.implementation = implementation

    def __enter__(self) -> ScriptedWorker:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def close(self) -> None:
        return None

    def wait_until_ready(self) -> Memory:
        return Memory(100, 10)

    def measure(self, request: RunRequest) -> RunResult:
        name = self.implementation.name
        self.calls.append((name, request))
        if name in self.failing and not request.is_evaluated:
            raise WorkerError("out of luck")
        values = LOSSES[name][: request.max_laps]
        if request.target is not None:
            values = values[: next((e for e, v in enumerate(values, 1) if v <= request.target), len(values))]
        n_laps = len(values) if request.is_evaluated else request.max_laps
        laps = (2 * SECONDS[name], *[SECONDS[name]] * (n_laps - 1))
        return RunResult(laps=laps, cpu_laps=laps, values=tuple(values) if request.is_evaluated else (), quality=0.5)


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
        curve_measure=lambda *_: 0.0,
        curve_name="loss",
        max_epochs=6,
        exact=("exact", 4),
    )


def run(n_runs: int = 3, should_stop: Any = lambda: False) -> tuple[Contest, list[str]]:
    steps: list[str] = []
    contest = run_benchmark(a_task(), "tiny", Path("fold"), 1, n_runs, on_step=steps.append, should_stop=should_stop)
    return contest, steps


def test_the_exact_solver_sets_the_target_that_the_others_run_for(scripted: type[ScriptedWorker]) -> None:
    contest, _ = run()
    assert contest.target == pytest.approx(1.001 * 10)
    evaluated = [(name, request.max_laps, request.target) for name, request in scripted.calls if request.is_evaluated]
    assert evaluated == [("exact", 4, None), ("quick", 6, contest.target), ("slow", 6, contest.target)]


def test_timed_runs_alternate_and_each_round_starts_with_another_implementation(scripted: type[ScriptedWorker]) -> None:
    run()
    timed = [name for name, request in scripted.calls if not request.is_evaluated]
    assert timed == ["quick", "exact", "slow", "exact", "slow", "quick", "slow", "quick", "exact"]


def test_there_is_a_pause_before_each_run(scripted: type[ScriptedWorker]) -> None:
    run()
    assert scripted.pauses == list(range(len(scripted.calls)))


@pytest.mark.usefixtures("scripted")
def test_times_and_ratios_follow_from_the_script() -> None:
    contest, steps = run()
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
    """Equal to any object with approximately the same attributes."""

    def __eq__(self, other: object) -> bool:
        return all(getattr(other, name) == pytest.approx(value) for name, value in vars(self).items())


def test_a_failing_implementation_is_reported_and_the_others_go_on(scripted: type[ScriptedWorker]) -> None:
    scripted.failing = ("slow",)
    contest, _ = run()
    assert [entry.problem for entry in contest.entries] == ["", "", "out of luck"]
    assert [len(entry.seconds) for entry in contest.entries] == [3, 3, 0]
    assert sum(name == "slow" for name, _ in scripted.calls) == 2


@pytest.mark.usefixtures("scripted")
def test_a_stopped_benchmark_returns_the_results_so_far() -> None:
    contest, _ = run(should_stop=lambda: True)
    assert all(entry.seconds == () and entry.quality is None for entry in contest.entries)
    assert contest.ours is None


def test_a_killed_process_is_reported(tmp_path: Path) -> None:
    save_fold(tmp_path / "fold.npz", tiny_fold())
    task = tasks_of(["ranks"])[0]
    with Worker(task, task.implementations[0], tmp_path / "fold.npz", threads=1) as worker:
        worker.wait_until_ready()
        worker._process.kill()
        with pytest.raises(WorkerError, match="killed, most likely out of memory"):
            worker.measure(RunRequest(max_laps=1))
    assert worker._process.exitcode == -signal.SIGKILL


def test_an_error_inside_a_process_is_reported_with_its_text(tmp_path: Path) -> None:
    task = tasks_of(["ranks"])[0]
    with (
        Worker(task, task.implementations[0], tmp_path / "nowhere.npz", threads=1) as worker,
        pytest.raises(WorkerError, match=r"FileNotFoundError: .*nowhere"),
    ):
        worker.wait_until_ready()
