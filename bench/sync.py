"""Studies whose copy in MLflow lacks something are copied again, from the storage alone."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.results import write_study_files
from reports.formats import visible
from studies.history import StudyHistory
from studies.secrets import hide_password
from studies.storage.errors import storage_errors_explained
from studies.storage.opening import load_study, open_storage, study_names
from studies.tracking.background import copy_study
from studies.tracking.runs import problem_of

__all__ = ["sync"]


def sync(storage_url: str, study_name: str | None, model: str | None, tracking_uri: str) -> int:
    """Write to MLflow what it lacks of the study, or of every study in the storage (of that model); the exit code."""
    with storage_errors_explained(storage_url):
        storage = open_storage(storage_url)
        names = [study_name] if study_name else study_names(storage, model)
        if not names:
            print(f"{hide_password(storage_url)} holds no such study")
        for name in names:
            history = StudyHistory(load_study(storage, name))
            try:
                with TemporaryDirectory() as folder:
                    n_missing = copy_study(
                        tracking_uri, history, write_study_files(history, history.record(), Path(folder))
                    )
            except Exception as error:
                print(f"MLflow: {visible(name)} was not written ({problem_of(tracking_uri, error)}); run it again")
                return 1
            print(f"{visible(name)}: MLflow lacked {n_missing} of {len(history.finished())} trials, and has all now")
    return 0
