"""Models of features among models of likes: what each is shown, and how it is said what that was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluation.fold import Fold
from evaluation.interactions import Interactions
from models.base import Recommender
from models.inputs import Features
from studies.registry import load_spec

__all__ = ["features_in_words", "features_of_all", "features_of_fold", "need_features"]


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


def features_in_words(model: type[Recommender[Any]], interactions: Interactions) -> str | None:
    """What the model learns from beside likes, with a hash; the same words for the same features alone."""
    tables = {"users": interactions.user_features, "items": interactions.item_features}
    said = [
        f"{len(table.names):,} of {side} from {', '.join(table.columns)} ({table.content_hash[:16]})"
        for side, table in tables.items()
        if table is not None
    ]
    return "; ".join(said) if said and model.learns_from_features else None
