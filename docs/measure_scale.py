"""Time and memory of one configuration on data of a given size.

    python docs/measure_scale.py synthetic:users=7000,items=9000,pairs=1000000

Prints peak memory, elapsed time and processor time of reading, of splitting, and of epochs of iALS with 64 factors.
"""

import resource
import sys
import time

from bench.datasets import DataOptions, load
from evaluation.metrics import DEFAULT
from evaluation.split import SplitOptions, split_likes
from studies.registry import load_spec
from studies.trial import run_trial, warm_up

EPOCHS = 3


def show(what: str, start: tuple[float, float]) -> tuple[float, float]:
    clock, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:<28}{clock:9.1f} s {cpu:9.1f} s of processor time {peak:8.2f} GiB peak so far", flush=True)
    return time.perf_counter(), time.process_time()


spec = load_spec("ials")
warm_up(spec)
now = show("start", (time.perf_counter(), time.process_time()))
interactions = load(DataOptions(data=sys.argv[1]))
now = show(f"read {interactions.n_likes:,} likes", now)
split = split_likes(interactions, SplitOptions(draws=1))
now = show("split", now)
result = run_trial(spec, spec.config({"n_factors": 64}, n_epochs=EPOCHS), split.validation, DEFAULT, seed=0)
show(f"{len(result.curve)} epochs and their ranks", now)
print(f"an epoch: fit {result.fit_seconds / EPOCHS:.2f} s, rank {result.evaluate_seconds / EPOCHS:.2f} s")
