"""The learning curves of a study's trials."""

from __future__ import annotations

from collections.abc import Sequence

from reports import cells, formats
from reports.cells import Column, Table
from reports.figures import FIGURE_HEIGHT, Figure, Plot, Spec, axis, finite, layout, marker, points, score_axis
from reports.study.trial_marks import MANY, STATES, trial_hover
from studies.record.study import StudyRecord, TrialRecord

__all__ = ["curves"]

DASHES = {"complete": "solid", "running": "dashdot", "failed": "dot", "pruned": "dash"}


def curves(record: StudyRecord) -> Figure:
    """The metric after each epoch; a mark shows the epoch that is used, or at which a trial was pruned."""
    drawn = [trial for trial in record.trials if trial.curve]
    longest = max((len(trial.curve) for trial in drawn), default=0)
    if longest < 2:
        return Figure(
            absence="There is no learning curve: the model is fitted in one step, or no trial reached its second epoch."
        )
    best = record.best
    others = [trial for trial in drawn if trial is not best]
    data: list[Spec] = []
    for state, dash in DASHES.items():
        style = {"color": STATES[state].color, "dash": dash, "width": 1.2 if len(drawn) <= MANY else 0.6}
        opacity = 0.5 if state == "complete" else 0.9
        data += _bundle([t for t in others if t.state == state], state, record, style, opacity)
    if best is not None and best.curve:
        data += _bundle([best], f"best, trial {best.number}", record, {"color": "--best", "width": 3}, 1.0)
    step = {"dtick": 1} if longest <= 12 else {}
    frame = layout(
        FIGURE_HEIGHT,
        xaxis=axis("Epoch", range=[0.5, longest + 0.5], tickformat="d", showgrid=False, **step),
        yaxis=score_axis(formats.metric_name(record.metric), finite(v for trial in drawn for v in trial.curve)),
    )
    description = f"{formats.metric_name(record.metric)} after each epoch of {len(drawn)} trials."
    return Figure((Plot("curves", description, data, frame),), _curve_table(record, drawn))


def _bundle(trials: Sequence[TrialRecord], name: str, record: StudyRecord, line: Spec, opacity: float) -> list[Spec]:
    """Curves as one trace with gaps, which stays fast with hundreds of them, and a trace of their marks."""
    if not trials:
        return []
    x: list[int | None] = []
    y: list[float | None] = []
    hover: list[str] = []
    for trial in trials:
        x += [*range(1, len(trial.curve) + 1), None]
        y += [*trial.curve, None]
        hover += [trial_hover(trial, record, f"epoch {e}: {formats.score(v)}") for e, v in enumerate(trial.curve, 1)]
        hover += [""]
    lines = points(name, x, y, hover, {}) | {"mode": "lines", "line": line, "opacity": opacity}
    return [lines, _ends(trials, name, record, line["color"]) | {"showlegend": False}]


def _ends(trials: Sequence[TrialRecord], name: str, record: StudyRecord, color: str) -> Spec:
    epochs = [_last_epoch(trial) for trial in trials]
    values = [trial.curve[epoch - 1] for trial, epoch in zip(trials, epochs, strict=True)]
    hover = [trial_hover(trial, record, f"epoch {epoch}") for trial, epoch in zip(trials, epochs, strict=True)]
    return points(
        name, epochs, values, hover, marker(STATES[trials[0].state].symbol, color, 7 if len(trials) <= MANY else 4)
    )


def _last_epoch(trial: TrialRecord) -> int:
    """The best epoch of a completed trial; the last epoch of any other."""
    wanted = trial.n_epochs if trial.state == "complete" and trial.n_epochs else len(trial.curve)
    return min(max(wanted, 1), len(trial.curve))


def _curve_table(record: StudyRecord, trials: Sequence[TrialRecord]) -> Table:
    columns = (
        Column("Trial"),
        Column("State", is_numeric=False),
        Column("Epochs run"),
        Column("Best epoch"),
        Column("After each epoch", is_numeric=False, is_wide=True),
    )
    rows = tuple(
        (
            cells.number(trial.number),
            cells.text(trial.state),
            cells.number(len(trial.curve)),
            cells.number(trial.n_epochs),
            cells.text(" ".join(map(formats.score, trial.curve))),
        )
        for trial in trials
    )
    return Table(f"{formats.metric_name(record.metric)} after each epoch", columns, rows)
