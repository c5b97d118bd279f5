"""What each model is trained on, likes, ratings or features, and whether the data has what the model needs."""

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
    """Whether any of the models of these names learns from features."""
    return any(load_spec(name).model.learns_from_features for name in models)


def features_of_fold(model: Recommender[Any], fold: Fold) -> Features | None:
    """Return the features of the fold's users and items; None for a model that does not learn from features."""
    return Features(fold.user_features, fold.item_features) if model.learns_from_features else None


def features_of_all(model: Recommender[Any], interactions: Interactions) -> Features | None:
    """Return the features of all users and items; None for a model that does not learn from features."""
    if not model.learns_from_features:
        return None
    tables = interactions.user_features, interactions.item_features
    return Features(*(None if table is None else table.matrix for table in tables))


def describe_features(model: type[Recommender[Any]], interactions: Interactions) -> str | None:
    """Describe the features that the model learns from, with a hash; equal texts mean equal features."""
    tables = {"users": interactions.user_features, "items": interactions.item_features}
    descriptions = [
        f"{len(table.names):,} of {side} from {', '.join(table.columns)} ({table.content_hash[:16]})"
        for side, table in tables.items()
        if table is not None
    ]
    return "; ".join(descriptions) if descriptions and model.learns_from_features else None


def need_ratings(models: Sequence[str]) -> bool:
    """Whether any of the models of these names learns from ratings."""
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
    """Return the fold that the model is trained on: of ratings for a rating model."""
    return fold.of_ratings if model.learns_from_ratings else fold


def fit_on_all(model: Recommender[Any], interactions: Interactions) -> Recommender[Any]:
    """Fit the model on all data; InvalidInteractionsError where the data lacks what the model learns from."""
    check_suits(type(model), interactions)
    ratings = interactions.ratings
    if ratings is None or not model.learns_from_ratings:
        features = features_of_all(model, interactions)
        return model.fit(interactions.matrix, timestamps=interactions.timestamps, features=features)
    return model.fit(ratings.matrix, timestamps=ratings.timestamps)


def errors_of(model: Recommender[Any], fold: Fold) -> RatingErrors | None:
    """Return the errors on the withheld ratings of the fold; None for a model that predicts no ratings."""
    if fold.ratings is None or not isinstance(model, RatingModel):
        return None
    return rating_errors(model.predict, fold.ratings.withheld)
