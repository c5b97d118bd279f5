"""Runs all tasks on all data sets, for each number of threads."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.benchmarks.machine import describe_machine, load
from bench.benchmarks.problem import save_fold
from bench.benchmarks.runs import n_steps, run_benchmark
from bench.benchmarks.sets import BenchmarkData
from bench.benchmarks.tasks import INSTALLABLE, Task
from studies.record.peers import Contest, PeersRecord

__all__ = ["SessionOptions", "absent_libraries", "can_run", "run_session"]


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Tasks to run, numbers of threads, timed runs of each, and skipped libraries with their reasons."""

    tasks: Sequence[Task]
    threads: Sequence[int]
    n_runs: int
    skipped: Mapping[str, str]

    def n_steps(self, sets: Sequence[BenchmarkData]) -> int:
        """Number of calls of ``on_step``."""
        pairs = [(task, data) for data in sets for task in self.tasks if can_run(task, data)]
        return len(self.threads) * sum(n_steps(task, self.n_runs) for task, _ in pairs)


def absent_libraries(tasks: Sequence[Task]) -> dict[str, str]:
    """Map each distribution that the tasks need and that is not installed to the reason and the remedy."""
    modules = {one.module for task in tasks for one in task.implementations if not one.is_installed}
    return {INSTALLABLE[module]: "not installed; pip install 'mfbench[peers]'" for module in sorted(modules)}


def can_run(task: Task, data: BenchmarkData) -> bool:
    """Whether the data has the ratings or features that the task needs."""
    fold = data.fold
    has_features = fold.user_features is not None or fold.item_features is not None
    return (fold.ratings is not None or not task.needs_ratings) and (has_features or not task.needs_features)


def run_session(
    options: SessionOptions,
    sets: Sequence[BenchmarkData],
    *,
    command: str,
    on_step: Callable[[str], None],
    on_result: Callable[[Contest], None],
    should_stop: Callable[[], bool],
) -> PeersRecord:
    """Run all tasks; if ``should_stop`` returns true, return the results so far."""
    started, begin, load_before = datetime.now(UTC), time.perf_counter(), load()
    contests: list[Contest] = []
    with tempfile.TemporaryDirectory(prefix="mfbench-") as folder:
        for number, data in enumerate(sets):
            path = Path(folder) / f"{number}.npz"
            save_fold(path, data.fold)
            for task in (task for task in options.tasks if can_run(task, data)):
                for threads in options.threads:
                    if should_stop():
                        break
                    where = f"{data.about.label}, {task.title}: "
                    contest = run_benchmark(
                        task,
                        data.about.label,
                        path,
                        threads,
                        options.n_runs,
                        on_step=lambda name, where=where: on_step(where + name),  # type: ignore[misc]  # mypy cannot infer a lambda that binds
                        should_stop=should_stop,
                    )
                    contests.append(contest)
                    on_result(contest)
    return PeersRecord(
        command=command,
        started=started,
        seconds=time.perf_counter() - begin,
        n_runs=options.n_runs,
        sets=tuple(data.about for data in sets),
        contests=tuple(contests),
        skipped=options.skipped,
        environment=describe_machine(load_before, **{name: _version(name) for name in INSTALLABLE.values()}),
    )


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
