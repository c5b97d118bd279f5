from __future__ import annotations

import dataclasses

import pytest

from studies.registry import MODELS, UnavailableModelError, UnknownModelError, check_model, load_spec
from studies.spec import DataShape

SHAPE = DataShape(n_users=6000, n_items=3000, n_likes=500_000, is_weighted=True)


@pytest.fixture(params=sorted({*MODELS, "spark_als"}))
def model(request: pytest.FixtureRequest) -> str:
    try:
        check_model(request.param)
    except UnavailableModelError as reason:
        pytest.skip(str(reason))
    return str(request.param)


def test_every_range_names_its_source_and_holds_the_default(model: str) -> None:
    spec = load_spec(model)
    space = spec.space_for(SHAPE)
    for name, default in spec.defaults(space).items():
        searched = space[name]
        assert len(searched.source) > 10, f"{name} has no source"
        assert searched.distribution._contains(searched.distribution.to_internal_repr(default)), (
            f"the default {name}={default} is outside {searched.distribution}, so that trial 0 could not run it"
        )


def test_only_hyperparameters_are_searched_and_epochs_are_not(model: str) -> None:
    spec = load_spec(model)
    fields = {field.name for field in dataclasses.fields(spec.model.config_type)}
    assert set(spec.space_for(SHAPE)) <= fields - {"n_epochs"}
    assert (spec.max_epochs > 1) == ("n_epochs" in fields)


def test_a_config_is_made_of_any_corner_of_the_space(model: str) -> None:
    spec = load_spec(model)
    space = spec.space_for(SHAPE)
    for corner in ("low", "high"):
        params = {
            name: getattr(s.distribution, corner) if hasattr(s.distribution, corner) else s.distribution.choices[-1]
            for name, s in space.items()
        }
        config = spec.config(params)
        assert {name: getattr(config, name) for name in params} == params


def test_for_an_unknown_model_the_nearest_name_is_suggested() -> None:
    with pytest.raises(
        UnknownModelError, match=r"^Unknown model 'Iasl'\. Choose one of: .*ials.* Did you mean 'ials'\?$"
    ):
        load_spec("Iasl")


def test_a_name_unlike_any_model_gets_no_suggestion() -> None:
    with pytest.raises(UnknownModelError) as raised:
        load_spec("zzz")
    assert "Did you mean" not in str(raised.value)
