"""The configurations that are compared: the best of each model's studies on this data and this split."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.storages import RDBStorage

from evaluation.interactions import Interactions
from evaluation.metrics import Metric
from evaluation.split import Split
from studies.history import StudyHistory
from studies.record.study import Estimate
from studies.registry import NEED_EXTRAS, is_left_out, load_spec, usable_models
from studies.spec import StudySpec
from studies.storage.errors import StorageError
from studies.storage.opening import StudyMismatchError, load_study
from studies.storage.schema import RESULT, SETTINGS
from studies.storage.settings import StudySettings, differences, split_summary
from studies.training_data import describe_features, suits

__all__ = ["BASELINES", "Entrant", "best_of_any_split", "load_entrants", "untuned"]

HASHES = ("split.test_hash", "split.validation_hash")
BASELINES = ("popularity", "random")  #: baselines, which take part with or without a study


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """A model and the configuration of it that is compared."""

    name: str
    spec: StudySpec
    config: Any
    study: str | None = None
    n_trials: int = 0
    value: float = 0.0  #: of the metric, on validation
    validation: Mapping[str, Estimate]  #: by which the configuration was chosen, over fresh draws too if any

    @property
    def is_floor(self) -> bool:
        return self.name in BASELINES


def untuned(
    storage: RDBStorage, models: Sequence[str] | None, interactions: Interactions, split: Split, metric: Metric
) -> list[str]:
    """Return the models that have no study of this split and metric, of ``models`` or of all that suit the data."""
    candidates = _candidates(storage, interactions)
    suitable = [name for name in usable_models() if suits(load_spec(name).model, interactions)]
    return [
        name
        for name in models or suitable
        if name not in BASELINES
        and not any(_fits(settings, split, metric) for settings in candidates.get(name, {}).values())
    ]


def load_entrants(
    storage: RDBStorage, models: Sequence[str] | None, interactions: Interactions, split: Split, metric: Metric
) -> list[Entrant]:
    """Return the best configuration of each model, of ``models`` or of all that have a study, and the baselines.

    Raises StorageError where a model has no study of this data with a completed trial, and StudyMismatchError where
    all its studies hold out other items or maximise another metric.
    """
    candidates = _candidates(storage, interactions)
    names = [name for name in models or sorted(candidates) if name not in BASELINES]
    if not names:
        raise StorageError(
            f"No model has a study of {interactions.name} in the storage; tune some with bench.study, or give --tune 30"
        )
    entrants = [_best_entrant(storage, name, candidates.get(name, {}), interactions, split, metric) for name in names]
    specs = {name: load_spec(name) for name in BASELINES}
    return entrants + [Entrant(name=n, spec=spec, config=spec.config({}), validation={}) for n, spec in specs.items()]


def best_of_any_split(storage: RDBStorage, model: str, interactions: Interactions) -> tuple[StudySpec, Any, str | None]:
    """Return the model's best configuration on this data and its study, of any split; its defaults without a study."""
    spec = load_spec(model)
    studies = _candidates(storage, interactions).get(model, {})
    entrants = [entrant for name in studies if (entrant := _entrant(load_study(storage, name)))]
    if not entrants:
        return spec, spec.config({}), None
    best = max(entrants, key=lambda entrant: entrant.value)
    return spec, best.config, best.study


def _candidates(storage: RDBStorage, interactions: Interactions) -> dict[str, dict[str, StudySettings]]:
    """Model -> study of this data (and features, for a model that learns from them) -> its settings."""
    found: dict[str, dict[str, StudySettings]] = {}
    for summary in optuna.get_all_study_summaries(storage, include_best_trial=False):
        settings = SETTINGS.read(summary.user_attrs)
        if settings is None or settings.data.content_hash != interactions.content_hash or is_left_out(settings.model):
            continue
        name = settings.model
        if name in NEED_EXTRAS or settings.data.features == describe_features(load_spec(name).model, interactions):
            found.setdefault(name, {})[summary.study_name] = settings
    return found


def _with_features(model: str) -> str:
    return " with these features" if load_spec(model).model.learns_from_features else ""


def _best_entrant(
    storage: RDBStorage,
    model: str,
    studies: Mapping[str, StudySettings],
    interactions: Interactions,
    split: Split,
    metric: Metric,
) -> Entrant:
    if not studies:
        raise StorageError(
            f"{model} has no study of {interactions.name}{_with_features(model)} in the storage; "
            "tune it with bench.study, give --tune 30, or leave it out with --models"
        )
    fitting = [name for name, settings in studies.items() if _fits(settings, split, metric)]
    if not fitting:
        name, settings = next(iter(studies.items()))
        raise StudyMismatchError(
            f"Study {name!r} cannot be compared: {'; '.join(_reasons(_differences(settings, split, metric)))}. "
            "Give the options it was tuned with, tune the model with these, or leave it out with --models."
        )
    entrants = [entrant for name in fitting if (entrant := _entrant(load_study(storage, name)))]
    if not entrants:
        raise StorageError(f"No trial of study {fitting[0]!r} completed, so there is nothing of {model} to compare")
    return max(entrants, key=lambda entrant: entrant.value)


def _entrant(study: optuna.Study) -> Entrant | None:
    history = StudyHistory(study)
    best = history.best()
    if best is None:
        return None
    model = SETTINGS.require(study.user_attrs).model
    spec = load_spec(model)
    (trial,) = history.trial_records([best.number])
    named_by = trial.overall or trial.metrics
    return Entrant(
        name=model,
        spec=spec,
        config=RESULT.require(best.user_attrs).refit_config(spec),
        study=study.study_name,
        n_trials=len(history.finished()),
        value=named_by[str(history.metric)].mean,
        validation=named_by,
    )


def _fits(settings: StudySettings, split: Split, metric: Metric) -> bool:
    return not _differences(settings, split, metric)


def _reasons(found: Sequence[str]) -> list[str]:
    """Return the differences that explain other hashes; where there are none, the hashes, shortened."""
    causes = [each for each in found if not each.startswith(HASHES)]
    return causes or [re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1…", each) for each in found]


def _differences(settings: StudySettings, split: Split, metric: Metric) -> list[str]:
    there = {"metric": settings.metric, "split": asdict(settings.split)}
    return differences(there, {"metric": str(metric), "split": asdict(split_summary(split))})
