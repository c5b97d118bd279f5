"""Dask workers, of this machine or of a cluster: each runs the loop of a serial search on the shared storage."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from models.base import Recommender
from models.threads import available_threads
from studies.environment import describe_environment
from studies.execution.loop import DEAD_SECONDS, Limits, has_enough
from studies.execution.timeouts import TrialTimeouts
from studies.secrets import hide_password
from studies.storage.processes import die_with_parent, this_process
from studies.storage.requeueing import fail_dead_trials, finished_trials, give_back, is_finished
from studies.storage.retrying import backend_of
from studies.storage.schema import OWNER

if TYPE_CHECKING:
    from distributed import Client, Future

from models.errors import UserError

__all__ = ["Job", "WorkersError", "check_workers", "connecting", "run_on_workers"]

LOOK_AGAIN_SECONDS = 0.5
STILL_AT_WORK_SECONDS = 0.1  #: between two looks whether a trial has stopped
CONNECT_SECONDS = 20
STOP_SECONDS = 60.0  #: for the epochs at hand
RESTART_SECONDS = 30.0  #: in which a worker that was restarted should be back
WORKER_ENVIRONMENT = "distributed.nanny.pre-spawn-environ"
RETURN_MEMORY_AT = "MALLOC_TRIM_THRESHOLD_"  #: with Dask's, each block of scores is fresh memory: a third more time
MUST_AGREE = ("mfbench", "code", "python", "numpy", "scipy", "numba", "optuna")  #: else results may differ by worker


class WorkersError(UserError):
    """There are no workers to be had; the message says why and what to do."""


class Options(Protocol):
    """Where the workers are."""

    @property
    def workers(self) -> int: ...
    @property
    def scheduler(self) -> str | None: ...
    @property
    def threads(self) -> int | None: ...
    @property
    def trial_timeout(self) -> float | None: ...


class Job(Protocol):
    """What each worker does: the loop of a search. It travels to a worker once, with the folds."""

    def __call__(
        self, *, threads: int, timeout: float | None, should_stop: Callable[[], bool], command: str
    ) -> None: ...


def check_workers(model: type[Recommender[Any]], workers: int, scheduler: str | None) -> None:
    """Raise WorkersError where several processes are to fit a model that divides every fit among all cores itself."""
    if model.divides_itself and (workers > 1 or scheduler):
        option = "--scheduler" if scheduler else f"--workers {workers}"
        raise WorkersError(
            f"{model.name} divides each fit among cores or machines itself, which {option} would divide once more; "
            f"leave it out, and say which with {model.divides_itself}"
        )


@contextmanager
def connecting(options: Options) -> Iterator[Callable[[], Client]]:
    """Start the workers, or call those of the cluster, beside whatever is done before the client is asked for."""
    with ExitStack() as stack, ThreadPoolExecutor(1) as thread:
        yield thread.submit(stack.enter_context, _connected(options)).result


def run_on_workers(
    job: Job,
    study: optuna.Study,
    limits: Limits,
    options: Options,
    client: Client,
    should_stop: Callable[[], bool],
    trial_finished: Callable[[int], None],
) -> None:
    """Have workers run ``job`` until ``limits`` or ``should_stop`` end it; tell of each trial that the storage has."""
    storage = backend_of(study)
    told = {trial.number for trial in finished_trials(study)}

    def tell() -> list[FrozenTrial]:
        trials = study.get_trials(deepcopy=False)
        for trial in trials:
            if is_finished(trial) and trial.number not in told:
                told.add(trial.number)
                trial_finished(trial.number)
        return trials

    def time_left() -> float:
        return math.inf if limits.timeout is None else start + limits.timeout - time.monotonic()

    start = looked = time.monotonic()
    overtime = TrialTimeouts(study, options.trial_timeout)
    fleet = _Fleet(client, job, options.threads, time_left, is_ours=options.scheduler is None)
    while not (should_stop() or has_enough(tell(), limits)):
        fleet.look()
        fleet.restart(overtime.fail(fleet.processes))
        if not fleet.dead <= storage.dead or time.monotonic() - looked >= DEAD_SECONDS:
            looked = time.monotonic()
            storage.dead |= fleet.dead
            fail_dead_trials(study, deadly=fleet.dead - fleet.restarted)
        if time_left() <= 0 and fleet.is_done:
            break
        fleet.wait()
    fleet.stop()
    deadline = time.monotonic() + STOP_SECONDS
    while fleet.trials(study) and time.monotonic() < deadline:
        fleet.restart(overtime.fail(fleet.processes))
        time.sleep(STILL_AT_WORK_SECONDS)
    for trial in fleet.trials(study):
        with suppress(UpdateFinishedTrialError):  # it has ended by itself, in the last moment
            give_back(study, trial.number)
    tell()


@contextmanager
def _connected(options: Options) -> Iterator[Client]:
    """A client of the scheduler's cluster, or of new processes that share this machine's cores."""
    import dask
    from distributed import Client, LocalCluster

    if options.scheduler is not None:
        try:
            client = Client(options.scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = hide_password(str(error).splitlines()[0], options.scheduler)
            raise WorkersError(
                f"No Dask scheduler answers at {hide_password(options.scheduler)} ({reason}); is it up?"
            ) from None
        with client:
            yield client
        return
    cores = options.threads or max(1, available_threads() // options.workers)
    settings: dict[str, Any] = {f"distributed.worker.memory.{limit}": False for limit in ("target", "spill", "pause")}
    environment = dask.config.get(WORKER_ENVIRONMENT)
    settings["distributed.worker.profile.enabled"] = False  # it would look at every thread a hundred times a second
    settings[WORKER_ENVIRONMENT] = {name: environment[name] for name in environment if name != RETURN_MEMORY_AT}
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=options.workers,
            threads_per_worker=cores,
            processes=True,
            dashboard_address="127.0.0.1:0",  # any port that is free, for commands run side by side
            silence_logs="CRITICAL",
            env={"NUMBA_NUM_THREADS": str(cores)},
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@dataclass(frozen=True, repr=False)  # Dask logs what a task that failed was given, and a job knows a password
class _Packed:
    """A job in one piece: Dask would send its arrays apart, and they would not start where memory words do.

    Kernels are compiled anew for arrays like that, and each of them is copied every time that it is used.
    """

    pickled: bytes

    @classmethod
    def of(cls, job: Job) -> _Packed:
        from distributed.protocol.pickle import dumps

        return cls(dumps(job))

    def job(self) -> Job:
        from distributed.protocol.pickle import loads

        job: Job = loads(self.pickled)
        return job


@dataclass
class _Loop:
    process: str  #: as the trials that it runs name it
    future: Future[None]


class _Fleet:
    """The loops that run on the workers of a cluster, which may come and go."""

    def __init__(
        self, client: Client, job: Job, threads: int | None, time_left: Callable[[], float], *, is_ours: bool
    ) -> None:
        self._client = client
        self._threads = threads
        self._time_left = time_left
        self._is_ours = is_ours  #: the workers are children of this process
        self._job = _Packed.of(job)
        self._loops: dict[str, _Loop] = {}
        self._refused: dict[str, str] = {}  #: address -> why
        self._has_started = False  # any loop
        self._ended = threading.Event()  # a loop
        self.dead: set[str] = set()  #: processes that have left
        self.restarted: set[str] = set()  #: those of them that this fleet ended, since they hung

    def look(self) -> None:
        """Start the loop on every new worker, while there is time, and note who has left.

        WorkersError where all that there are fail.
        """
        with _scheduler_errors_explained():
            there = self._client.nthreads()
        for address in self._loops.keys() - there.keys():
            loop = self._loops.pop(address)
            self.dead.add(loop.process)
            loop.future.cancel()
        may_start = self._time_left() > 0 or not self._has_started
        new = there.keys() - self._loops.keys() - self._refused.keys() if may_start else set()
        if new:
            self._client.run(
                _introduce, is_ours=self._is_ours, workers=list(new), on_error="ignore"
            )  # imports, at once
        for address in new:
            self._start(address)
        for address, loop in list(self._loops.items()):
            if loop.future.status == "error":
                self._refuse(address, loop.future.exception())
                del self._loops[address]
        if there and there.keys() <= self._refused.keys():
            raise WorkersError(next(reversed(self._refused.values())))

    def restart(self, hung: Mapping[str, int]) -> None:
        """Put new processes in the place of these, each of which hangs in the trial of that number."""
        loops = {address: loop for address, loop in self._loops.items() if loop.process in hung}
        if not loops:
            return
        with _scheduler_errors_explained():
            there = self._client.scheduler_info()["workers"]
        watched = [address for address in loops if address in there and there[address]["nanny"]]
        for address in loops.keys() & there.keys():
            loop = self._loops.pop(address)
            loop.future.cancel()
            if address in watched:
                self.dead.add(loop.process)
                self.restarted.add(loop.process)
            else:
                self._refuse(address, f"trial {hung[loop.process]} hangs in it, and it has no nanny that restarts it")
        with _scheduler_errors_explained(), suppress(KeyError):  # of one that has left meanwhile
            self._client.restart_workers(watched, timeout=RESTART_SECONDS, raise_for_error=False)

    def wait(self) -> None:
        """Until it is time to look again, or a loop has come to its end: then the study may have what it needs."""
        self._ended.wait(LOOK_AGAIN_SECONDS)
        self._ended.clear()

    @property
    def processes(self) -> set[str]:
        """Those that are there, as the trials that they run name them."""
        return {loop.process for loop in self._loops.values()}

    @property
    def is_done(self) -> bool:
        """Whether every loop has come to its end."""
        return all(loop.future.done() for loop in self._loops.values())

    def stop(self) -> None:
        """Ask every loop to stop after the epoch at hand."""
        for loop in self._loops.values():
            loop.future.cancel()

    def trials(self, study: optuna.Study) -> list[FrozenTrial]:
        """The trials of ``study`` that workers of this fleet run, those that have left excepted."""
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return [trial for trial in running if OWNER.read(trial.user_attrs) in self.processes]

    def _start(self, address: str) -> None:
        try:
            process, environment = self._client.run(_introduce, is_ours=self._is_ours, workers=[address])[address]
            # from here, for a worker that hangs does not pass on what it has
            job = self._client.scatter(self._job, workers=[address], hash=False)
        except (OSError, KeyError):
            return  # it has left meanwhile
        except Exception as error:  # what Dask makes of an error that came before the function was there
            self._refuse(address, f"mfbench does not load there ({error}); install the same version")
        else:
            if differing := _differences(environment):
                self._refuse(address, f"it has other versions: {'; '.join(differing)}")
                return
            name = f"mfbench-{uuid.uuid4().hex}"
            words = job, self._threads, self._time_left(), this_process()
            future = self._client.submit(_work, *words, workers=[address], key=name, pure=False)
            future.add_done_callback(lambda _: self._ended.set())
            self._loops[address] = _Loop(process, future)
            self._has_started = True

    def _refuse(self, address: str, why: object) -> None:
        self._refused[address] = f"The worker {address} cannot take part: {hide_password(str(why)).splitlines()[0]}"
        print(self._refused[address], file=sys.stderr)


@contextmanager
def _scheduler_errors_explained() -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, TimeoutError) as error:
        raise WorkersError(
            f"The Dask scheduler is gone ({type(error).__name__}); every finished trial is kept: "
            "when it is back, run the same command again"
        ) from error


def _differences(there: dict[str, str]) -> list[str]:
    here = describe_environment()
    return [f"{name} {there[name]} there, {here[name]} here" for name in MUST_AGREE if there[name] != here[name]]


def _introduce(*, is_ours: bool) -> tuple[str, dict[str, str]]:
    if is_ours:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to every process; the command stops them
        die_with_parent()  # else one that hangs would outlive a command that is killed
    return this_process(), describe_environment()


def _work(packed: _Packed, threads: int | None, seconds: float, command: str) -> None:
    """In a worker: the loop, until it ends by itself or nobody wants it any more."""
    from distributed import get_worker

    worker: Any = get_worker()
    task = worker.state.tasks[worker.get_current_task()]
    packed.job()(
        threads=threads or worker.state.nthreads,
        timeout=seconds,
        should_stop=lambda: task.state != "executing",
        command=command,
    )
