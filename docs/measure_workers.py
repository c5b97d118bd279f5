"""Speed-up from a second worker, compared with a second thread and with the limit of the machine.

    python docs/measure_workers.py ../shared/data/ml-1m-pairs --runs 3

Runs one study of iALS in each way in turn, in separate folders with an existing MLflow database, and prints medians.
The last line describes the machine: how much longer a process that only multiplies a few kilobytes of numbers takes
while another one does the same. Two workers can be twice as fast only if this ratio is 1.
"""

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
from numba import njit

WAYS = {
    "1 worker, 1 thread": ["--threads", "1"],
    "2 workers": ["--workers", "2", "--threads", "1"],
    "1 worker, 2 threads": ["--threads", "2"],
    "1 worker, 1 thread, without MLflow": ["--threads", "1", "--no-mlflow"],
    "2 workers, without MLflow": ["--workers", "2", "--threads", "1", "--no-mlflow"],
}


def study(folder: Path, *options: str) -> tuple[float, float, float]:
    """Return the seconds of the whole command, before its first trial, and after its last one."""
    command = [sys.executable, "-m", "bench.study", "--model", "ials", "--seed", "1", *options]
    before = time.time()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = time.time()
    with sqlite3.connect(folder / "mfbench.db") as database:
        ends = database.execute("SELECT min(datetime_start), max(datetime_complete) FROM trials").fetchone()
    first, last = (datetime.fromisoformat(end).timestamp() for end in ends)
    return after - before, first - before, after - last


@njit(cache=True, fastmath=True)
def multiply(a: np.ndarray, n: int) -> None:
    for _ in range(n):
        for i in range(len(a)):
            a[i] = a[i] * np.float32(0.999) + np.float32(1.0)


def seconds_to_multiply(_: int) -> float:
    numbers = np.ones(1024, np.float32)
    multiply(numbers, 1)
    start = time.perf_counter()
    multiply(numbers, 20_000_000)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--trials", default="40")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    common = ["--data", str(args.data.resolve()) if args.data.exists() else str(args.data), "--trials"]
    taken: dict[str, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as scratch:
        first = Path(scratch, "first")
        first.mkdir()
        study(first, *common, "1")  # creates MLflow's database and compiles the kernels
        for run in range(args.runs):
            for way, options in WAYS.items():
                folder = Path(scratch, f"{way} {run}")
                folder.mkdir()
                shutil.copy(first / "mlflow.db", folder)
                taken[way].append(study(folder, *common, args.trials, *options))
                print(f"{way}: {taken[way][-1][0]:.1f} s", file=sys.stderr, flush=True)
        alone = seconds_to_multiply(0)
        with get_context("spawn").Pool(2) as pool:
            beside = max(pool.map(seconds_to_multiply, range(2), chunksize=1))
    slowest = median(whole for whole, *_ in taken["1 worker, 1 thread"])
    print(f"{'':<36}{'seconds':>9}{'before':>9}{'after':>9}{'speed-up':>15}")
    for way, runs in taken.items():
        whole, before, after = (median(column) for column in zip(*runs, strict=True))
        print(f"{way:<36}{whole:9.1f}{before:9.1f}{after:9.1f}{slowest / whole:15.2f}")
    print(f"the machine: {beside / alone:.2f} times as long beside another process, on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
