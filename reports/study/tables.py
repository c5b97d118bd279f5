"""The tables of a study's page that belong to no figure."""

from __future__ import annotations

from collections.abc import Mapping

from reports import formats, tables
from reports.study.parameters import axes
from reports.study.verdict import headline_metrics, is_established
from reports.tables import Cell, Column, Table
from reports.trial_marks import STATES
from studies.record.study import Estimate, ParameterRange, StudyRecord, TrialRecord

__all__ = ["configuration", "scores", "space", "trials"]


def scores(record: StudyRecord) -> Table:
    """The best trial, the defaults and the floors; beside each metric what the best trial gains over the row."""
    metrics = headline_metrics(record)
    columns = [Column("", is_numeric=False)]
    for metric in metrics:
        name = formats.metric_name(metric)
        columns += [Column(name), Column(f"Gain in {name}")] if _gains(record, metric) else [Column(name)]
    columns += [Column(formats.metric_name(name)) for name in record.error_names]
    rows = tuple(
        (
            tables.text(title),
            *(cell for metric in metrics for cell in _scores(record, over, metric, measured)),
            *(_error(measured.get(name)) for name in record.error_names),
        )
        for over, title, measured in _contenders(record)
    )
    gains = "; gains are of the best trial over the row, paired by user" if record.gains else ""
    return Table(f"Validation scores with 95{formats.NBSP}% intervals{gains}", tuple(columns), rows)


def configuration(record: StudyRecord) -> Table:
    """Every hyperparameter of the best trial beside the defaults'; one that is not searched is the same in both."""
    defaults: dict[str, object] = dict(record.defaults.params) if record.defaults else {}
    if record.defaults is not None and record.defaults.n_epochs is not None:
        defaults["n_epochs"] = record.defaults.n_epochs
    columns = [Column("Hyperparameter", is_numeric=False), Column("Best"), *([Column("Defaults")] if defaults else [])]
    rows = []
    for name, value in record.best_config.items():
        is_fixed = name not in record.space and name != "n_epochs"
        note = "not searched" if is_fixed else "found by early stopping" if name == "n_epochs" else ""
        cells = [tables.text(name, note), tables.parameter(value)]
        if defaults:
            cells.append(tables.parameter(defaults.get(name, value if is_fixed else None)))
        rows.append(tuple(cells))
    return Table("The best configuration beside the defaults", tuple(columns), tuple(rows))


def trials(record: StudyRecord) -> Table:
    """Every trial with its state, scores, times, parameters and, where one failed, its error."""
    metrics, scales = headline_metrics(record), axes(record)
    has_errors = any(trial.error for trial in record.trials)
    columns = (
        Column("Trial"),
        Column("State", is_numeric=False),
        *(Column(formats.metric_name(name)) for name in (*metrics, *record.error_names)),
        Column("Epochs"),
        Column("Fitting"),
        Column("Whole trial"),
        *(Column(scale.name, is_numeric=not scale.categories) for scale in scales),
        *([Column("Error", is_numeric=False, is_wide=True)] if has_errors else []),
    )
    rows = tuple(
        (
            Cell(str(trial.number), trial.number, _role(trial, record)),
            tables.text(f"{STATES[trial.state].sign} {trial.state}", _answered(trial)),
            *(_trial_score(trial, metric, record) for metric in metrics),
            *(_error(trial.errors.get(name)) for name in record.error_names),
            tables.number(trial.n_epochs or len(trial.curve) or None),
            tables.duration(trial.fit_seconds),
            tables.duration(trial.seconds),
            *(tables.parameter(trial.params.get(scale.name)) for scale in scales),
            *([Cell(trial.error or "", trial.error)] if has_errors else []),
        )
        for trial in record.trials
    )
    return Table(f"{formats.count(len(rows))} trials; a column's title sorts by it", columns, rows)


def space(record: StudyRecord) -> Table:
    columns = (
        Column("Hyperparameter", is_numeric=False),
        Column("Range", is_numeric=False),
        Column("Scale", is_numeric=False),
        Column("Source of the range", is_numeric=False, is_wide=True),
    )
    rows = tuple(
        (tables.text(name), tables.text(_range(within)), tables.text(_scale(within)), tables.text(within.source))
        for name, within in record.space.items()
    )
    return Table("Ranges searched", columns, rows)


def _contenders(record: StudyRecord) -> list[tuple[str, str, Mapping[str, Estimate]]]:
    """What each is called in a gain and in the table, and its scores; one that has none is left out."""
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
    cells = [tables.score(estimate.mean if estimate else None, estimate)]
    if gains and over not in gains:
        cells.append(Cell(""))
    elif gains:
        gain = gains[over]
        doubt = "" if is_established(gain) else "\nnot established"
        cells.append(Cell(formats.signed(gain.mean), gain.mean, formats.gain_interval(gain) + doubt))
    return cells


def _error(estimate: Estimate | None) -> Cell:
    return tables.score(estimate.mean if estimate else None, estimate)


def _trial_score(trial: TrialRecord, metric: str, record: StudyRecord) -> Cell:
    estimate = trial.metrics.get(metric)
    if estimate is not None:
        return tables.score(estimate.mean, estimate)
    return tables.score(trial.value if metric == record.metric else None)


def _role(trial: TrialRecord, record: StudyRecord) -> str:
    return ", ".join(["best"] * (trial is record.best) + ["defaults"] * trial.is_default)


def _answered(trial: TrialRecord) -> str:
    return "" if trial.same_as is None else f"not trained again: as trial {trial.same_as}"


def _range(within: ParameterRange) -> str:
    if within.choices:
        return ", ".join(formats.parameter(choice) for choice in within.choices)
    return f"{formats.parameter(within.low)} to {formats.parameter(within.high)}"


def _scale(within: ParameterRange) -> str:
    if within.choices:
        return "choice"
    return ("logarithmic" if within.log else "linear") + (", whole numbers" if within.is_integer else "")
