"""Models, data and splits as the options of a command describe them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.cli.options import Arguments
from bench.datasets import DataOptions, describe, load, load_validation
from evaluation.interactions import Interactions
from evaluation.split import Split, SplitOptions, split_likes
from reports.formats import visible
from studies.registry import check_model, left_out_plugins, usable_models
from studies.training_data import need_features, need_ratings

__all__ = ["default_name", "load_for", "load_split", "named_or_usable"]


def named_or_usable(names: Sequence[str] | None) -> Sequence[str]:
    """Return ``names``, or all models that need no extra; then plug-ins that failed to load are printed.

    Raises UnknownModelError and UnavailableModelError.
    """
    if not names:
        for reason in left_out_plugins():
            print(f"Left out: {reason}", file=sys.stderr)
        return usable_models()
    for name in names:
        check_model(name)
    return names


def default_name(prefix: str, interactions: Interactions) -> str:
    """Name a study or comparison after its data; without surrogates, which no database takes."""
    return f"{prefix}-{interactions.name}".encode("utf-8", "replace").decode()


def load_for(arguments: Arguments, models: Sequence[str]) -> Interactions:
    """Load what ``models`` learn from. Raises DataError."""
    return load(_data_options(arguments, models))


def load_split(arguments: Arguments, models: Sequence[str]) -> tuple[Interactions, Split]:
    """Load the data, print how many likes there are, and split them. Raises DataError and InvalidSplitError."""
    options = _data_options(arguments, models)
    holdout, n_held_out = arguments["holdout"]
    split_options = arguments.build(SplitOptions, holdout=holdout, n_held_out=n_held_out)
    interactions = load(options)
    print(f"{visible(interactions.name)}: {describe(interactions)}")
    given = load_validation(options, interactions) if split_options.kind == "given" else None
    return interactions, split_likes(interactions, split_options, given)


def _data_options(arguments: Arguments, models: Sequence[str]) -> DataOptions:
    return arguments.build(DataOptions, keep_ratings=need_ratings(models), keep_features=need_features(models))
