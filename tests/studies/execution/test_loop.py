"""Any number of loops on one study run as many trials as were asked for."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest
from optuna.trial import Trial, TrialState

from studies.execution import loop
from studies.execution.loop import Limits, run_trials
from studies.execution.objective import Ending
from studies.storage.opening import open_storage
from studies.storage.requeueing import finished_trials, is_abandoned


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return request.getfixturevalue("database") if request.param == "postgresql" else f"sqlite:///{tmp_path}/studies.db"


def opened(url: str) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.RandomSampler()
    return optuna.create_study(storage=open_storage(url), study_name="x", sampler=sampler, load_if_exists=True)


def brief(trial: Trial) -> Ending:
    x = trial.suggest_float("x", 0, 1)
    time.sleep(0.01 * x)
    return Ending(state=TrialState.COMPLETE, attrs={}, values=[x])


def work(url: str, n_trials: int, objective: Callable[[Trial], Ending] = brief) -> None:
    limits = Limits(n_trials=n_trials, timeout=None, max_failures=10)
    run_trials(opened(url), objective, limits, lambda: False, lambda number: None)


def states(url: str) -> Counter[TrialState]:
    return Counter(trial.state for trial in opened(url).get_trials(deepcopy=False) if not is_abandoned(trial))


@pytest.mark.slow
def test_eight_loops_run_as_many_trials_as_were_asked_for_and_none_twice(url: str) -> None:
    opened(url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [url] * 8, [40] * 8))
    trials = opened(url).get_trials(deepcopy=False)
    assert states(url) == {TrialState.COMPLETE: 40}
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert len({trial.params["x"] for trial in finished_trials(opened(url))}) == 40


def test_commands_that_start_together_share_a_database_that_none_of_them_had_made(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=work, args=(url, 12)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(180)
    assert [process.exitcode for process in processes] == [0] * 4
    assert states(url) == {TrialState.COMPLETE: 12}


def hang(trial: Trial) -> Ending:
    trial.suggest_float("x", 0, 1)
    time.sleep(600)
    return Ending(state=TrialState.COMPLETE, attrs={}, values=[0.0])


@pytest.mark.slow
def test_whoever_waits_for_the_last_trial_runs_it_should_its_process_die(url: str) -> None:
    study = opened(url)
    process = multiprocessing.get_context("spawn").Process(target=work, args=(url, 3, hang))
    process.start()
    wait_for(lambda: any(trial.params for trial in study.get_trials()))
    (lost,) = study.get_trials()
    with ThreadPoolExecutor() as pool:
        survivor = pool.submit(work, url, 3)
        wait_for(lambda: len(finished_trials(study)) == 2)
        assert not survivor.done()
        process.kill()
        process.join()
        survivor.result(60)
    assert states(url) == {TrialState.COMPLETE: 3}
    assert is_abandoned(study.get_trials()[lost.number])
    assert lost.params in [trial.params for trial in finished_trials(study)]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize("queued", [{}, {"x": 0.25}])
def test_who_claims_one_too_many_gives_it_back(
    url: str, queued: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two see room for one more at the same moment: here, another's trial begins between the look and the claim."""
    study, other = opened(url), opened(url)
    other.add_trial(optuna.create_trial(value=0.0))
    ask = study.ask

    def too_late() -> Trial:
        monkeypatch.setattr(study, "ask", ask)
        other.ask()
        if queued:
            other.enqueue_trial(queued)
        return ask()

    monkeypatch.setattr(study, "ask", too_late)
    assert loop._claim(study, study.get_trials(), 2) is None
    after = study.get_trials()
    assert [trial.state for trial in after[:3]] == [TrialState.COMPLETE, TrialState.RUNNING, TrialState.FAIL]
    assert [trial.system_attrs["fixed_params"] for trial in after[3:]] == ([queued] if queued else [])
    assert loop._claim(study, study.get_trials(), 2) is None
    assert len(study.get_trials()) == len(after)
    claimed = loop._claim(study, study.get_trials(), 3)
    assert claimed is not None
    assert claimed.number == 3
