"""What the storage reads and writes: no more than may have changed, and all of a step or nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState
from sqlalchemy import event

from studies.execution.objective import Ending
from studies.storage.opening import open_storage
from studies.storage.retrying import FEW_TRIALS, RetryingStorage, one_transaction


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/x.db"
    optuna.create_study(storage=open_storage(url), study_name="x")
    return url


def opened(url: str) -> optuna.Study:
    return optuna.load_study(study_name="x", storage=open_storage(url), sampler=optuna.samplers.RandomSampler())


@contextmanager
def statements(study: optuna.Study) -> Iterator[list[str]]:
    storage: Any = study._storage
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(storage._backend.engine, "before_cursor_execute", note)
    yield seen
    event.remove(storage._backend.engine, "before_cursor_execute", note)


def states(study: optuna.Study) -> list[TrialState]:
    return [trial.state for trial in study.get_trials(deepcopy=False)]


def test_a_running_trial_is_read_once_and_again_when_it_has_ended(url: str) -> None:
    ours, theirs = opened(url), opened(url)
    ours.tell(ours.ask(), 1.0)
    running = ours.ask()
    assert theirs.get_trials()[1].params == {}
    running.suggest_float("x", 0, 1)
    assert theirs.get_trials()[1].params == running.params
    with statements(theirs) as seen:
        assert states(theirs) == [TrialState.COMPLETE, TrialState.RUNNING]
    assert len(seen) == 1
    later = ours.ask()
    ours.tell(running, 2.0)
    assert states(theirs) == [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.RUNNING]
    assert theirs.get_trials()[1].value == 2.0
    ours.tell(later, 3.0)
    assert theirs.get_trials()[2].value == 3.0


def test_a_trial_of_ones_own_is_not_lost_sight_of_when_a_later_one_ends_first(url: str) -> None:
    ours, theirs = opened(url), opened(url)
    ours.tell(ours.ask(), 1.0)
    mine = ours.ask()
    states(ours)
    theirs.tell(theirs.ask(), 2.0)
    assert states(ours) == [TrialState.COMPLETE, TrialState.RUNNING, TrialState.COMPLETE]
    theirs.tell(mine.number, 3.0)
    assert states(ours) == [TrialState.COMPLETE] * 3


def test_a_trial_made_here_is_not_read_before_it_has_ended(url: str) -> None:
    study = opened(url)
    study.tell(study.ask(), 1.0)
    states(study)
    trial = study.ask()
    with statements(study) as seen:
        assert states(study) == [TrialState.COMPLETE, TrialState.RUNNING]
    assert len(seen) == 1
    trial.suggest_float("x", 0, 1)
    study.tell(trial, 2.0)
    assert study.get_trials() == opened(url).get_trials()


@pytest.mark.parametrize("n", [1, FEW_TRIALS, FEW_TRIALS + 1])
def test_few_that_ended_are_read_as_many_are(url: str, n: int) -> None:
    ours, theirs = opened(url), opened(url)
    theirs.tell(theirs.ask(), 1.0)
    states(ours)
    for trial in [theirs.ask() for _ in range(n)]:
        trial.set_user_attr("x", trial.suggest_float("x", 0, 1))
        theirs.tell(trial, trial.params["x"])
    ours.ask()
    assert ours.get_trials() == opened(url).get_trials()


def test_a_look_that_fails_loses_sight_of_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = opened(url), opened(url)
    ours.tell(ours.ask(), 1.0)
    states(ours)
    mine = ours.ask()
    theirs.tell(theirs.ask(), 2.0)

    def fails(*_: Any) -> None:
        raise StorageInternalError

    with monkeypatch.context() as patch:
        patch.setattr(RetryingStorage, "get_trial", fails)
        with pytest.raises(StorageInternalError):
            states(ours)
    assert states(ours) == [TrialState.COMPLETE, TrialState.RUNNING, TrialState.COMPLETE]
    theirs.tell(mine.number, 3.0)
    assert states(ours) == [TrialState.COMPLETE] * 3


def test_parameters_are_seen_by_others_all_at_once(url: str) -> None:
    ours, theirs = opened(url), opened(url)
    trial = ours.ask()
    with one_transaction(trial):
        trial.suggest_float("x", 0, 1)
        trial.suggest_float("y", 0, 1)
        assert theirs.get_trials()[0].params == {}
    assert theirs.get_trials()[0].params == trial.params
    assert set(trial.params) == {"x", "y"}


def test_what_fails_in_the_middle_leaves_nothing(url: str) -> None:
    ours, theirs = opened(url), opened(url)
    trial = ours.ask()
    with pytest.raises(ValueError, match="Values are required"):
        Ending(state=TrialState.COMPLETE, attrs={"result": 1}).write(trial)
    assert states(theirs) == [TrialState.RUNNING]
    assert "result" not in theirs.get_trials()[0].user_attrs
    Ending(state=TrialState.COMPLETE, attrs={"result": 1}, values=[1.0]).write(trial)
    assert theirs.get_trials()[0].user_attrs["result"] == 1
    assert theirs.get_trials()[0].value == 1.0
