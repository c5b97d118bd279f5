"""The best configuration of a model, fitted on all likes."""

from __future__ import annotations

import sys
from typing import Any

from evaluation.interactions import Interactions
from models.base import Recommender
from studies.comparison.entrants import best_of_any_split
from studies.storage.opening import open_storage
from studies.training_data import fit_on_all

__all__ = ["best_fit"]


def best_fit(
    name: str, interactions: Interactions, storage: str, *, seed: int, threads: int | None
) -> Recommender[Any]:
    """Fit the best configuration of any study of the data, or else the defaults, and print to stderr which it is."""
    spec, config, study = best_of_any_split(open_storage(storage), name, interactions)
    print(f"{name}: {f'the best of study {study}' if study else 'its defaults'}, fitted on all likes", file=sys.stderr)
    return fit_on_all(spec.model(config, seed=seed, threads=threads), interactions)
