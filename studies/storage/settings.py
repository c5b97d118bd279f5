"""What all trials of a study must share to be comparable, and what differs when they do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.options import SearchOptions
from studies.record.study import DataSummary, ParameterRange, SplitSummary
from studies.spec import Searched, StudySpec
from studies.training_data import describe_features

__all__ = ["StudySettings", "data_summary", "differences", "split_summary", "study_settings"]

#: Settings that may differ between runs of one study, as they only name or describe the same things.
_FREE = ("data.name", "data.rows_read", "data.dropped", "data.notes", "data.terms", ".source")


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """Everything that trials of one study must share to be comparable."""

    model: str
    metric: str
    second_metric: str | None = None  #: of a study with two metrics
    seed: int
    max_epochs: int
    patience: int
    data: DataSummary
    split: SplitSummary
    space: Mapping[str, ParameterRange]
    fixed: Mapping[str, Any] = field(default_factory=dict)  #: values of the hyperparameters that are not searched


def study_settings(
    spec: StudySpec,
    space: Mapping[str, Searched],
    interactions: Interactions,
    split: Split,
    options: SearchOptions,
) -> StudySettings:
    """Return the settings of a study that is about to be searched."""
    return StudySettings(
        model=spec.model.name,
        metric=str(options.metric),
        second_metric=str(options.second_metric) if options.second_metric else None,
        seed=options.seed,
        max_epochs=spec.max_epochs,
        patience=spec.patience,
        data=replace(data_summary(interactions), features=describe_features(spec.model, interactions)),
        split=split_summary(split),
        space={name: _parameter_range(searched) for name, searched in space.items()},
        fixed={name: value for name, value in asdict(spec.config({})).items() if name not in {*space, "n_epochs"}},
    )


def data_summary(interactions: Interactions) -> DataSummary:
    """Summarise the data and where it came from."""
    source = interactions.source
    return DataSummary(
        name=interactions.name,
        n_users=interactions.n_users,
        n_items=interactions.n_items,
        n_likes=interactions.n_likes,
        rows_read=source.rows_read,
        dropped=dict(source.dropped),
        content_hash=interactions.content_hash,
        positive_from=source.positive_from,
        notes=source.notes,
        terms=source.terms,
    )


def split_summary(split: Split) -> SplitSummary:
    """Summarise what is held out from how many users; of the sealed test only what is known without opening it."""
    options, fold = split.options, split.validation[0]
    kind = "last" if options.holdout == "last" else "random"
    return SplitSummary(
        kind=options.kind,
        protocol=options.protocol,
        holdout=f"{options.n_held_out} {kind} like{'s' if options.n_held_out > 1 else ''} a user",
        seed=options.seed,
        n_eligible_users=split.n_eligible_users,
        n_test_users=split.test.n_users,
        n_hidden=options.n_held_out if options.kind == "leave-one-out" else None,
        is_last_by_time=options.holdout == "last",
        seen_may_return=fold.seen_may_return,
        n_unknown=0 if fold.n_unknown is None else int(fold.n_unknown.sum()),
        n_validation_users=len(fold.users),
        n_draws=len(split.validation),
        n_train_likes=int(fold.train.nnz),
        test_hash=split.test.hash,
        validation_hash=split.validation_hash,
    )


def _parameter_range(searched: Searched) -> ParameterRange:
    distribution = searched.distribution
    choice, *values = map(str, searched.only_if or [""])
    source = searched.source + (f"; searched if {choice} is {' or '.join(values)}" if choice else "")
    if isinstance(distribution, CategoricalDistribution):
        return ParameterRange(source=source, choices=tuple(distribution.choices))
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    return ParameterRange(
        source=source,
        low=distribution.low,
        high=distribution.high,
        log=distribution.log,
        is_integer=isinstance(distribution, IntDistribution),
    )


def differences(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Describe each setting that differs, except those that only name or describe the same things.

    ``stored`` is JSON, ``wanted`` the ``asdict`` of settings. A setting that only one of them has differs too.
    """
    there, here = _leaves(stored), _leaves(wanted)
    return [
        f"{name} is {there.get(name, 'absent')} there and {here.get(name, 'absent')} here"
        for name in dict.fromkeys([*there, *here])
        if there.get(name) != here.get(name) and not name.startswith(_FREE) and not name.endswith(_FREE)
    ]


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted name -> value."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            leaves.update(_leaves(value, f"{prefix}{name}."))
        else:
            leaves[prefix + name] = _as_in_json(value)
    return leaves


def _as_in_json(value: Any) -> Any:
    """Return the value with lists for tuples."""
    return [_as_in_json(part) for part in value] if isinstance(value, list | tuple) else value
