"""Runs one implementation in a process of its own, with its own memory and thread pools."""

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

__all__ = ["Memory", "RunRequest", "RunResult", "Worker", "WorkerError"]

_EXIT_SECONDS = 5.0  #: for a process to exit by itself before it is terminated
_WARM_UP_LAPS = 2
_BLAS_SETTINGS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerError(RuntimeError):
    """A implementation failed; the message says how."""


@dataclass(frozen=True)
class Memory:
    """Peak memory of a process, and the part of it beyond the libraries and the data."""

    peak_bytes: int
    added_bytes: int


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A run of at most ``max_laps`` epochs; if ``is_evaluated``, with an evaluation after every epoch."""

    max_laps: int
    is_evaluated: bool = False
    target: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Times of one run; values and quality only if it was evaluated."""

    laps: tuple[float, ...]
    cpu_laps: tuple[float, ...]
    values: tuple[float, ...] = ()
    quality: float | None = None


class Worker:
    """Process of one implementation; it warms up on a tiny problem and then on the real one."""

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
        """Return the memory of the warm-up run; raises WorkerError if the implementation fails."""
        memory: Memory = self._answer()
        return memory

    def measure(self, request: RunRequest) -> RunResult:
        """Run once; raises WorkerError if the implementation fails."""
        try:
            self._connection.send(request)
        except OSError as error:
            raise self._ended() from error
        measured: RunResult = self._answer()
        return measured

    def close(self) -> None:
        """Tell the process to exit, without waiting for it."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: TracebackType | None) -> None:
        self.close()
        self._process.join(_EXIT_SECONDS)
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
        reason = "killed, most likely out of memory" if code == -signal.SIGKILL else f"exit code {code}"
        return WorkerError(f"its process ended ({reason})")


@contextmanager
def _blas_threads(n: int) -> Iterator[None]:
    """Set the number of BLAS threads of processes started in this context; BLAS reads it when it is loaded."""
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


def _serve(connection: Connection, task_name: str, implementation_name: str, fold: Path, threads: int) -> None:
    """Main function of the process: warm up, then answer requests until the connection is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of the terminal; the parent decides
    warnings.simplefilter("ignore")  # warnings of the libraries are for their direct users
    try:
        task = next(task for task in tasks_of(()) if task.name == task_name)
        implementation = task.implementation(implementation_name)
        problem = Problem(fold=load_fold(fold), threads=threads, n_factors=task.n_factors, k=task.k)
        _run(implementation.prepare(replace(problem, fold=tiny_fold())), Stopwatch(max_laps=_WARM_UP_LAPS))
        run, memory = _warmed_up(implementation, problem)
        connection.send(("", memory))
        while True:
            request: RunRequest = connection.recv()
            connection.send(("", _measure(run, task, problem, request)))
    except EOFError:
        return
    except Exception as error:
        connection.send((f"{type(error).__name__}: {error}".partition("\n")[0], None))


def _warmed_up(implementation: Implementation, problem: Problem) -> tuple[Run, Memory]:
    """Prepare and run once without evaluation, so that the peak memory is that of the implementation alone."""
    before = held_bytes()
    run = implementation.prepare(problem)
    forget_peak()
    _run(run, Stopwatch(max_laps=_WARM_UP_LAPS))
    peak = peak_bytes()
    return run, Memory(peak, max(0, peak - before))


def _measure(run: Run, task: Task, problem: Problem, request: RunRequest) -> RunResult:
    measure = task.curve_measure if request.is_evaluated else None
    watch = Stopwatch(
        max_laps=request.max_laps,
        evaluate=(lambda state: measure(problem, state)) if measure else None,
        target=request.target,
    )
    _run(run, watch)
    quality = task.quality(problem, watch.state) if request.is_evaluated else None
    laps, cpu_laps, values = map(tuple, (watch.laps, watch.cpu_laps, watch.values))
    return RunResult(laps=laps, cpu_laps=cpu_laps, values=values, quality=quality)


def _run(run: Run, watch: Stopwatch) -> None:
    """Run until the stopwatch ends it; work without epochs ends by itself after one lap."""
    try:
        run(watch)
    except RunCompleteError:
        return
