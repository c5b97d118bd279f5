"""What each model is shown of the data: likes, ratings or features, and whether the data has what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluation.fold import Fold
from evaluation.interactions import Interactions, InvalidInteractionsError
from evaluation.rating_errors import RatingErrors, rating_errors
from models.base import Recommender
from models.inputs import Features
from models.rating_model import RatingModel
from studies.registry import load_spec

__all__ = [
    "check_suits",
    "describe_features",
    "errors_of",
    "features_of_all",
    "features_of_fold",
    "fit_on_all",
    "need_features",
    "need_ratings",
    "suited",
    "suits",
]


def need_features(models: Sequence[str]) -> bool:
    """Whether any of these, by name, learns from features."""
    return any(load_spec(name).model.learns_from_features for name in models)


def features_of_fold(model: Recommender[Any], fold: Fold) -> Features | None:
    """What the fold knows of users and items; None for a model that has no use for it."""
    return Features(fold.user_features, fold.item_features) if model.learns_from_features else None


def features_of_all(model: Recommender[Any], interactions: Interactions) -> Features | None:
    """The same of all data."""
    if not model.learns_from_features:
        return None
    tables = interactions.user_features, interactions.item_features
    return Features(*(None if table is None else table.matrix for table in tables))


def describe_features(model: type[Recommender[Any]], interactions: Interactions) -> str | None:
    """What the model learns from beside likes, with a hash; the same words for the same features alone."""
    tables = {"users": interactions.user_features, "items": interactions.item_features}
    said = [
        f"{len(table.names):,} of {side} from {', '.join(table.columns)} ({table.content_hash[:16]})"
        for side, table in tables.items()
        if table is not None
    ]
    return "; ".join(said) if said and model.learns_from_features else None


def need_ratings(models: Sequence[str]) -> bool:
    """Whether any of these, by name, learns from ratings."""
    return any(load_spec(name).model.learns_from_ratings for name in models)


def suits(model: type[Recommender[Any]], interactions: Interactions) -> bool:
    """Whether the data has what the model learns from."""
    ratings = interactions.ratings
    if not model.learns_from_ratings:
        return True
    return ratings is not None and (ratings.timestamps is not None or not model.learns_from_times)


def check_suits(model: type[Recommender[Any]], interactions: Interactions) -> None:
    """Raise InvalidInteractionsError unless the data has what the model learns from."""
    if not suits(model, interactions):
        needed = "timestamps" if interactions.ratings else "ratings"
        column = "time" if interactions.ratings else "rating"
        raise InvalidInteractionsError(
            f"{model.name} learns from {needed}, and {interactions.name} has none; "
            f"say which column they are in with --columns {column}=NAME, or take another model"
        )


def suited(fold: Fold, model: type[Recommender[Any]]) -> Fold:
    """The fold as the model learns from it."""
    return fold.of_ratings if model.learns_from_ratings else fold


def fit_on_all(model: Recommender[Any], interactions: Interactions) -> Recommender[Any]:
    """Fit the model on everything there is; raises InvalidInteractionsError where that is not what it learns from."""
    check_suits(type(model), interactions)
    ratings = interactions.ratings
    if ratings is None or not model.learns_from_ratings:
        features = features_of_all(model, interactions)
        return model.fit(interactions.matrix, timestamps=interactions.timestamps, features=features)
    return model.fit(ratings.matrix, timestamps=ratings.timestamps)


def errors_of(model: Recommender[Any], fold: Fold) -> RatingErrors | None:
    """On the ratings that ``fold`` withholds; None for a model of likes."""
    if fold.ratings is None or not isinstance(model, RatingModel):
        return None
    return rating_errors(model.predict, fold.ratings.withheld)
