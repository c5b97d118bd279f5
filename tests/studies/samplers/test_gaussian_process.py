from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial, TrialState

from studies.samplers.gaussian_process import N_DESIGN
from studies.samplers.seeded import make_sampler
from studies.spec import Searched

SPACE = {
    "reg": Searched(FloatDistribution(1e-4, 1.0, log=True), "made up"),
    "n_factors": Searched(IntDistribution(8, 512, log=True), "made up", cost=1.0),
    "loss": Searched(CategoricalDistribution(["bpr", "warp", "k-os"]), "made up"),
    "k": Searched(IntDistribution(1, 9), "made up", only_if=("loss", "warp", "k-os")),
    "share": Searched(FloatDistribution(0.0, 1.0), "made up"),
}
FIRST = {"reg": 0.1, "n_factors": 64, "loss": "bpr", "share": 0.5}


def value(params: Mapping[str, Any]) -> float:
    """A smooth peak of height 1 at reg .004, 256 factors, warp with k = 4."""
    at = math.log(params["reg"] / 0.004) ** 2 / 8 + math.log(params["n_factors"] / 256) ** 2 / 4
    return math.exp(-at - (0.4 if params["loss"] != "warp" else (params["k"] - 4) ** 2 / 40))


def ask(study: optuna.Study) -> Trial:
    trial = study.ask()
    params: dict[str, Any] = {}
    for name, searched in SPACE.items():
        if searched.applies(params):
            params[name] = trial._suggest(name, searched.distribution)
    return trial


def searched(name: str, seed: int, n_trials: int, of: Callable[[Mapping[str, Any]], Any] = value) -> optuna.Study:
    directions = ["maximize"] * (len(of(FIRST)) if isinstance(of(FIRST), Sequence) else 1)
    study = optuna.create_study(directions=directions, sampler=make_sampler(name, seed, SPACE, first=FIRST))  # type: ignore[arg-type]
    study.enqueue_trial(FIRST)
    for _ in range(n_trials):
        trial = ask(study)
        study.tell(trial, of(trial.params))
    return study


@pytest.mark.parametrize("seed", range(3))
def test_thirty_trials_find_a_peak_far_from_the_first_configuration(seed: int) -> None:
    assert value(FIRST) < 0.3
    assert searched("gp", seed, 30).best_value > 0.9


def test_it_finds_more_than_random_draws() -> None:
    best = {name: [searched(name, seed, 25).best_value for seed in range(3)] for name in ("gp", "random")}
    assert sorted(best["gp"])[1] > sorted(best["random"])[1]


def test_a_parameter_without_a_meaning_is_not_proposed() -> None:
    for trial in searched("gp", 0, 20).trials:
        assert ("k" in trial.params) == (trial.params["loss"] != "bpr")


def test_the_second_trial_enlarges_sizes_and_the_next_ones_stay_near_the_first_but_for_sizes() -> None:
    first, larger, *others = searched("gp", 0, N_DESIGN).trials
    assert first.params == FIRST
    assert larger.params == pytest.approx({**FIRST, "n_factors": 181})
    assert all(0.001 < trial.params["reg"] <= 1 for trial in others)
    assert len({trial.params["n_factors"] for trial in others}) == len(others)


def test_the_same_seed_proposes_the_same_and_another_one_does_not() -> None:
    tried = [[trial.params for trial in searched("gp", seed, 12).trials] for seed in (0, 0, 1)]
    assert tried[0] == tried[1] != tried[2]


def test_running_trials_and_failures_are_learnt_from() -> None:
    study = searched("gp", 0, 12)
    running = [ask(study) for _ in range(3)]
    assert len({trial.params["reg"] for trial in running}) == 3
    study.tell(running[0], state=TrialState.FAIL)
    running[1].report(0.2, 1)
    study.tell(running[1], state=TrialState.PRUNED)
    assert ask(study).params.keys() >= {"reg", "n_factors", "loss", "share"}


def test_two_objectives_are_both_improved() -> None:
    """Small regularisation is good for one objective, and large for the other."""
    study = searched("gp", 0, 30, lambda p: (-abs(math.log(p["reg"] / 1e-3)), -abs(math.log(p["reg"] / 0.3))))
    regs = [trial.params["reg"] for trial in study.best_trials]
    assert min(regs) < 0.003
    assert max(regs) > 0.1
