"""Runs one task on one data set with every implementation.

First each implementation has one run that is evaluated after every epoch. Then the timed runs alternate between the
implementations, so that a slow minute of the machine affects all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.benchmarks import MIN_EPOCHS
from bench.benchmarks.tasks import Implementation, Task
from bench.benchmarks.worker import Memory, RunRequest, RunResult, Worker, WorkerError
from studies.record.peers import Contest, Entry

__all__ = ["n_steps", "run_benchmark"]

LOSS_TOLERANCE = 0.001  #: relative; how close to the exact solver's loss the target is
METRIC_SHARE = 0.99  #: share of the best metric that is the target; the maximum of a noisy curve comes late by chance
PAUSE_SECONDS = 0.1  #: before each run, because idle OpenBLAS threads spin on the cores for tens of milliseconds
FIRST_TIMED, LAST_TIMED = 1, MIN_EPOCHS  #: epochs 2 to 4: the first includes set-up, later ones may be slower


@dataclass
class _Candidate:
    """One implementation, its process, and its results so far."""

    implementation: Implementation
    worker: Worker
    memory: Memory | None = None
    evaluated_run: RunResult | None = None
    target_epoch: int | None = None
    runs: list[RunResult] = field(default_factory=list)
    problem: str = ""


def n_steps(task: Task, n_runs: int) -> int:
    """Number of calls of ``on_step``."""
    return len(_installed(task)) * (n_runs + 1)


def run_benchmark(
    task: Task,
    data: str,
    fold: Path,
    threads: int,
    n_runs: int,
    *,
    on_step: Callable[[str], None],
    should_stop: Callable[[], bool],
) -> Contest:
    """Run ``task`` on a fold written by ``save_fold``; an implementation that fails is reported with its error."""
    with ExitStack() as stack:
        candidates = [
            _Candidate(one, stack.enter_context(Worker(task, one, fold, threads))) for one in _installed(task)
        ]
        for candidate in candidates:
            with _recording_failure(candidate):
                candidate.memory = candidate.worker.wait_until_ready()
        target = _evaluate_each(task, candidates, on_step, should_stop)
        for number in range(n_runs):
            for candidate in _rotated(candidates, number):
                if not candidate.problem and not should_stop():
                    with _recording_failure(candidate):
                        candidate.runs.append(_run_once(candidate, RunRequest(max_laps=_n_laps(task, candidate))))
                on_step(candidate.implementation.name)
        for candidate in candidates:
            candidate.worker.close()
    return Contest(
        data=data,
        task=task.name,
        title=task.title,
        unit=task.unit,
        threads=threads,
        watched=task.curve_name,
        target=target,
        target_rule=_target_rule(task),
        quality=task.quality_name,
        entries=tuple(_entry(task, candidate) for candidate in candidates),
    )


def _installed(task: Task) -> list[Implementation]:
    return [implementation for implementation in task.implementations if implementation.is_installed]


def _evaluate_each(
    task: Task, candidates: Sequence[_Candidate], on_step: Callable[[str], None], should_stop: Callable[[], bool]
) -> float | None:
    """Run each implementation once, evaluate it after every epoch, and return the target of the timed runs.

    The exact implementation, if any, comes first, because its final loss sets the target.
    """
    target: float | None = None
    exact = task.exact[0] if task.exact else None
    for candidate in sorted(candidates, key=lambda candidate: candidate.implementation.name != exact):
        if not candidate.problem and not should_stop():
            sets_target = task.exact is not None and candidate.implementation.name == exact
            max_laps = task.exact[1] if task.exact and sets_target else task.max_epochs
            with _recording_failure(candidate):
                request = RunRequest(max_laps=max_laps, is_evaluated=True, target=target)
                candidate.evaluated_run = _run_once(candidate, request)
                if sets_target:
                    target = (1 + LOSS_TOLERANCE) * candidate.evaluated_run.values[-1]
        on_step(candidate.implementation.name)
    if task.has_epochs and not task.exact:
        curves = [
            one.evaluated_run.values for one in candidates if one.evaluated_run and not one.implementation.is_ours
        ]
        target = METRIC_SHARE * max((max(curve) for curve in curves), default=float("inf"))
        target = None if target == float("inf") else target
    for candidate in candidates:
        candidate.target_epoch = _target_epoch(candidate, target, lower=task.exact is not None)
    return target


def _run_once(candidate: _Candidate, request: RunRequest) -> RunResult:
    time.sleep(PAUSE_SECONDS)
    return candidate.worker.measure(request)


def _target_epoch(candidate: _Candidate, target: float | None, *, lower: bool) -> int | None:
    if target is None or candidate.evaluated_run is None:
        return None
    curve = enumerate(candidate.evaluated_run.values, 1)
    return next((epoch for epoch, value in curve if (value <= target if lower else value >= target)), None)


def _n_laps(task: Task, candidate: _Candidate) -> int:
    """Epochs of a timed run: enough to reach the target and to time one epoch."""
    return max(MIN_EPOCHS, candidate.target_epoch or 0) if task.has_epochs else 1


def _rotated(candidates: Sequence[_Candidate], number: int) -> Iterator[_Candidate]:
    """Start each round with another implementation, so that the caches are not always left by the same one."""
    for i in range(len(candidates)):
        yield candidates[(i + number) % len(candidates)]


@contextmanager
def _recording_failure(candidate: _Candidate) -> Iterator[None]:
    try:
        yield
    except WorkerError as error:
        candidate.problem = str(error)


def _entry(task: Task, candidate: _Candidate) -> Entry:
    runs, evaluated_run, epoch = candidate.runs, candidate.evaluated_run, candidate.target_epoch
    unit = slice(FIRST_TIMED, LAST_TIMED) if task.has_epochs else slice(None)
    return Entry(
        name=candidate.implementation.name,
        library=candidate.implementation.module,
        is_ours=candidate.implementation.is_ours,
        seconds=tuple(median(run.laps[unit]) for run in runs),
        cpu_seconds=tuple(median(run.cpu_laps[unit]) for run in runs),
        target_seconds=tuple(sum(run.laps[:epoch]) for run in runs) if epoch else (),
        lap_seconds=evaluated_run.laps if evaluated_run else (),
        values=evaluated_run.values if evaluated_run else (),
        quality=_quality(task, evaluated_run) if evaluated_run else None,
        peak_bytes=candidate.memory.peak_bytes if candidate.memory else None,
        added_bytes=candidate.memory.added_bytes if candidate.memory else None,
        problem=candidate.problem,
    )


def _quality(task: Task, evaluated_run: RunResult) -> float | None:
    """The best value of the curve, where early stopping would end; for a loss, the quality of the final state."""
    return max(evaluated_run.values) if evaluated_run.values and not task.exact else evaluated_run.quality


def _target_rule(task: Task) -> str:
    if not task.has_epochs:
        return ""
    if task.exact:
        return f"within {LOSS_TOLERANCE:.1%} of the exact solver's loss after {task.exact[1]} iterations"
    return f"{METRIC_SHARE:.0%} of the best {task.curve_name} of a peer in {task.max_epochs} epochs"
