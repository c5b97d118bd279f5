"""A search is copied to MLflow beside it, from a thread: it costs the search no time and cannot fail a trial."""

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
from studies.tracking.runs import StudyRun, problem_of

__all__ = ["Tracker", "copy_study"]

START_SECONDS = 3.0  #: until the study shows there, though no trial has ended: the first one begins undisturbed
PAUSE_SECONDS = 5.0  #: between two writings: trials that are written together share what their intervals cost
RETRY_SECONDS = 30.0  #: after something went wrong, before the server is asked again
SERVER_SECONDS = 20.0  #: that a server may take in the end, and a file here, which others may hold
FILE_SECONDS = 60.0


class Tracker:
    """Copies one study to MLflow, as an observer of its search.

    Whatever goes wrong is kept in ``problem``, in a line, until a later attempt has caught up.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.problem: str | None = None
        self._ending: tuple[StudyRecord, Sequence[Path]] | None = None
        self._news = threading.Event()
        self._is_ending = threading.Event()
        self._thread: threading.Thread

    def search_started(self, history: StudyHistory) -> None:
        """Start to import MLflow and to make its database, which takes seconds, beside the trials."""
        self._thread = threading.Thread(target=self._work, args=[history], name="mlflow", daemon=True)
        self._thread.start()

    def trial_finished(self, history: StudyHistory, number: int) -> None:
        self._news.set()

    def rescoring(self, done: int, total: int) -> None:
        """Nothing is written before the winner is known."""

    def finish(self, record: StudyRecord, artifacts: Sequence[Path], timeout: float | None = None) -> None:
        """Write what is missing, the study's results and files; wait for it, but not for long."""
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
                continue  # what this leaves out is caught up later
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
                run = None  # what it knew of the server may be wrong now
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
    """Write to MLflow what it lacks of the study, and its files; the number of trials that it lacked.

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
