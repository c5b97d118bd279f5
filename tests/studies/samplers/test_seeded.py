from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.options import SamplerName
from studies.samplers.grid import GRID_POINTS, GridSampler
from studies.samplers.seeded import make_sampler
from studies.search import SearchOptions, search
from studies.spec import Searched
from tests.studies import fragile
from tests.studies.test_search import Journal, tried

SPACE = {
    "reg": Searched(FloatDistribution(1e-3, 1.0, log=True), "made up"),
    "n_factors": Searched(IntDistribution(1, 3), "made up"),
    "kind": Searched(CategoricalDistribution(["a", "b"]), "made up"),
}
GRID_SIZE = GRID_POINTS * 3 * 2
SAMPLERS = ["gp", "tpe", "random", "grid"]


def ask(study: optuna.Study) -> Trial:
    return study.ask({name: searched.distribution for name, searched in SPACE.items()})


def fresh_study(tmp_path: Path, name: SamplerName, seed: int = 0) -> optuna.Study:
    storage = f"sqlite:///{tmp_path}/samplers.db"
    return optuna.create_study(
        storage=storage, study_name="x", sampler=make_sampler(name, seed, SPACE), load_if_exists=True
    )


def points(study: optuna.Study) -> list[tuple[Any, ...]]:
    return [tuple(trial.params[name] for name in SPACE) for trial in study.trials]


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_stopped_search_resumes_with_the_same_trials(
    data: Interactions, split: Split, options: SearchOptions, tmp_path: Path, name: SamplerName
) -> None:
    options = replace(options, sampler=name, rescore=0, n_trials=14)
    whole = tried(search("fragile", data, split, replace(options, storage=f"sqlite:///{tmp_path}/whole.db")))
    journal = Journal(stop_after=3)
    search("fragile", data, split, options, observers=[journal], should_stop=journal.should_stop)
    assert tried(search("fragile", data, split, options)) == whole
    assert len({params["quality"] for params, _ in whole}) == len(whole)


@pytest.mark.usefixtures("calm")
def test_other_samplers_and_other_seeds_propose_other_configurations(
    data: Interactions, split: Split, options: SearchOptions, tmp_path: Path
) -> None:
    def second(name: SamplerName, seed: int) -> float:
        storage = f"sqlite:///{tmp_path}/{name}{seed}.db"
        chosen = replace(options, sampler=name, seed=seed, storage=storage, n_trials=2, rescore=0)
        return float(tried(search("fragile", data, split, chosen))[1][0]["quality"])

    assert second("random", 0) != second("random", 1)
    assert second("random", 0) != second("grid", 0)


@pytest.mark.usefixtures("calm")
def test_a_grid_ends_by_itself_with_the_defaults_and_every_point_once(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    options = replace(options, sampler="grid", n_trials=50, rescore=0)
    history = search("fragile", data, split, options)
    low, high = 0.0, 1.0
    expected = {low + (high - low) * step / (GRID_POINTS - 1) for step in range(GRID_POINTS)}
    qualities = [params["quality"] for params, _ in tried(history)]
    assert qualities[0] == fragile.FragileConfig.quality  # the defaults, which are not on the grid
    assert sorted(qualities[1:]) == pytest.approx(sorted(expected))
    assert history.n_trials == GRID_POINTS + 1
    fits = fragile.Fragile.fits
    search("fragile", data, split, options)
    assert fragile.Fragile.fits == fits


def test_a_grid_has_the_ends_of_each_range_even_steps_on_its_scale_and_all_choices(tmp_path: Path) -> None:
    study = fresh_study(tmp_path, "grid")
    for _ in range(GRID_SIZE):
        study.tell(ask(study), 0.0)
    assert sorted(set(points(study))) == sorted(points(study))
    regs, factors, kinds = (sorted(set(values)) for values in zip(*points(study), strict=True))
    assert regs == pytest.approx([1e-3, 1e-2, 1e-1, 1.0])
    assert (regs[0], regs[-1], factors, kinds) == (1e-3, 1.0, [1, 2, 3], ["a", "b"])


def test_processes_that_ask_at_once_get_different_points_of_the_grid(tmp_path: Path) -> None:
    """Four processes have asked for a trial before any of these trials has parameters in the storage."""
    studies = [fresh_study(tmp_path, "grid") for _ in range(4)]
    numbers: list[int] = []
    for turn in range(GRID_SIZE // 4):
        trials = []
        for study in studies:
            trials.append(study.ask())
        for trial in reversed(trials) if turn % 2 else trials:
            for name, searched in SPACE.items():
                trial._suggest(name, searched.distribution)
            numbers.append(trial.number)
            if turn % 3:
                study.tell(trial, 0.0)
    assert sorted(numbers) == list(range(GRID_SIZE))
    assert len(set(points(studies[0]))) == GRID_SIZE


def test_the_order_of_the_grid_depends_on_the_seed(tmp_path: Path) -> None:
    def order(seed: int) -> Mapping[str, Any]:
        study = optuna.create_study(sampler=GridSampler(seed, SPACE))
        return ask(study).params

    assert order(1) == order(1)
    assert len({tuple(order(seed).values()) for seed in range(5)}) > 1


@pytest.mark.usefixtures("calm")
def test_a_resumed_study_may_use_another_sampler_and_records_its_first_trial(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    search("fragile", data, split, replace(options, n_trials=3))
    search("fragile", data, split, replace(options, n_trials=3, sampler="grid"))  # proposes no trial
    record = search("fragile", data, split, replace(options, n_trials=5, sampler="random")).record()
    assert record.samplers == {0: "Gaussian process", 3: "random"}


@pytest.mark.usefixtures("calm")
def test_a_search_seed_changes_the_proposals_on_the_same_split_and_is_recorded(
    data: Interactions, split: Split, options: SearchOptions
) -> None:
    records = [
        search("fragile", data, split, replace(options, n_trials=4, rescore=0, search_seed=seed, study_name=f"{seed}"))
        for seed in (None, 0, 1)
    ]
    proposed = [[params for params, _ in tried(history)] for history in records]
    assert proposed[0] == proposed[1] != proposed[2]
    assert [history.record().samplers for history in records] == [
        {0: "Gaussian process"},
        {0: "Gaussian process, seed 0"},
        {0: "Gaussian process, seed 1"},
    ]
    assert len({history.record().split.validation_hash for history in records}) == 1
