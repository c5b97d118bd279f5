"""One implementation in a process of its own: its memory is its own, and so are its libraries' thread pools."""

from __future__ import annotations

import multiprocessing
import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.benchmarks.problem import Problem, Run, load_fold, tiny_fold
from bench.benchmarks.process_memory import forget_peak, held_bytes, peak_bytes
from bench.benchmarks.stopwatch import RunCompleteError, Stopwatch
from bench.benchmarks.tasks import Implementation, Task, tasks_of

__all__ = ["Measured", "Memory", "Order", "Worker", "WorkerError"]

_FAREWELL_SECONDS = 5.0  #: for a process to end by itself; one that works on is not waited for
_WARM_UP_LAPS = 2
_BLAS_SETTINGS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerError(RuntimeError):
    """A implementation failed; the message says how."""


@dataclass(frozen=True)
class Memory:
    """The most that a process held, and what of it came on top of the libraries and the data."""

    peak_bytes: int
    added_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class Order:
    """One run: how many epochs at most, and whether they are looked at."""

    max_laps: int
    is_rehearsal: bool = False
    target: float | None = None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one run took, and of a rehearsal what it was worth."""

    laps: tuple[float, ...]
    cpu_laps: tuple[float, ...]
    values: tuple[float, ...] = ()
    quality: float | None = None


class Worker:
    """Starts the process, which warms up, first on a tiny problem and then on its own; ``measure`` has it run."""

    def __init__(self, task: Task, implementation: Implementation, fold: Path, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.implementation = implementation
        self._connection, theirs = context.Pipe()
        job = (task.name, implementation.name, fold, threads)
        self._process = context.Process(target=_serve, args=(theirs, *job), daemon=True)
        with _blas_threads(threads if implementation.blas_on_all_threads else 1):
            self._process.start()
        theirs.close()

    def wait_until_ready(self) -> Memory:
        """What the work takes; raises WorkerError where the implementation could not get ready."""
        memory: Memory = self._answer()
        return memory

    def measure(self, order: Order) -> Measured:
        try:
            self._connection.send(order)
        except OSError as error:
            raise self._ended() from error
        measured: Measured = self._answer()
        return measured

    def dismiss(self) -> None:
        """Let the process end, without waiting for it."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: TracebackType | None) -> None:
        self.dismiss()
        self._process.join(_FAREWELL_SECONDS)
        self._process.terminate()
        self._process.join()

    def _answer(self) -> Any:
        try:
            error, answer = self._connection.recv()
        except (EOFError, OSError):
            raise self._ended() from None
        if error:
            raise WorkerError(error)
        return answer

    def _ended(self) -> WorkerError:
        self._process.join()
        code = self._process.exitcode
        reason = "killed, most likely for want of memory" if code == -signal.SIGKILL else f"exit code {code}"
        return WorkerError(f"its process ended ({reason})")


@contextmanager
def _blas_threads(n: int) -> Iterator[None]:
    """What a process started meanwhile is told; BLAS reads it when it is loaded."""
    before = {name: os.environ.get(name) for name in _BLAS_SETTINGS}
    os.environ.update({name: str(n) for name in _BLAS_SETTINGS})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, task_name: str, contender_name: str, fold: Path, threads: int) -> None:
    """The process's own part: get ready, then answer one order after the other until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all of the terminal; who started us decides
    warnings.simplefilter("ignore")  # what libraries warn their own callers of
    try:
        task = next(task for task in tasks_of(()) if task.name == task_name)
        implementation = task.implementation(contender_name)
        problem = Problem(fold=load_fold(fold), threads=threads, n_factors=task.n_factors, k=task.k)
        _run(implementation.prepare(replace(problem, fold=tiny_fold())), Stopwatch(max_laps=_WARM_UP_LAPS))
        run, memory = _warmed_up(implementation, problem)
        connection.send(("", memory))
        while True:
            order: Order = connection.recv()
            connection.send(("", _measure(run, task, problem, order)))
    except EOFError:
        return
    except Exception as error:
        connection.send((f"{type(error).__name__}: {error}".partition("\n")[0], None))


def _warmed_up(implementation: Implementation, problem: Problem) -> tuple[Run, Memory]:
    """Preparation and the first run: nobody looks, so that the memory is the implementation's own."""
    before = held_bytes()
    run = implementation.prepare(problem)
    forget_peak()
    _run(run, Stopwatch(max_laps=_WARM_UP_LAPS))
    peak = peak_bytes()
    return run, Memory(peak, None if before is None else max(0, peak - before))


def _measure(run: Run, task: Task, problem: Problem, order: Order) -> Measured:
    look = task.watch if order.is_rehearsal else None
    watch = Stopwatch(
        max_laps=order.max_laps,
        look=(lambda state: look(problem, state)) if look else None,
        target=order.target,
    )
    _run(run, watch)
    quality = task.quality(problem, watch.state) if order.is_rehearsal else None
    return Measured(laps=tuple(watch.laps), cpu_laps=tuple(watch.cpu_laps), values=tuple(watch.values), quality=quality)


def _run(run: Run, watch: Stopwatch) -> None:
    """A run ends when the watch has enough; work without epochs ends by itself where more laps are allowed."""
    try:
        run(watch)
    except RunCompleteError:
        return
