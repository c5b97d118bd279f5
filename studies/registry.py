"""The only list of models: those of mfbench, those that need an extra, and plug-ins.

Names are known without an import of any model, so that ``--help`` is fast.
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from shutil import which
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from studies.spec import StudySpec

from models.errors import UserError, did_you_mean

__all__ = [
    "MODELS",
    "NEED_EXTRAS",
    "Extra",
    "UnavailableModelError",
    "UnknownModelError",
    "check_model",
    "is_left_out",
    "left_out_plugins",
    "load_spec",
    "model_names",
    "usable_models",
]

PLUGINS = "mfbench.models"  #: the group of entry points, each ``name = "package.module:SPEC"``

#: Name -> the module that defines its ``SPEC``.
MODELS = {
    "als": "studies.spaces.als",
    "biased_svd": "studies.spaces.biased_svd",
    "bpr": "studies.spaces.bpr",
    "ease": "studies.spaces.ease",
    "funk_svd": "studies.spaces.funk_svd",
    "hybrid": "studies.spaces.hybrid",
    "ials": "studies.spaces.ials",
    "item2item": "studies.spaces.item2item",
    "logistic_mf": "studies.spaces.logistic_mf",
    "popularity": "studies.spaces.popularity",
    "random": "studies.spaces.random",
    "rp3beta": "studies.spaces.rp3beta",
    "slim": "studies.spaces.slim",
    "svd": "studies.spaces.svd",
    "svdpp": "studies.spaces.svdpp",
    "time_svdpp": "studies.spaces.time_svdpp",
    "user_knn": "studies.spaces.user_knn",
    "warp": "studies.spaces.warp",
}


class Extra(NamedTuple):
    """A model that needs another package, and where it is defined."""

    spec: str  #: ``module:NAME``
    needs: str  #: the package that is imported
    extra: str  #: the extra of mfbench that installs it
    program: str = ""  #: a program that must be on the path


#: Models that are used only where they are named or have a study.
NEED_EXTRAS = {
    "cornac_bpr": Extra("studies.spaces.peers:CORNAC_BPR", needs="cornac", extra="peers"),
    "cornac_ease": Extra("studies.spaces.peers:CORNAC_EASE", needs="cornac", extra="peers"),
    "cornac_mmmf": Extra("studies.spaces.peers:CORNAC_MMMF", needs="cornac", extra="peers"),
    "implicit_als": Extra("studies.spaces.peers:IMPLICIT_ALS", needs="implicit", extra="peers"),
    "implicit_bpr": Extra("studies.spaces.peers:IMPLICIT_BPR", needs="implicit", extra="peers"),
    "implicit_knn": Extra("studies.spaces.peers:IMPLICIT_KNN", needs="implicit", extra="peers"),
    "implicit_lmf": Extra("studies.spaces.peers:IMPLICIT_LMF", needs="implicit", extra="peers"),
    "irspack_ials": Extra("studies.spaces.peers:IRSPACK_IALS", needs="irspack", extra="peers"),
    "irspack_p3alpha": Extra("studies.spaces.peers:IRSPACK_P3ALPHA", needs="irspack", extra="peers"),
    "irspack_rp3beta": Extra("studies.spaces.peers:IRSPACK_RP3BETA", needs="irspack", extra="peers"),
    "irspack_slim": Extra("studies.spaces.peers:IRSPACK_SLIM", needs="irspack", extra="peers"),
    "lightfm": Extra("studies.spaces.peers:LIGHTFM", needs="lightfm", extra="peers"),
    "spark_als": Extra("studies.spaces.spark_als:SPEC", needs="pyspark", extra="spark", program="java"),
}


class UnknownModelError(UserError):
    """There is no model of this name; the message lists the models."""


class UnavailableModelError(UserError):
    """The model is known but cannot be loaded; the message says why."""


def model_names() -> list[str]:
    """Return the names of all known models, whether they can be loaded or not."""
    return sorted({*MODELS, *NEED_EXTRAS, *_plugins()})


def is_left_out(name: str) -> bool:
    """Whether the name is of no model, or of a plug-in that cannot be loaded."""
    return name not in NEED_EXTRAS and name not in usable_models()


def check_model(name: str) -> None:
    """Raise UnknownModelError or UnavailableModelError where ``load_spec`` would; imports no model but a plug-in."""
    if name in MODELS:
        return
    if name in NEED_EXTRAS:
        _check_extra(name)
    elif name in _plugins():
        _load_plugin(_plugins()[name])
    else:
        hint = did_you_mean(name, model_names())
        raise UnknownModelError(f"Unknown model {name!r}. Choose one of: {', '.join(model_names())}.{hint}")


def load_spec(name: str) -> StudySpec:
    """Return the spec of the model; UnavailableModelError where it cannot be loaded or is no StudySpec."""
    check_model(name)
    if name in _plugins():
        return _load_plugin(_plugins()[name])
    module, _, variable = (NEED_EXTRAS[name].spec if name in NEED_EXTRAS else f"{MODELS[name]}:SPEC").partition(":")
    spec: StudySpec = getattr(importlib.import_module(module), variable)
    return spec


def usable_models() -> list[str]:
    """Return the models that are used by default: those of mfbench and the plug-ins that can be loaded."""
    return sorted({*MODELS, *(name for name, plugin in _plugins().items() if not _problem(plugin))})


def left_out_plugins() -> list[str]:
    """Return a sentence for each installed plug-in that ``usable_models`` leaves out: its package and the reason."""
    return [problem for plugin in _installed() if (problem := _problem(plugin))]


@cache
def _installed() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=PLUGINS))


@cache
def _plugins() -> dict[str, EntryPoint]:
    """Name -> the first plug-in of that name; a plug-in cannot replace a model of mfbench."""
    found: dict[str, EntryPoint] = {}
    for plugin in _installed():
        if plugin.name not in MODELS and plugin.name not in NEED_EXTRAS:
            found.setdefault(plugin.name, plugin)
    return found


def _problem(plugin: EntryPoint) -> str | None:
    if _plugins().get(plugin.name) is not plugin:
        return f"{_describe(plugin)} is left out, as another model has its name"
    try:
        _load_plugin(plugin)
    except UnavailableModelError as error:
        return str(error)
    return None


def _check_extra(name: str) -> None:
    _, needs, extra, program = NEED_EXTRAS[name]
    if find_spec(needs) is None:
        raise UnavailableModelError(f"The model {name} needs {needs}: pip install -e '.[{extra}]'")
    if program and which(program) is None:
        raise UnavailableModelError(f"The model {name} needs {program}, which is not on the path; install it")


def _load_plugin(plugin: EntryPoint) -> StudySpec:
    from studies.spec import StudySpec

    try:
        spec = plugin.load()
    except Exception as error:  # the module may raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UnavailableModelError(f"{_describe(plugin)} cannot be imported: {reason}") from error
    if not isinstance(spec, StudySpec):
        raise UnavailableModelError(f"{_describe(plugin)} is no StudySpec but {type(spec).__name__}")
    if spec.model.name != plugin.name:
        raise UnavailableModelError(f"{_describe(plugin)} calls itself {spec.model.name!r}; the names must be the same")
    return spec


def _describe(plugin: EntryPoint) -> str:
    package = f"{plugin.dist.name} {plugin.dist.version}" if plugin.dist else "an unknown package"
    return f"The model {plugin.name} of {package} ({plugin.value})"
