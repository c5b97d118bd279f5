"""The figures of a study over its hyperparameters: importances, parallel coordinates, slices."""

from __future__ import annotations

from collections.abc import Sequence

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.figures import Figure, Plot, Spec, axis, escape, finite, layout, log_axis, note, points, score_axis
from reports.study.parameter_axes import Axis, axes
from reports.study.trial_marks import MANY, state_marker, trial_hover
from studies.record.study import StudyRecord, TrialRecord

__all__ = ["importances", "parallel", "slices"]

NO_PARAMETERS = "This model has no hyperparameters."
NO_VALUES = "No trial has a value, so there is nothing to draw."
MOST_STRONG = 10  #: lines in the strong colour; more of them would hide each other
GOLDEN = 0.618  #: its multiples modulo 1 spread the marks of one category evenly and reproducibly
GROUND: Spec = {"bgcolor": "--veil", "borderpad": 1}  #: keeps a label legible over lines
MOST_LABELLED = 34  #: characters of all categories together that fit under an axis on a phone


def importances(record: StudyRecord) -> Figure:
    """The importance of each parameter, the largest on top."""
    if not record.importances:
        absence = "There are too few completed trials to estimate which parameters matter."
        return Figure(absence=absence if axes(record) else NO_PARAMETERS)
    ranked = sorted(record.importances.items(), key=lambda item: item[1])
    bars: Spec = {
        "type": "bar",
        "orientation": "h",
        "x": [share for _, share in ranked],
        "y": list(range(len(ranked))),
        "text": [formats.percent(share) for _, share in ranked],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [f"{escape(name)}: {formats.percent(share)}" for name, share in ranked],
        "hoverinfo": "text",
        "marker": {"color": "--complete"},
    }
    labels = [escape(formats.shorten(name, 22)) for name, _ in ranked]
    frame = layout(
        40 + 30 * len(ranked),
        xaxis=axis(visible=False, range=[0, 1.3 * max(bars["x"]) or 1], fixedrange=True),
        yaxis=axis(tickvals=bars["y"], ticktext=labels, showgrid=False, ticklabelstandoff=6, fixedrange=True),
        bargap=0.35,
    )
    rows = tuple((cells.text(name), Cell(formats.percent(share), share)) for name, share in reversed(ranked))
    table = Table("Importance of each parameter", (Column("Parameter", is_numeric=False), Column("Share")), rows)
    plot = Plot("importances", f"Importance of {len(ranked)} parameters as bars, the largest on top.", [bars], frame)
    return Figure((plot,), table)


def parallel(record: StudyRecord) -> Figure:
    """Parallel coordinates with one row per parameter and one line per trial, narrow enough for a phone."""
    scales, trials = axes(record), _valued(record)
    if not scales or not trials:
        return Figure(absence=NO_VALUES if scales else NO_PARAMETERS)
    values = finite(trial.value for trial in trials)
    metric = formats.metric_name(record.metric)
    rows = [*scales, Axis(metric, min(values), max(values), is_score=True)]
    groups = _groups(record, trials)
    data = [_lines(name, group, rows, record, style) for name, group, style in groups if group]
    frame = layout(
        64 * len(rows) + 40,
        xaxis=axis(visible=False, range=[-0.02, 1.02], fixedrange=True),
        yaxis=axis(visible=False, range=[0.65 - len(rows), 0.65], fixedrange=True),
        shapes=[_rail(-place) for place in range(len(rows))],
        annotations=[label for place, scale in enumerate(rows) for label in _row_labels(-place, scale)],
    )
    description = f"{len(trials)} trials as lines through {len(scales)} parameters, down to their {metric}."
    return Figure((Plot("parallel", description, data, frame),), _parameter_table(record, trials))


def slices(record: StudyRecord) -> Figure:
    """One small panel per parameter: its value against the metric, on a shared vertical scale."""
    scales, trials = axes(record), _valued(record)
    if not scales or not trials:
        return Figure(absence=NO_VALUES if scales else NO_PARAMETERS)
    vertical = score_axis("", finite(trial.value for trial in trials))
    plots = tuple(_slice(place, scale, trials, record, vertical) for place, scale in enumerate(scales))
    return Figure(plots, _parameter_table(record, trials))


def _valued(record: StudyRecord) -> list[TrialRecord]:
    """The trials with a value: completed ones, and pruned ones with their best value so far."""
    return [t for t in record.trials if t.state in ("complete", "pruned") and finite([t.value])]


def _groups(record: StudyRecord, trials: Sequence[TrialRecord]) -> list[tuple[str, list[TrialRecord], Spec]]:
    """(name, trials, line style) of each group, the most important last, because it is drawn on top."""
    best = record.best
    done = sorted((t for t in trials if t.state == "complete" and t is not best), key=lambda t: -(t.value or 0.0))
    n_top = min((len(done) + 1) // 4, MOST_STRONG)
    return [
        ("pruned", [t for t in trials if t.state == "pruned"], {"color": "--pruned", "width": 1, "dash": "dot"}),
        ("other completed", done[n_top:], {"color": "--faint", "width": 1}),
        (f"next {n_top} best" if n_top > 1 else "second best", done[:n_top], {"color": "--complete", "width": 1.8}),
        ("best", [best] if best in trials and best else [], {"color": "--best", "width": 3.2}),
    ]


def _lines(name: str, trials: Sequence[TrialRecord], rows: Sequence[Axis], record: StudyRecord, line: Spec) -> Spec:
    x: list[float | None] = []
    y: list[float | None] = []
    hover: list[str] = []
    for trial in trials:
        raw = [*(trial.params.get(scale.name) for scale in rows[:-1]), trial.value]
        x += [*(_row_x(scale, value, trial) for scale, value in zip(rows, raw, strict=True)), None]
        y += [*(-float(place) for place in range(len(rows))), None]
        named = zip(rows[:-1], raw, strict=False)
        hover += [
            trial_hover(trial, record, f"{formats.shorten(s.name, 30)} = {formats.parameter(v)}") for s, v in named
        ]
        hover += [trial_hover(trial, record), ""]
    mode = "lines+markers" if name == "best" else "lines"
    return points(name, x, y, hover, {"symbol": "circle", "size": 8, "color": line["color"]}) | {
        "mode": mode,
        "line": line,
    }


def _row_x(scale: Axis, raw: object, trial: TrialRecord) -> float | None:
    """The x of a trial in a row; trials of one category are spread a little so that lines do not overlap."""
    place = scale.position(raw)
    return place if place is None or not scale.categories else 0.97 * place + 0.03 * (GOLDEN * trial.number % 1)


def _rail(place: int) -> Spec:
    line = {"color": "--rule", "width": 1}
    return {"type": "line", "layer": "below", "x0": 0, "x1": 1, "y0": place, "y1": place, "line": line}


def _row_labels(place: int, scale: Axis) -> list[Spec]:
    """The name above the row, and below it the ends of its range or its categories."""
    name = note(formats.shorten(scale.name, 38), x=0, y=place, xanchor="left", yanchor="bottom", yshift=7, **GROUND)
    name["font"] = {"size": 13, "color": "--ink"}
    if sum(map(len, scale.categories)) <= MOST_LABELLED:
        ends = [(scale.position(category), category) for category in scale.categories]
    else:
        ends = [(0.0, scale.categories[0]), (1.0, scale.categories[-1])]
    if not scale.categories:
        ends = [(0.0, scale.label(scale.low)), (1.0, scale.label(scale.high))]
    return [name, *(_end_label(x, place, formats.shorten(text, 16)) for x, text in ends if x is not None)]


def _end_label(x: float, place: int, text: str) -> Spec:
    anchor = "left" if x == 0 else "right" if x == 1 else "center"
    return note(text, x=x, y=place, xanchor=anchor, yanchor="top", yshift=-6, **GROUND)


def _slice(place: int, scale: Axis, trials: Sequence[TrialRecord], record: StudyRecord, vertical: Spec) -> Plot:
    placed = [trial for trial in trials if scale.position(trial.params.get(scale.name)) is not None]
    data = [
        _slice_marks([t for t in placed if t.state == state and t is not record.best], scale, record, state)
        for state in ("pruned", "complete")
    ]
    if record.best in placed:
        best = _slice_marks([t for t in placed if t is record.best], scale, record, "complete")
        data.append(
            best | {"name": "best", "marker": {"symbol": "circle", "size": 11, "color": "--best"}, "opacity": 1}
        )
    frame = layout(230, xaxis=_slice_axis(scale), yaxis=vertical)
    frame["font"] = {**frame["font"], "size": 12}
    description = f"{formats.metric_name(record.metric)} of {len(placed)} trials by {scale.name}."
    return Plot(f"slice-{place}", description, data, frame, title=scale.name)


def _slice_marks(trials: Sequence[TrialRecord], scale: Axis, record: StudyRecord, state: str) -> Spec:
    x = [_slice_x(scale, trial) for trial in trials]
    hover = [trial_hover(t, record, f"= {formats.parameter(t.params.get(scale.name))}") for t in trials]
    return points(
        state, x, [t.value for t in trials], hover, state_marker(state, 7 if len(record.trials) <= MANY else 5)
    ) | {"opacity": 0.8}


def _slice_x(scale: Axis, trial: TrialRecord) -> float | str | None:
    raw = trial.params.get(scale.name)
    value = scale.value(raw)
    if not isinstance(value, str):
        return value
    return scale.categories.index(value) + 0.4 * (GOLDEN * trial.number % 1 - 0.5)


def _slice_axis(scale: Axis) -> Spec:
    if scale.categories:
        names = [
            escape(formats.shorten(category, max(6, 36 // len(scale.categories)))) for category in scale.categories
        ]
        last = len(names) - 0.5
        return axis(tickvals=list(range(len(names))), ticktext=names, range=[-0.5, last], showgrid=False)
    if scale.is_log:
        return log_axis("", scale.low, scale.high, showgrid=False)
    return axis(nticks=5, showgrid=False)


def _parameter_table(record: StudyRecord, trials: Sequence[TrialRecord]) -> Table:
    metric, scales = formats.metric_name(record.metric), axes(record)
    columns = (
        Column("Trial"),
        Column("State", is_numeric=False),
        Column(metric),
        *(Column(s.name, is_numeric=not s.categories) for s in scales),
    )
    rows = tuple(
        (
            cells.number(trial.number),
            cells.text(trial.state),
            cells.score(trial.value),
            *(cells.parameter(trial.params.get(scale.name)) for scale in scales),
        )
        for trial in trials
    )
    return Table(f"{metric} and parameters of each trial", columns, rows)
