"""The figure of a study of two metrics: every completed trial by both, and the front that none of them beats."""

from __future__ import annotations

from collections.abc import Sequence

from reports import formats, tables
from reports.charts import FIGURE_HEIGHT, Figure, Plot, Spec, layout, note, points, score_axis
from reports.study.parameters import axes
from reports.tables import Cell, Column, Table
from reports.trial_marks import marker, trial_hover
from studies.record.study import StudyRecord, TrialRecord

__all__ = ["front", "on_the_front"]


def front(record: StudyRecord) -> Figure:
    """Up is better in the first metric, right in the second."""
    if record.second_metric is None:
        return Figure(absence="The study has one metric, so there is no front.")
    members = [trial for number in record.front for trial in record.complete if trial.number == number]
    if not members:
        return Figure(absence="No trial completed, so there is no front.")
    rest = [trial for trial in record.complete if trial not in members]
    x_name, y_name = formats.metric_name(record.second_metric), formats.metric_name(record.metric)
    data = [_trace("completed trial", rest, record, "circle-open"), _trace("on the front", members, record, "circle")]
    # between two members lies what neither reaches: the line goes down before it goes right
    data[1] |= {"mode": "lines+markers", "line": {"shape": "vh", "color": "--best", "width": 1.5, "dash": "dot"}}
    data[1]["marker"]["color"] = "--best"
    frame = layout(
        FIGURE_HEIGHT,
        xaxis=score_axis(x_name, [_second(trial, record) for trial in record.complete]),
        yaxis=score_axis(y_name, [_first(trial, record) for trial in record.complete]),
        annotations=_named(record),
    )
    description = f"{y_name} against {x_name} of {len(record.complete)} completed trials; {len(members)} on the front."
    plot = Plot("front", description, [trace for trace in data if trace["x"]], frame)
    return Figure((plot,), _table(record, members))


def on_the_front(record: StudyRecord) -> str:
    """In a sentence, what is on the front; empty for a study of one metric."""
    if record.second_metric is None or not record.front:
        return ""
    y_name, x_name = formats.metric_name(record.metric), formats.metric_name(record.second_metric)
    by_number = {trial.number: trial for trial in record.complete}
    best, other = by_number[record.front[0]], by_number[record.front[-1]]
    n, n_complete = len(record.front), len(record.complete)
    if n == 1:
        return f"Trial {best.number} alone is on the front: of {n_complete} completed trials it is the best in both."
    span = {
        name: f"{formats.score(score(best, record))} to {formats.score(score(other, record))} in {name}"
        for name, score in ((y_name, _first), (x_name, _second))
    }
    return (
        f"On the front are {formats.count(n)} of {formats.count(n_complete)} completed trials: no other is better "
        "than one of them in one metric without being worse in the other. They go from trial "
        f"{best.number}, the best in {y_name}, to trial {other.number}, the best in {x_name}: {span[y_name]}, "
        f"{span[x_name]}. The configuration named the best is a member of the front, chosen by {y_name}. Nothing was "
        "pruned: with two metrics there is no one curve to judge by."
    )


def _first(trial: TrialRecord, record: StudyRecord) -> float:
    return trial.metrics[record.metric].mean


def _second(trial: TrialRecord, record: StudyRecord) -> float:
    assert record.second_metric is not None
    return trial.metrics[record.second_metric].mean


def _trace(name: str, trials: Sequence[TrialRecord], record: StudyRecord, symbol: str) -> Spec:
    second = formats.metric_name(record.second_metric or "")
    hover = [trial_hover(trial, record, f"{second} {formats.score(_second(trial, record))}") for trial in trials]
    x, y = [_second(trial, record) for trial in trials], [_first(trial, record) for trial in trials]
    return points(name, x, y, hover, marker(symbol, "--complete"))


def _named(record: StudyRecord) -> list[Spec]:
    """The winner alone: the front's other end often lies among many marks, and the sentence above names it."""
    if record.best is None:
        return []
    x, y = _second(record.best, record), _first(record.best, record)
    low, high = (f(_second(trial, record) for trial in record.complete) for f in (min, max))
    side = "right" if x > (low + high) / 2 else "left"
    return [note(f"best, trial {record.best.number}", x=x, y=y, xanchor=side, yshift=15)]


def _table(record: StudyRecord, members: Sequence[TrialRecord]) -> Table:
    assert record.second_metric is not None
    scales, names = axes(record), (record.metric, record.second_metric)
    columns = (
        Column("Trial"),
        *(Column(formats.metric_name(name)) for name in names),
        Column("Fitting"),
        *(Column(scale.name, is_numeric=not scale.categories) for scale in scales),
    )
    rows = tuple(
        (
            Cell(str(trial.number), trial.number, "best" if trial is record.best else ""),
            *(tables.score(trial.metrics[name].mean, trial.metrics[name]) for name in names),
            tables.duration(trial.fit_seconds),
            *(tables.parameter(trial.params.get(scale.name)) for scale in scales),
        )
        for trial in members
    )
    return Table("The front, the best in the first metric first, with 95\u00a0% intervals", columns, rows)
