"""kill -9 at random moments: ``KILLS=500 python -m pytest -s tests/studies/storage/test_kills.py`` kills more often."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studies.history import StudyHistory
from tests.studies.kill_loop import Survived, kill_again_and_again, study_of
from tests.studies.stored_runs import Store, assert_holds

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("KILLS", "50"))


def assert_nothing_happened(survived: Survived) -> None:
    """The trials are those of a search that nobody killed, one by one; only their numbers have gaps."""
    print(survived)
    assert [each[1:] for each in survived.finished] == [each[1:] for each in survived.undisturbed]


def test_kills_lose_nothing_count_nothing_twice_and_change_no_trial(tmp_path: Path) -> None:
    survived = kill_again_and_again(f"sqlite:///{tmp_path}/studies.db", tmp_path, KILLS)
    assert_nothing_happened(survived)
    assert survived.in_a_trial > 0


@pytest.mark.slow
def test_nor_do_kills_of_a_command_whose_trials_run_in_a_worker(tmp_path: Path) -> None:
    survived = kill_again_and_again(f"sqlite:///{tmp_path}/studies.db", tmp_path, KILLS // 25, trial_timeout=1e6)
    assert_nothing_happened(survived)


def test_nor_on_postgresql_nor_in_mlflow(tmp_path: Path, database: str) -> None:
    tracking_uri = f"sqlite:///{tmp_path}/mlflow.db"
    assert_nothing_happened(kill_again_and_again(database, tmp_path, KILLS // 5, tracking_uri))
    assert_holds(Store(tracking_uri, "killed"), StudyHistory(study_of(database)).record())
