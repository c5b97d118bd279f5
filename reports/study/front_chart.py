"""The figure of a study of two metrics: all completed trials, and the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.figures import FIGURE_HEIGHT, Figure, Plot, Spec, layout, marker, note, points, score_axis
from reports.study.parameter_axes import axes
from reports.study.trial_marks import trial_hover
from studies.record.study import StudyRecord, TrialRecord

__all__ = ["front", "on_the_front"]


def front(record: StudyRecord) -> Figure:
    """Higher is better in the first metric, further right in the second."""
    if record.second_metric is None:
        return Figure(absence="The study has only one metric, so there is no front.")
    members = [trial for number in record.front for trial in record.complete if trial.number == number]
    if not members:
        return Figure(absence="No trial completed, so there is no front.")
    rest = [trial for trial in record.complete if trial not in members]
    x_name, y_name = formats.metric_name(record.second_metric), formats.metric_name(record.metric)
    data = [_trace("completed trial", rest, record, "circle-open"), _trace("on the front", members, record, "circle")]
    # no member reaches the corner between two members: the line goes down before it goes right
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
    """Describe the front; empty for a study of one metric."""
    if record.second_metric is None or not record.front:
        return ""
    y_name, x_name = formats.metric_name(record.metric), formats.metric_name(record.second_metric)
    by_number = {trial.number: trial for trial in record.complete}
    best, other = by_number[record.front[0]], by_number[record.front[-1]]
    n, n_complete = len(record.front), len(record.complete)
    if n == 1:
        return f"Only trial {best.number} is on the front: no other completed trial is better in either metric."
    span = {
        name: f"{formats.score(score(best, record))} to {formats.score(score(other, record))} in {name}"
        for name, score in ((y_name, _first), (x_name, _second))
    }
    return (
        f"The front has {formats.count(n)} of {formats.count(n_complete)} completed trials: no other trial is better "
        "than one of them in one metric without being worse in the other. They range from trial "
        f"{best.number}, the best in {y_name}, to trial {other.number}, the best in {x_name}: {span[y_name]}, "
        f"{span[x_name]}. The best configuration is the member of the front that was chosen by {y_name}. No trial was "
        "pruned, because with two metrics there is no single learning curve to prune by."
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
    """Label the winner only: the other end of the front often lies among many marks, and the text names it."""
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
        Column("Fit time"),
        *(Column(scale.name, is_numeric=not scale.categories) for scale in scales),
    )
    rows = tuple(
        (
            Cell(str(trial.number), trial.number, "best" if trial is record.best else ""),
            *(cells.estimate(trial.metrics[name]) for name in names),
            cells.duration(trial.fit_seconds),
            *(cells.parameter(trial.params.get(scale.name)) for scale in scales),
        )
        for trial in members
    )
    return Table("The front, the best in the first metric first, with 95\u00a0% intervals", columns, rows)
