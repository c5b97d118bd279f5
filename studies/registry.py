"""The only list of models. Names are known without importing anything, so that ``--help`` is instant."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studies.spec import StudySpec

__all__ = ["MODELS", "UnknownModelError", "check_model", "load_spec"]

#: name -> the module that defines its ``SPEC``
MODELS = {
    "als": "studies.spaces.als",
    "bpr": "studies.spaces.bpr",
    "ials": "studies.spaces.ials",
    "item2item": "studies.spaces.item2item",
    "logistic_mf": "studies.spaces.logistic_mf",
    "popularity": "studies.spaces.popularity",
    "random": "studies.spaces.random",
    "warp": "studies.spaces.warp",
}


class UnknownModelError(ValueError):
    """There is no such model; the message says what there is."""


def check_model(name: str) -> None:
    """Raise UnknownModelError unless there is a model ``name``; imports nothing."""
    if name not in MODELS:
        nearest = difflib.get_close_matches(name.lower(), MODELS, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise UnknownModelError(f"Unknown model {name!r}. Choose one of: {', '.join(sorted(MODELS))}.{hint}")


def load_spec(name: str) -> StudySpec:
    """The study of the model ``name``."""
    check_model(name)
    spec: StudySpec = importlib.import_module(MODELS[name]).SPEC
    return spec
