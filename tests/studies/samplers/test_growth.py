from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.options import InvalidSearchError
from studies.registry import load_spec
from studies.samplers.growth import NEAR, Growth, GrowthError, plan_growth
from studies.samplers.seeded import make_sampler
from studies.search import SearchOptions, search
from studies.spec import Searched
from tests.studies.test_search import Journal, tried

SPACE = {
    "n_factors": Searched(IntDistribution(8, 128, log=True), "made up"),
    "reg": Searched(FloatDistribution(1e-4, 1e-1, log=True), "made up"),
    "exponent": Searched(FloatDistribution(0.0, 1.0), "made up"),
    "kind": Searched(CategoricalDistribution(["a", "b"]), "made up"),
}


@pytest.mark.parametrize(
    ("limit", "n_trials", "sizes", "counts"),
    [
        (256, 30, (32, 64, 128, 256), (15, 5, 5, 5)),
        (128, 30, (32, 64, 128), (15, 8, 7)),
        (100, 31, (25, 50, 100), (16, 8, 7)),
        (33, 4, (16, 33), (2, 2)),
        (64, 1, (32, 64), (1, 0)),
    ],
)
def test_half_of_the_trials_are_small_and_the_doublings_share_the_rest(
    limit: int, n_trials: int, sizes: tuple[int, ...], counts: tuple[int, ...]
) -> None:
    plan = plan_growth("m", SPACE, limit, n_trials)
    assert (plan.sizes, plan.n_trials, sum(plan.n_trials)) == (sizes, counts, n_trials)


def test_the_plan_reads_as_a_sentence() -> None:
    plan = plan_growth("m", SPACE, 128, 30)
    assert plan.description == "the defaults, then 14 with 32, 8 with 64 and 7 with 128 factors"
    assert [plan.stage(index) for index in (0, 14, 15, 22, 23, 29, 99)] == [0, 0, 1, 1, 2, 2, 2]


def grown(plan: Growth, n_trials: int) -> list[FrozenTrial]:
    """Run trials whose value is highest for reg near .01 and rises a little with factors; each opens the study anew."""
    space = plan.space(SPACE)
    storage = optuna.storages.InMemoryStorage()
    for _ in range(n_trials):
        study = optuna.create_study(
            storage=storage,
            study_name="x",
            direction="maximize",
            sampler=make_sampler("tpe", 0, space, plan),
            load_if_exists=True,
        )
        trial = study.ask({name: searched.distribution for name, searched in space.items()})
        study.tell(trial, -abs(trial.params["reg"] - 0.01) + 1e-6 * trial.params["n_factors"])
    return study.trials


def test_each_doubling_starts_from_the_best_smaller_one_and_stays_within_a_factor_of_three() -> None:
    plan = plan_growth("m", SPACE, 256, 40)
    trials = grown(plan, 40)
    assert [trial.params["n_factors"] for trial in trials] == [
        size for size, n in zip(plan.sizes, plan.n_trials, strict=True) for _ in range(n)
    ]
    for size, doubled in zip(plan.sizes, plan.sizes[1:], strict=False):
        assert doubled == 2 * size
        smaller = [trial for trial in trials if trial.params["n_factors"] <= size]
        best = max(smaller, key=lambda trial: trial.value or 0.0)
        first, *others = [trial for trial in trials if trial.params["n_factors"] == doubled]
        assert first.params == {**best.params, "n_factors": doubled}
        for trial in others:
            assert trial.params["kind"] == best.params["kind"]
            for name, distribution in (("reg", (1e-4, 1e-1)), ("exponent", (0.0, 1.0))):
                assert best.params[name] / NEAR <= trial.params[name] <= best.params[name] * NEAR
                assert distribution[0] <= trial.params[name] <= distribution[1]
        assert len({trial.params["reg"] for trial in others}) == len(others)


def test_without_a_smaller_completed_trial_a_doubling_is_searched_as_the_first_trials_are() -> None:
    plan = plan_growth("m", SPACE, 64, 4)
    study = optuna.create_study(direction="maximize", sampler=make_sampler("tpe", 0, plan.space(SPACE), plan))
    for _ in range(4):
        trial = study.ask({name: searched.distribution for name, searched in plan.space(SPACE).items()})
        study.tell(trial, state=TrialState.PRUNED)
    assert [trial.params["n_factors"] for trial in study.trials] == [32, 32, 64, 64]
    assert len({trial.params["reg"] for trial in study.trials}) == 4


def test_a_real_model_grows_and_a_stopped_study_resumes_with_the_same_trials(
    data: Interactions, split: Split, options: SearchOptions, tmp_path: Path
) -> None:
    options = replace(options, n_trials=8, grow_factors=64, rescore=0)
    whole = replace(options, storage=f"sqlite:///{tmp_path}/whole.db")
    record = search("als", data, split, whole).record()
    defaults = load_spec("als").model.config_type().n_factors
    assert [trial.params["n_factors"] for trial in record.trials] == [defaults, 32, 32, 32, 64, 64, 64, 64]
    assert record.space["n_factors"].high == 64
    assert record.samplers == {0: "Gaussian process; growing: the defaults, then 3 with 32 and 4 with 64 factors"}
    for stop in (2, 6):
        journal = Journal(stop_after=stop - (0 if stop == 2 else 2))
        search("als", data, split, options, observers=[journal], should_stop=journal.should_stop)
    again = tried(search("als", data, split, options))
    assert [params for params, _ in again] == [dict(trial.params) for trial in record.trials]


@pytest.mark.parametrize(
    ("model", "limit", "message"),
    [
        ("item2item", 128, "item2item has no factors that could grow"),
        ("als", 32, "begins at 32 factors or fewer and needs more to end at, got 32"),
    ],
)
def test_a_model_that_cannot_grow_is_refused_before_a_study_is_created(
    data: Interactions, split: Split, options: SearchOptions, tmp_path: Path, model: str, limit: int, message: str
) -> None:
    with pytest.raises(GrowthError, match=message):
        search(model, data, split, replace(options, grow_factors=limit))
    assert list(tmp_path.iterdir()) == []


def test_a_grid_does_not_grow(options: SearchOptions) -> None:
    with pytest.raises(InvalidSearchError, match="A grid does not grow"):
        replace(options, grow_factors=64, sampler="grid")
