"""Copy a search to MLflow while it runs, in a thread: it takes no time of the search and cannot fail a trial."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from models.threads import limited_threads
from studies.history import StudyHistory
from studies.record.study import StudyRecord
from studies.secrets import hide_password
from studies.storage.errors import StorageError, storage_errors_explained
from studies.tracking.mlflow_runs import StudyRun, problem_of

__all__ = ["Tracker", "copy_study"]

START_SECONDS = 3.0  #: until the study is written though no trial has ended; the first trial starts undisturbed
PAUSE_SECONDS = 5.0  #: between two writings: intervals are computed faster for several trials together
RETRY_SECONDS = 30.0  #: after an error, before the next attempt
SERVER_SECONDS = 20.0  #: that the last writing may take on a server
FILE_SECONDS = 60.0  #: the same for a file of this machine, which other processes may lock


class Tracker:
    """Copies one study to MLflow, as an observer of its search.

    An error is kept in ``problem``, as one line, until a later attempt has written everything.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.problem: str | None = None
        self._ending: tuple[StudyRecord, Sequence[Path]] | None = None
        self._news = threading.Event()
        self._is_ending = threading.Event()
        self._thread: threading.Thread

    def search_started(self, history: StudyHistory) -> None:
        """Start the thread, which imports MLflow and creates its database; both take seconds."""
        self._thread = threading.Thread(target=self._work, args=[history], name="mlflow", daemon=True)
        self._thread.start()

    def trial_finished(self, history: StudyHistory, number: int) -> None:
        self._news.set()

    def rescoring(self, done: int, total: int) -> None:
        """Write nothing before the winner is known."""

    def finish(self, record: StudyRecord, artifacts: Sequence[Path], timeout: float | None = None) -> None:
        """Write what is missing, the results and the files; wait at most ``timeout`` seconds for it."""
        self._ending = (record, artifacts)
        self._news.set()
        self._is_ending.set()
        self._thread.join(timeout or (SERVER_SECONDS if self.uri.startswith("http") else FILE_SECONDS))
        if self._thread.is_alive():
            self.problem = f"{hide_password(self.uri)} takes too long"

    def _work(self, history: StudyHistory) -> None:
        run: StudyRun | None = None
        retry_at = time.monotonic()
        patience: float | None = START_SECONDS
        while True:
            self._news.wait(patience)
            self._news.clear()
            patience = None
            ending = self._ending
            if not ending and time.monotonic() < retry_at:
                continue  # the next attempt writes these trials too
            try:
                run = run or StudyRun(self.uri)
                if ending:
                    with _locked(history):
                        run.close(*ending)
                else:
                    _catch_up(run, history)
                self.problem = None
            except Exception as error:
                self.problem = str(error) if isinstance(error, StorageError) else problem_of(self.uri, error)
                retry_at = time.monotonic() + RETRY_SECONDS
                run = None  # the server may have changed meanwhile
            if ending:
                return
            self._is_ending.wait(PAUSE_SECONDS)


def _catch_up(run: StudyRun, history: StudyHistory) -> None:
    if not run.is_open:
        with _locked(history):
            run.open(_record(history))
    missing = run.missing(_finished(history))
    with limited_threads(1), storage_errors_explained(history.storage_url):  # other threads belong to the trials
        records = history.trial_records(missing)
    run.write_trials(records)


def copy_study(uri: str, history: StudyHistory, artifacts: Sequence[Path]) -> int:
    """Write to MLflow what it lacks of the study, and the files; return the number of trials that it lacked.

    Raises StorageError, and whatever MLflow raises.
    """
    run, record = StudyRun(uri), _record(history)
    with _locked(history):
        run.open(record)
        n_missing = len(run.missing(_finished(history)))
        run.close(record, artifacts)
    return n_missing


@contextmanager
def _locked(history: StudyHistory) -> Iterator[None]:
    """Hold the lock of the study; only its own errors, not those of MLflow, are errors of the storage."""
    lock = history.exclusive_lock()
    with storage_errors_explained(history.storage_url):
        lock.__enter__()
    try:
        yield
    finally:
        with storage_errors_explained(history.storage_url):
            lock.__exit__(None, None, None)


def _record(history: StudyHistory) -> StudyRecord:
    with storage_errors_explained(history.storage_url):
        return history.record()


def _finished(history: StudyHistory) -> list[int]:
    with storage_errors_explained(history.storage_url):
        return [trial.number for trial in history.finished()]
