"""The tables of a study's page that belong to no figure."""

from __future__ import annotations

from reports import formats, tables
from reports.parameters import axes
from reports.tables import Cell, Column, Table
from reports.trial_marks import STATES
from reports.verdict import headline_metrics, is_established
from studies.record import Estimate, ParameterRange, StudyRecord, TrialRecord

__all__ = ["configuration", "scores", "space", "trials"]


def scores(record: StudyRecord) -> Table:
    """The best trial, the defaults and the floors; beside each metric what the best trial gains over the row."""
    metrics = headline_metrics(record)
    columns = [Column("", is_numeric=False)]
    for metric in metrics:
        columns += [Column(formats.metric_name(metric)), Column(f"Gain in {formats.metric_name(metric)}")]
    contenders: list[tuple[str, str, dict[str, Estimate]]] = []
    if record.best is not None:
        contenders.append(("", f"Best, trial {record.best.number}", dict(record.best.metrics)))
    if record.defaults is not None and record.defaults is not record.best:
        contenders.append(("defaults", f"Defaults, trial {record.defaults.number}", dict(record.defaults.metrics)))
    contenders += [(name, name.capitalize(), dict(floor)) for name, floor in record.floors.items()]
    rows = tuple(
        (tables.text(title), *(cell for metric in metrics for cell in _score_and_gain(record, over, metric, measured)))
        for over, title, measured in contenders
    )
    caption = (
        f"Validation scores with 95{formats.NBSP}% intervals; gains are of the best trial over the row, paired by user"
    )
    return Table(caption, tuple(columns), rows)


def configuration(record: StudyRecord) -> Table:
    """Every hyperparameter of the best trial beside the defaults'; one that is not searched is the same in both."""
    defaults: dict[str, object] = dict(record.defaults.params) if record.defaults else {}
    if record.defaults is not None and record.defaults.n_epochs is not None:
        defaults["n_epochs"] = record.defaults.n_epochs
    columns = (
        Column("Hyperparameter", is_numeric=False),
        Column("Best"),
        Column("Defaults"),
    )
    rows = []
    for name, value in record.best_config.items():
        fixed = name not in record.space and name not in defaults
        note = "not searched" if fixed else "found by early stopping" if name == "n_epochs" else ""
        default = value if fixed else defaults.get(name)
        rows.append((tables.text(name, note), tables.parameter(value), tables.parameter(default)))
    return Table("The best configuration beside the defaults", columns, tuple(rows))


def trials(record: StudyRecord) -> Table:
    """Every trial with its state, scores, times, parameters and, where one failed, its error."""
    metrics, scales = headline_metrics(record), axes(record)
    has_errors = any(trial.error for trial in record.trials)
    columns = (
        Column("Trial"),
        Column("State", is_numeric=False),
        *(Column(formats.metric_name(metric)) for metric in metrics),
        Column("Epochs"),
        Column("Fitting"),
        Column("Whole trial"),
        *(Column(scale.name, is_numeric=not scale.categories) for scale in scales),
        *([Column("Error", is_numeric=False, is_wide=True)] if has_errors else []),
    )
    rows = tuple(
        (
            Cell(str(trial.number), trial.number, _role(trial, record)),
            tables.text(f"{STATES[trial.state].sign} {trial.state}"),
            *(_trial_score(trial, metric, record) for metric in metrics),
            tables.number(trial.n_epochs or len(trial.curve) or None),
            tables.duration(trial.fit_seconds),
            tables.duration(trial.seconds),
            *(tables.parameter(trial.params.get(scale.name)) for scale in scales),
            *([Cell(trial.error or "", trial.error)] if has_errors else []),
        )
        for trial in record.trials
    )
    return Table("Every trial; a column's title sorts by it", columns, rows)


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
    return Table("Search space", columns, rows)


def _score_and_gain(record: StudyRecord, over: str, metric: str, measured: dict[str, Estimate]) -> tuple[Cell, Cell]:
    estimate = measured.get(metric)
    gain = next((g.difference for g in record.gains if (g.over, g.metric) == (over, metric)), None)
    if gain is None:
        return tables.score(estimate.mean if estimate else None, estimate), Cell("")
    doubt = "" if is_established(gain) else ", not established"
    cell = Cell(formats.signed(gain.mean), gain.mean, formats.gain_interval(gain) + doubt)
    return tables.score(estimate.mean if estimate else None, estimate), cell


def _trial_score(trial: TrialRecord, metric: str, record: StudyRecord) -> Cell:
    estimate = trial.metrics.get(metric)
    if estimate is not None:
        return tables.score(estimate.mean, estimate)
    return tables.score(trial.value if metric == record.metric else None)


def _role(trial: TrialRecord, record: StudyRecord) -> str:
    return ", ".join(["best"] * (trial is record.best) + ["defaults"] * trial.is_default)


def _range(within: ParameterRange) -> str:
    if within.choices:
        return ", ".join(formats.parameter(choice) for choice in within.choices)
    return f"{formats.parameter(within.low)} to {formats.parameter(within.high)}"


def _scale(within: ParameterRange) -> str:
    if within.choices:
        return "choice"
    return ("logarithmic" if within.log else "linear") + (", whole numbers" if within.is_integer else "")
