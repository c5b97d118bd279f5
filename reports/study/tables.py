"""The tables of a study's page, except those that belong to a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.sentences import counted, is_established
from reports.study.parameter_axes import axes
from reports.study.trial_marks import STATES
from reports.study.verdict import headline_metrics
from studies.record.study import Estimate, ParameterRange, StudyRecord, TrialRecord

__all__ = ["configuration", "scores", "space", "trials"]


def scores(record: StudyRecord) -> Table:
    """The best trial, the defaults and the baselines; beside each metric the gain of the best trial over the row."""
    metrics = headline_metrics(record)
    columns = [Column("", is_numeric=False)]
    for metric in metrics:
        name = formats.metric_name(metric)
        columns += [Column(name), Column(f"Gain in {name}")] if _gains(record, metric) else [Column(name)]
    columns += [Column(formats.metric_name(name)) for name in record.error_names]
    rows = tuple(
        (
            cells.text(title),
            *(cell for metric in metrics for cell in _scores(record, over, metric, measured)),
            *(cells.estimate(measured.get(name)) for name in record.error_names),
        )
        for over, title, measured in _contenders(record)
    )
    gains = "; the gain is that of the best trial over the row, paired by user" if record.gains else ""
    return Table(f"Validation scores with 95{formats.NBSP}% intervals{gains}", tuple(columns), rows)


def configuration(record: StudyRecord) -> Table:
    """Each hyperparameter of the best trial and its default; both are equal if it was not searched."""
    defaults: dict[str, object] = dict(record.defaults.params) if record.defaults else {}
    if record.defaults is not None and record.defaults.n_epochs is not None:
        defaults["n_epochs"] = record.defaults.n_epochs
    columns = [Column("Hyperparameter", is_numeric=False), Column("Best"), *([Column("Defaults")] if defaults else [])]
    rows = []
    for name, value in record.best_config.items():
        is_fixed = name not in record.space and name != "n_epochs"
        note = "not searched" if is_fixed else "found by early stopping" if name == "n_epochs" else ""
        row = [cells.text(name, note), cells.parameter(value)]
        if defaults:
            row.append(cells.parameter(defaults.get(name, value if is_fixed else None)))
        rows.append(tuple(row))
    return Table("The best configuration and the defaults", tuple(columns), tuple(rows))


def trials(record: StudyRecord) -> Table:
    """Each trial with its state, scores, times, parameters and error."""
    metrics, scales = headline_metrics(record), axes(record)
    has_errors = any(trial.error for trial in record.trials)
    columns = (
        Column("Trial"),
        Column("State", is_numeric=False),
        *(Column(formats.metric_name(name)) for name in (*metrics, *record.error_names)),
        Column("Epochs"),
        Column("Fit time"),
        Column("Trial time"),
        *(Column(scale.name, is_numeric=not scale.categories) for scale in scales),
        *([Column("Error", is_numeric=False, is_wide=True)] if has_errors else []),
    )
    rows = tuple(
        (
            Cell(str(trial.number), trial.number, _role(trial, record)),
            cells.text(f"{STATES[trial.state].sign} {trial.state}", _repeats(trial)),
            *(_trial_score(trial, metric, record) for metric in metrics),
            *(cells.estimate(trial.errors.get(name)) for name in record.error_names),
            cells.number(trial.n_epochs or len(trial.curve) or None),
            cells.duration(trial.fit_seconds),
            cells.duration(trial.seconds),
            *(cells.parameter(trial.params.get(scale.name)) for scale in scales),
            *([Cell(trial.error or "", trial.error)] if has_errors else []),
        )
        for trial in record.trials
    )
    return Table(f"{counted(len(rows), 'trial')}; select a column title to sort", columns, rows)


def space(record: StudyRecord) -> Table:
    columns = (
        Column("Hyperparameter", is_numeric=False),
        Column("Range", is_numeric=False),
        Column("Scale", is_numeric=False),
        Column("Best", is_numeric=False),
        Column("Source of the range", is_numeric=False, is_wide=True),
    )
    params = record.best.params if record.best else {}
    rows = tuple(
        (
            cells.text(name),
            cells.text(_range(within)),
            cells.text(_scale(within)),
            cells.text(formats.parameter(params.get(name))),
            cells.text(within.source),
        )
        for name, within in record.space.items()
    )
    return Table("Searched ranges", columns, rows)


def _contenders(record: StudyRecord) -> list[tuple[str, str, Mapping[str, Estimate]]]:
    """(name in a gain, title in the table, scores) of each row; rows without scores are left out."""
    best, defaults = record.best, record.defaults
    named: list[tuple[str, str, Mapping[str, Estimate]]] = []
    if best is not None:
        named.append(("", f"Best, trial {best.number}", {**best.metrics, **best.errors}))
    if defaults is not None and defaults is not best:
        named.append(("defaults", f"Defaults, trial {defaults.number}", {**defaults.metrics, **defaults.errors}))
    named += [(name, name.capitalize(), floor) for name, floor in record.floors.items()]
    return [row for row in named if row[2]]


def _gains(record: StudyRecord, metric: str) -> dict[str, Estimate]:
    return {gain.over: gain.difference for gain in record.gains if gain.metric == metric}


def _scores(record: StudyRecord, over: str, metric: str, measured: Mapping[str, Estimate]) -> list[Cell]:
    estimate, gains = measured.get(metric), _gains(record, metric)
    shown = [cells.estimate(estimate)]
    if gains and over not in gains:
        shown.append(Cell(""))
    elif gains:
        gain = cells.gain(gains[over])
        doubt = "" if is_established(gains[over]) else "not established"
        shown.append(replace(gain, note="\n".join(filter(None, [gain.note, doubt]))))
    return shown


def _trial_score(trial: TrialRecord, metric: str, record: StudyRecord) -> Cell:
    estimate = trial.metrics.get(metric)
    if estimate is not None:
        return cells.estimate(estimate)
    return cells.score(trial.value if metric == record.metric else None)


def _role(trial: TrialRecord, record: StudyRecord) -> str:
    return ", ".join(["best"] * (trial is record.best) + ["defaults"] * trial.is_default)


def _repeats(trial: TrialRecord) -> str:
    return "" if trial.same_as is None else f"same configuration as trial {trial.same_as}, not trained again"


def _range(within: ParameterRange) -> str:
    if within.choices:
        return ", ".join(formats.parameter(choice) for choice in within.choices)
    return f"{formats.parameter(within.low)} to {formats.parameter(within.high)}"


def _scale(within: ParameterRange) -> str:
    if within.choices:
        return "choice"
    return ("logarithmic" if within.log else "linear") + (", integers" if within.is_integer else "")
