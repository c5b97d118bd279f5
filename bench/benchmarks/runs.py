"""One contest: every implementation rehearses once, then they run in turns, so that a slow minute hits them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.benchmarks import MIN_EPOCHS
from bench.benchmarks.tasks import Implementation, Task
from bench.benchmarks.worker import Measured, Memory, Order, Worker, WorkerError
from studies.record.peers import Contest, Entry

__all__ = ["run_benchmark", "n_steps"]

LOSS_TOLERANCE = 0.001
METRIC_SHARE = 0.99  #: the very best of a noisy curve comes late by luck
PAUSE_SECONDS = 0.1  #: before a run: OpenBLAS's idle threads spin for tens of milliseconds, on the next one's cores
FIRST_TIMED, LAST_TIMED = 1, MIN_EPOCHS  #: epochs 2 to 4: the first has set-up in it, later ones may slow


@dataclass
class _Part:
    """A implementation's part in the contest, as far as it has come."""

    implementation: Implementation
    worker: Worker
    memory: Memory | None = None
    rehearsal: Measured | None = None
    target_epoch: int | None = None
    runs: list[Measured] = field(default_factory=list)
    problem: str = ""


def n_steps(task: Task, n_runs: int) -> int:
    """How often ``on_step`` will be called."""
    return len(_present(task)) * (n_runs + 1)


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
    """The contest on a fold that ``save_fold`` wrote; a implementation that fails is out of it, with its error."""
    with ExitStack() as stack:
        parts = [_Part(c, stack.enter_context(Worker(task, c, fold, threads))) for c in _present(task)]
        for part in parts:
            with _failing(part):
                part.memory = part.worker.wait_until_ready()
        target = _rehearse(task, parts, on_step, should_stop)
        for number in range(n_runs):
            for part in _rotated(parts, number):
                if not part.problem and not should_stop():
                    with _failing(part):
                        part.runs.append(_measured(part, Order(max_laps=_n_laps(task, part))))
                on_step(part.implementation.name)
        for part in parts:
            part.worker.dismiss()
    return Contest(
        data=data,
        task=task.name,
        title=task.title,
        unit=task.unit,
        threads=threads,
        watched=task.watched_name,
        target=target,
        target_rule=_target_rule(task),
        quality=task.quality_name,
        entries=tuple(_entry(task, part) for part in parts),
    )


def _present(task: Task) -> list[Implementation]:
    return [implementation for implementation in task.implementations if implementation.is_installed]


def _rehearse(
    task: Task, parts: Sequence[_Part], on_step: Callable[[str], None], should_stop: Callable[[], bool]
) -> float | None:
    """Run each once, looked at after each epoch: what the clocks will run for, and how good the results are."""
    target: float | None = None
    exact = task.exact[0] if task.exact else None
    for part in sorted(parts, key=lambda part: part.implementation.name != exact):
        if not part.problem and not should_stop():
            sets_target = task.exact is not None and part.implementation.name == exact
            max_laps = task.exact[1] if task.exact and sets_target else task.max_epochs
            with _failing(part):
                part.rehearsal = _measured(part, Order(max_laps=max_laps, is_rehearsal=True, target=target))
                if sets_target:
                    target = (1 + LOSS_TOLERANCE) * part.rehearsal.values[-1]
        on_step(part.implementation.name)
    if task.has_epochs and not task.exact:
        curves = [part.rehearsal.values for part in parts if part.rehearsal and not part.implementation.is_ours]
        target = METRIC_SHARE * max((max(curve) for curve in curves), default=float("inf"))
        target = None if target == float("inf") else target
    for part in parts:
        part.target_epoch = _first_epoch_there(part, target, lower=task.exact is not None)
    return target


def _measured(part: _Part, order: Order) -> Measured:
    time.sleep(PAUSE_SECONDS)
    return part.worker.measure(order)


def _first_epoch_there(part: _Part, target: float | None, *, lower: bool) -> int | None:
    if target is None or part.rehearsal is None:
        return None
    return next((e for e, v in enumerate(part.rehearsal.values, 1) if (v <= target if lower else v >= target)), None)


def _n_laps(task: Task, part: _Part) -> int:
    """Enough epochs for the target and for the time of one."""
    return max(MIN_EPOCHS, part.target_epoch or 0) if task.has_epochs else 1


def _rotated(parts: Sequence[_Part], number: int) -> Iterator[_Part]:
    """Another one begins each round, lest one always runs on what the same other one left in the caches."""
    for place in range(len(parts)):
        yield parts[(place + number) % len(parts)]


@contextmanager
def _failing(part: _Part) -> Iterator[None]:
    try:
        yield
    except WorkerError as error:
        part.problem = str(error)


def _entry(task: Task, part: _Part) -> Entry:
    runs, rehearsal, epoch = part.runs, part.rehearsal, part.target_epoch
    unit = slice(FIRST_TIMED, LAST_TIMED) if task.has_epochs else slice(None)
    return Entry(
        name=part.implementation.name,
        library=part.implementation.module,
        is_ours=part.implementation.is_ours,
        seconds=tuple(median(run.laps[unit]) for run in runs),
        cpu_seconds=tuple(median(run.cpu_laps[unit]) for run in runs),
        target_seconds=tuple(sum(run.laps[:epoch]) for run in runs) if epoch else (),
        lap_seconds=rehearsal.laps if rehearsal else (),
        values=rehearsal.values if rehearsal else (),
        quality=_quality(task, rehearsal) if rehearsal else None,
        peak_bytes=part.memory.peak_bytes if part.memory else None,
        added_bytes=part.memory.added_bytes if part.memory else None,
        problem=part.problem,
    )


def _quality(task: Task, rehearsal: Measured) -> float | None:
    """Of a metric that rises and falls, the best: where early stopping would end."""
    return max(rehearsal.values) if rehearsal.values and not task.exact else rehearsal.quality


def _target_rule(task: Task) -> str:
    if not task.has_epochs:
        return ""
    if task.exact:
        return f"within {LOSS_TOLERANCE:.1%} of the exact solver's loss after {task.exact[1]} iterations"
    return f"{METRIC_SHARE:.0%} of the best {task.watched_name} of a peer in {task.max_epochs} epochs"
