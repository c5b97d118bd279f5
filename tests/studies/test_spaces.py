from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.ials import IALSConfig
from studies.registry import MODELS, UnavailableModelError, UnknownModelError, check_model, load_spec
from studies.spec import DataShape

SHAPE = DataShape(n_users=6000, n_items=3000, n_likes=500_000, is_weighted=True)
SMALL = DataShape(n_users=400, n_items=700, n_likes=9000)


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


def test_a_parameter_depends_on_a_choice_that_stands_before_it(model: str) -> None:
    space = load_spec(model).space_for(SHAPE)
    names = list(space)
    for name, searched in space.items():
        if searched.only_if:
            choice, *values = searched.only_if
            assert names.index(choice) < names.index(name)
            assert set(values) < set(space[choice].distribution.choices)


def test_factors_end_at_a_quarter_of_the_smaller_side_and_neighbours_at_the_items() -> None:
    ends = {shape: load_spec("ials").space_for(shape)["n_factors"].distribution.high for shape in (SHAPE, SMALL)}
    assert ends == {SHAPE: 512, SMALL: 100}
    assert load_spec("rp3beta").space_for(SMALL)["n_neighbors"].distribution.high == 700


def test_the_first_penalty_of_ials_takes_a_share_off_the_noise_of_likes_at_random() -> None:
    """The second singular value of likes strewn at random is that of their noise; the first one is of their mean."""
    n_users, n_items, density, w0 = 600, 400, 0.05, IALSConfig.unobserved_weight
    likes = np.random.default_rng(0).random((n_users, n_items)) < density
    reg = load_spec("ials").space_for(DataShape(n_users, n_items, int(likes.sum())))["reg"].first
    per_user, per_item = likes.sum() / n_users, likes.sum() / n_items
    shrinkage = reg * np.sqrt((per_user + w0 * n_items) * (per_item + w0 * n_users))
    assert shrinkage / np.linalg.svd(likes, compute_uv=False)[1] == pytest.approx(0.45, rel=0.05)
