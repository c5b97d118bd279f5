"""Cost of the storage and of MLflow for a study, measured inside the command.

    python docs/measure_overhead.py ../shared/data/ml-1m-pairs

Runs 40 trials of iALS on one thread and prints the seconds spent in calls of Optuna's storage, and the processor time
of the thread that writes to MLflow during the trials; if a core is free, the search takes less than that longer.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any
from unittest.mock import patch

from optuna.storages._cached_storage import _CachedStorage

from bench.study import main as study
from studies.storage.retrying import RetryingStorage
from studies.tracking.background import Tracker


class CallTimer:
    """Seconds that the main thread spends in the timed calls; nested calls are counted once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    @contextmanager
    def timed(self) -> Iterator[None]:
        if current_thread() is not main_thread():
            yield
            return
        start = time.perf_counter()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            self.seconds += 0.0 if self._depth else time.perf_counter() - start

    def call(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.timed():
                return function(*args, **kwargs)

        return timed

    def transaction(self, begin: Callable[..., Any]) -> Callable[..., Any]:
        """Time the start and the end of a transaction, not the computation between them."""

        @contextmanager
        def timed(storage: Any) -> Iterator[Any]:
            transaction = begin(storage)
            with self.timed():
                connection = transaction.__enter__()
            try:
                yield connection
            except BaseException as error:
                if not transaction.__exit__(type(error), error, error.__traceback__):
                    raise
            else:
                with self.timed():
                    transaction.__exit__(None, None, None)

        return timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--trials", default="40")
    args = parser.parse_args()
    data = str(Path(args.data).resolve()) if Path(args.data).exists() else args.data
    options = ["--model", "ials", "--data", data, "--threads", "1", "--seed", "1", "--trials"]
    storage, mlflow = CallTimer(), []

    def work(*arguments: Any, run: Callable[..., None] = Tracker._work) -> None:
        try:
            run(*arguments)
        finally:
            mlflow.append(time.thread_time())

    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        os.chdir(folder)
        first = [
            sys.executable,
            "-m",
            "bench.study",
            *options,
            "1",
        ]  # creates MLflow's database and compiles the kernels
        subprocess.run(first, check=True, stdout=subprocess.DEVNULL)
        Path("mfbench.db").unlink()
        methods = {n: m for n, m in vars(_CachedStorage).items() if callable(m) and not n.startswith("__")}
        with (
            patch.multiple(_CachedStorage, **{name: storage.call(method) for name, method in methods.items()}),
            patch.object(RetryingStorage, "one_transaction", storage.transaction(RetryingStorage.one_transaction)),
            patch.object(Tracker, "_work", work),
        ):
            start = time.perf_counter()
            study([*options, args.trials])
            whole = time.perf_counter() - start
        os.chdir("/")  # leave the folder before it is removed
    print(f"{whole:.1f} s for {args.trials} trials")
    print(f"{storage.seconds:.2f} s in calls of the storage, {storage.seconds / whole:.1%}")
    print(f"{mlflow[0]:.2f} s of processor time for MLflow, {mlflow[0] / whole:.1%}")


if __name__ == "__main__":
    main()
