"""Trials whose process died, was stopped, or only seemed to: each is tried again once, and none counts twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import optuna
import pytest
from optuna.trial import Trial, TrialState

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.options import SamplerName
from studies.samplers.seeded import make_sampler
from studies.search import SearchOptions, search
from studies.storage.opening import load_study, open_storage
from studies.storage.processes import this_process
from studies.storage.requeueing import (
    draw_position,
    fail_dead_trials,
    give_back,
    give_back_surplus,
    queue_again,
    queue_lost_trials,
)
from studies.storage.retrying import RetryingStorage
from studies.storage.schema import COMMAND, DEATHS, OWNER
from tests.studies import fragile

pytestmark = pytest.mark.usefixtures("calm")


@pytest.fixture
def study(data: Interactions, split: Split, options: SearchOptions) -> optuna.Study:
    """A study of three finished trials."""
    search("fragile", data, split, replace(options, n_trials=3))
    return load_study(open_storage(options.storage), options.study_name)


DEAD = f"{this_process()}0"
ELSEWHERE = "elsewhere 1 1"


def start_trial(study: optuna.Study, owner: str | None, quality: float = 0.25, command: str | None = None) -> Trial:
    """A trial that runs in the process ``owner``: what is queued, else a new one with this quality."""
    if not waiting(study):
        study.enqueue_trial({"quality": quality})
    trial = study.ask()
    trial.suggest_float("quality", 0.0, 1.0)
    trial.set_user_attr(OWNER.key, owner)
    if command:
        trial.set_user_attr(COMMAND.key, command)
    return trial


def waiting(study: optuna.Study) -> list[dict[str, Any]]:
    trials = study.get_trials(states=(TrialState.WAITING,))
    return [trial.system_attrs["fixed_params"] for trial in trials]


def state(study: optuna.Study, trial: Trial) -> TrialState:
    return study.get_trials()[trial.number].state


def test_a_dead_process_of_this_machine_is_noticed_at_once(study: optuna.Study) -> None:
    trial = start_trial(study, DEAD)
    queue_lost_trials(study)
    assert state(study, trial) is TrialState.FAIL
    assert waiting(study) == [{"quality": 0.25}]


def test_a_living_process_is_left_alone_however_long_its_heart_was_not_heard(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that jumped and a suspended machine look like silence."""
    mine, theirs = start_trial(study, this_process()), start_trial(study, ELSEWHERE)
    everything = [trial._trial_id for trial in (mine, theirs)]
    monkeypatch.setattr(RetryingStorage, "_get_stale_trial_ids", lambda self, study_id: everything)
    queue_lost_trials(study)
    assert (state(study, mine), state(study, theirs)) == (TrialState.RUNNING, TrialState.FAIL)


def test_another_machines_trial_is_dead_by_its_heartbeat_alone(study: optuna.Study) -> None:
    trial = start_trial(study, ELSEWHERE)
    queue_lost_trials(study)
    assert state(study, trial) is TrialState.RUNNING


def test_a_trial_without_an_owner_which_an_earlier_version_left_is_failed_after_a_while(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studies.storage.retrying.OWNERLESS_SECONDS", 0.0)
    trial = start_trial(study, None)
    queue_lost_trials(study)
    assert state(study, trial) is TrialState.FAIL
    assert waiting(study) == [{"quality": 0.25}]


def test_a_configuration_is_queued_once_wherever_its_process_died(study: optuna.Study) -> None:
    queued_then_died, failed_then_died = start_trial(study, DEAD, quality=0.25), start_trial(study, DEAD, quality=0.75)
    queue_again(study, queued_then_died.number)
    study.tell(failed_then_died, state=TrialState.FAIL)
    for _ in range(2):
        queue_lost_trials(study)
    assert sorted(params["quality"] for params in waiting(study)) == [0.25, 0.75]


def test_defaults_that_died_before_they_were_written_down_are_tried_again(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    died = search("fragile", data, split, options, should_stop=iter([False, True, True]).__next__)
    assert died.finished() == []
    record = search("fragile", data, split, replace(options, n_trials=2)).record()
    assert [(trial.is_default, trial.params["quality"] == 0.5) for trial in record.trials] == [
        (True, True),
        (False, False),
    ]


@pytest.mark.parametrize("name", ["gp", "tpe", "random", "grid"])
def test_who_asks_before_a_lost_configuration_is_queued_again_draws_another(
    data: Interactions, split: Split, options: SearchOptions, name: SamplerName
) -> None:
    """Its process has died, another asks for a trial, and only then is it queued."""
    options = replace(options, sampler=name, rescore=0)
    search("fragile", data, split, replace(options, n_trials=1))
    study = load_study(open_storage(options.storage), options.study_name)
    study.sampler = make_sampler(name, options.seed, fragile.CALM.space)

    def ask() -> Trial:
        trial = study.ask()
        trial.suggest_float("quality", 0.0, 1.0)
        return trial

    lost, beside = ask(), ask()
    study.tell(lost, state=TrialState.FAIL)
    meanwhile = ask()
    queue_again(study, lost.number)
    again, later = ask(), ask()
    assert again.params == lost.params
    assert len({trial.params["quality"] for trial in (lost, beside, meanwhile, later)}) == 4


@pytest.mark.parametrize("name", ["gp", "tpe", "random"])
def test_a_trial_that_dies_before_it_has_drawn_is_drawn_at_its_position_by_its_repetition(
    data: Interactions, split: Split, options: SearchOptions, name: SamplerName
) -> None:
    """Another trial began beside it, and had drawn at the next position when it died."""
    options = replace(options, sampler=name, rescore=0)
    configurations = []
    for label, dies in (("undisturbed", False), ("disturbed", True)):
        search("fragile", data, split, replace(options, n_trials=1, study_name=label))
        study = load_study(open_storage(options.storage), label)
        study.sampler = make_sampler(name, options.seed, fragile.CALM.space)
        trials = [study.ask(), study.ask()]
        drawn = [trials[1].suggest_float("quality", 0.0, 1.0)]
        if dies:
            give_back(study, trials[0].number)
            trials[0] = study.ask()
        drawn += [trial.suggest_float("quality", 0.0, 1.0) for trial in (trials[0], study.ask())]
        configurations.append(drawn)
    assert configurations[0] == configurations[1]
    assert len(set(configurations[0])) == 3


def test_a_trial_beyond_the_last_one_is_not_repeated_and_has_no_position(study: optuna.Study) -> None:
    surplus = study.ask()
    give_back_surplus(study, surplus)
    queue_lost_trials(study)
    assert not waiting(study)
    later = study.ask()
    assert (later.number, draw_position(study, later.number)) == (surplus.number + 1, surplus.number)


def test_a_configuration_at_which_three_workers_died_is_a_failed_trial_and_the_study_goes_on(
    data: Interactions, split: Split, options: SearchOptions, study: optuna.Study
) -> None:
    for _ in range(3):
        start_trial(study, DEAD, command=this_process())
        fail_dead_trials(study, deadly={DEAD})
    record = search("fragile", data, split, replace(options, n_trials=6)).record()
    failed = [trial for trial in record.trials if trial.state == "failed"]
    assert [trial.params["quality"] for trial in failed] == [0.25]
    assert failed[0].error == "DeadlyTrialError: 3 workers died while they tried it; out of memory?"
    assert len(record.trials) == 6


@pytest.mark.parametrize("command", [None, f"{DEAD}1"], ids=["serial", "with a worker"])
def test_a_command_that_is_killed_says_nothing_about_the_configuration_that_it_tried(
    data: Interactions, split: Split, options: SearchOptions, study: optuna.Study, command: str | None
) -> None:
    """Neither without workers nor with one, which dies with its command."""
    for _ in range(5):
        start_trial(study, DEAD, command=command)
        queue_lost_trials(study)
    record = search("fragile", data, split, replace(options, n_trials=6)).record()
    assert [trial.state for trial in record.trials if trial.params["quality"] == 0.25] == ["complete"]
    assert not any(DEATHS.is_in(trial.user_attrs) for trial in study.get_trials())


def test_the_trial_of_a_dead_worker_is_left_to_its_command_while_that_lives(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It alone knows that it did not die with its worker; once it is dead, anybody fails the trial."""
    trial = start_trial(study, DEAD, command=f"{this_process()}1")
    monkeypatch.setattr("studies.storage.retrying.is_alive", lambda process: process != DEAD)
    queue_lost_trials(study)
    assert state(study, trial) is TrialState.RUNNING
    monkeypatch.undo()
    queue_lost_trials(study)
    assert state(study, trial) is TrialState.FAIL


def test_a_trial_that_others_thought_dead_ends_without_a_word(
    data: Interactions, split: Split, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process woke up again; what it finds is not needed."""
    from studies.search import run_trial as real

    def taken_from_it(*args: Any, **kwargs: Any) -> Any:
        other = load_study(open_storage(options.storage), options.study_name)
        running = other.get_trials(states=(TrialState.RUNNING,))
        if running and running[0].number == 2:
            other._storage.set_trial_state_values(running[0]._trial_id, TrialState.FAIL)
            queue_again(other, 2)
        return real(*args, **kwargs)

    monkeypatch.setattr("studies.search.run_trial", taken_from_it)
    history = search("fragile", data, split, replace(options, n_trials=5))
    assert [trial.number for trial in history.finished()] == [0, 1, 3, 4, 5]
    trials = load_study(open_storage(options.storage), options.study_name).trials
    assert trials[3].params == trials[2].system_attrs.get("fixed_params", trials[2].params)
