"""A search that is killed at random moments, again and again, and in the end goes through.

Its processes are forked from one that has imported everything and run nothing, so that a round takes a second.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.interactions import Interactions
from evaluation.split import SplitOptions, split_likes
from studies import registry
from studies.history import StudyHistory
from studies.search import SearchOptions, search
from studies.storage.errors import StorageError
from studies.storage.opening import load_study, open_storage
from studies.tracking.background import Tracker
from tests.studies import fragile

__all__ = ["Survived", "kill_again_and_again"]

ROOT = Path(__file__).resolve().parents[2]
NAME = "killed"
ENDLESS = 100_000


@dataclass(frozen=True)
class Survived:
    """What a loop of kills came to."""

    kills: int
    in_a_trial: int  #: kills that left a trial running
    finished: list[Any]  #: number, state, parameters and value of each trial, in order
    undisturbed: list[Any]  #: the same of a search that nobody killed

    def __str__(self) -> str:
        return f"{self.kills} kills, {self.in_a_trial} of them within a trial; {len(self.finished)} trials finished"


def kill_again_and_again(
    storage: str, folder: Path, kills: int, tracking_uri: str | None = None, trial_timeout: float | None = None
) -> Survived:
    """Search, killed ``kills`` times and then not; AssertionError after a kill that changed what was finished.

    With a ``trial_timeout`` trials run in a worker, which is killed with its command.
    """
    os.environ["PYTHONPATH"] = str(ROOT)  # of the process that all are forked from
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "mlflow"] if tracking_uri else [__name__])

    def start(url: str, n_trials: int, uri: str | None = None) -> Any:
        process = context.Process(target=run_search, args=(url, n_trials, uri, trial_timeout))
        process.start()
        return process

    rehearsal = f"sqlite:///{folder}/rehearsal.db"
    finish(start(rehearsal, 1))
    began = time.monotonic()
    finish(start(rehearsal, 3, tracking_uri and f"sqlite:///{folder}/rehearsal-mlflow.db"))
    longest = 2 * (time.monotonic() - began)
    moments = random.Random(0)
    before: list[Any] = []
    in_a_trial = 0
    for _ in range(kills):
        process = start(storage, ENDLESS, tracking_uri)
        time.sleep(moments.uniform(0.0, longest))
        assert process.exitcode is None, f"the search ended by itself, with {process.exitcode}"
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        study = study_of(storage)
        if study is None:
            continue
        after = finished_of(study)
        assert after[: len(before)] == before, "a finished trial is lost or changed"
        in_a_trial += any(trial.state.name == "RUNNING" for trial in study.get_trials(deepcopy=False))
        before = after
    total = len(before) + 2
    finish(start(storage, total, tracking_uri))
    finish(start(rehearsal, total))
    finished, undisturbed = (finished_of(study_of(url)) for url in (storage, rehearsal))
    return Survived(kills, in_a_trial, finished, undisturbed)


def run_search(storage: str, n_trials: int, tracking_uri: str | None, trial_timeout: float | None) -> None:
    """In a process of its own."""
    registry.MODELS["fragile"] = "tests.studies.fragile"
    fragile.SPEC = fragile.CALM
    rng = np.random.default_rng(0)
    data = Interactions.from_rows("killed", *np.nonzero(rng.random((50, 30)) < 0.3))
    tracker = Tracker(tracking_uri) if tracking_uri else None
    options = SearchOptions(
        study_name=NAME, storage=storage, n_trials=n_trials, threads=1, rescore=0, trial_timeout=trial_timeout
    )
    split = split_likes(data, SplitOptions(draws=1))
    history = search("fragile", data, split, options, observers=[tracker] if tracker else [])
    if tracker:
        tracker.finish(history.record(), [], timeout=300)
        assert tracker.problem is None, tracker.problem


def finish(process: Any) -> None:
    process.join()
    assert process.exitcode == 0, f"the search ended with {process.exitcode}"


def study_of(storage: str) -> Any:
    """The study, or None where the search was killed before it had one."""
    try:
        return load_study(open_storage(storage), NAME)
    except StorageError:
        return None


def finished_of(study: Any) -> list[Any]:
    finished = StudyHistory(study).finished()
    return [(trial.number, trial.state.name, trial.params, trial.value) for trial in finished]
