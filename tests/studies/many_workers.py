"""How many trials a second a storage takes: many workers, whose trials do nothing but sleep.

    python -m tests.studies.many_workers postgresql://me@host/empty --workers 64 --trials 1280 --sleep 1

Workers are threads of a few processes, each with connections of its own, as a worker on another machine has: sixty-four
processes on one machine would measure how it starts them. Beside the rate it prints what the processes cost, for where
they take a core each, they are the limit and not the storage.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import optuna
from optuna.trial import Trial, TrialState

from studies.execution.loop import Limits, run_trials
from studies.execution.objective import Ending
from studies.samplers.pruning import MedianRule
from studies.samplers.seeded import make_sampler
from studies.storage.opening import open_storage
from studies.storage.requeueing import finished_trials, is_abandoned
from studies.storage.retrying import one_transaction
from studies.storage.schema import RESULT

STUDY = "many workers"


@dataclass(frozen=True, kw_only=True)
class Rate:
    seconds: float
    cpu_seconds: float  #: of the workers, imports and the storage not counted
    n_finished: int
    n_given_back: int  #: claimed by two workers at once, and given back by one of them
    n_different: int  #: configurations


def sleep_through(trial: Trial, seconds: float) -> Ending:
    """A trial as a search leaves it: eight parameters, five looks at others' curves, a result of 20 kB."""
    with one_transaction(trial):
        values = [trial.suggest_float(f"parameter {i}", 1e-3, 1.0, log=True) for i in range(8)]
    rule = MedianRule(trial.study)
    curve: list[float] = []
    for _ in range(5):
        time.sleep(seconds / 5)
        curve.append(values[0])
        rule.stops(curve)
    attrs = {RESULT.key: {"curve": curve, "ranks": "x" * 20_000}}
    return Ending(state=TrialState.COMPLETE, attrs=attrs, values=[values[0]])


def work(url: str, n_trials: int, seconds: float, _: int) -> None:
    study = optuna.load_study(study_name=STUDY, storage=open_storage(url), sampler=make_sampler("random", 0, {}))
    objective: Any = partial(sleep_through, seconds=seconds)
    run_trials(study, objective, Limits(n_trials=n_trials, timeout=None, max_failures=1), lambda: False, lambda _: None)


def work_in_threads(n_threads: int, loop: Callable[[int], None], cpu_seconds: Any) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    imported = time.process_time()
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(loop, range(n_threads)))
    cpu_seconds.put(time.process_time() - imported)


def measure(url: str, *, n_workers: int, n_trials: int, sleep: float, n_processes: int) -> Rate:
    """Run ``n_trials`` in a database that has no such study yet."""
    study = optuna.create_study(storage=open_storage(url), study_name=STUDY)
    context = multiprocessing.get_context("spawn")
    cpu_seconds = context.Queue()
    loop = partial(work, url, n_trials, sleep)
    arguments = (n_workers // n_processes, loop, cpu_seconds)
    processes = [context.Process(target=work_in_threads, args=arguments) for _ in range(n_processes)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    trials = study.get_trials(deepcopy=False)
    finished = finished_trials(study)
    started = min(trial.datetime_start for trial in trials if trial.datetime_start)
    ended = max(trial.datetime_complete for trial in trials if trial.datetime_complete)
    return Rate(
        seconds=(ended - started).total_seconds(),
        cpu_seconds=sum(cpu_seconds.get() for _ in processes),
        n_finished=len(finished),
        n_given_back=sum(map(is_abandoned, trials)),
        n_different=len({tuple(trial.params.items()) for trial in finished}),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("storage", help="URL of a database without such a study")
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--trials", type=int, default=1280)
    parser.add_argument("--sleep", type=float, default=1.0, help="seconds a trial")
    parser.add_argument("--processes", type=int, default=4)
    args = parser.parse_args()
    rate = measure(
        args.storage, n_workers=args.workers, n_trials=args.trials, sleep=args.sleep, n_processes=args.processes
    )
    ideal = args.workers / args.sleep
    print(f"{rate.n_finished} trials, {rate.n_different} different, {rate.n_given_back} claims given back")
    print(f"{rate.n_finished / rate.seconds:.3g} trials a second; without a storage it would be {ideal:.3g}")
    print(f"{1000 * (args.workers * rate.seconds / rate.n_finished - args.sleep):.0f} ms a trial longer than its sleep")
    print(f"{1000 * rate.cpu_seconds / rate.n_finished:.0f} ms of processor time a trial in the workers")


if __name__ == "__main__":
    main()
