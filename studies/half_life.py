"""The half-life of likes as a hyperparameter: the search space, and the times that models need for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from optuna.distributions import CategoricalDistribution

from evaluation.fold import Fold
from evaluation.interactions import Interactions, InvalidInteractionsError
from models.decay import DecayConfig
from models.errors import UserError
from studies.registry import MODELS, load_spec
from studies.spec import DataShape, Searched, StudySpec

__all__ = ["HALF_LIFE", "HalfLifeError", "half_life_space", "with_times"]

HALF_LIFE = "half_life_days"


class HalfLifeError(UserError):
    """The model does not weigh likes by age; the message lists the models that do."""


def half_life_space(
    spec: StudySpec, half_lives: Sequence[float | None], interactions: Interactions, shape: DataShape
) -> dict[str, Searched]:
    """Return the model's space for weighted likes with the half-lives to choose from, in days.

    Raises HalfLifeError for a model without the hyperparameter and InvalidInteractionsError for data without times.
    """
    if not issubclass(spec.model.config_type, DecayConfig):
        able = [name for name in MODELS if issubclass(load_spec(name).model.config_type, DecayConfig)]
        raise HalfLifeError(
            f"{spec.model.name} has no use for the age of a like; leave --half-life out, or take {', '.join(able)}"
        )
    if interactions.timestamps is None:
        raise InvalidInteractionsError(
            f"{interactions.name} has no timestamps, which --half-life needs; "
            "say which column they are in with --columns time=NAME, or leave it out"
        )
    chosen = Searched(CategoricalDistribution(list(dict.fromkeys(half_lives))), "what --half-life was given")
    return {**spec.space_for(shape._replace(is_weighted=True)), HALF_LIFE: chosen}


def with_times(folds: Sequence[Fold], interactions: Interactions, configs: Iterable[Any]) -> tuple[Fold, ...]:
    """Return the folds, with the times of their training likes where any of the configurations has a half-life."""
    if all(getattr(config, HALF_LIFE, None) is None for config in configs):
        return tuple(folds)
    return tuple(replace(fold, timestamps=interactions.times_of(fold.train)) for fold in folds)
