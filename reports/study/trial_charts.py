"""The figures of a study over its trials: the history of the search, and fit time against quality."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from reports import cells, formats
from reports.cells import Column, Table
from reports.figures import (
    FIGURE_HEIGHT,
    Figure,
    Plot,
    Spec,
    axis,
    finite,
    layout,
    log_axis,
    marker,
    note,
    padded,
    points,
    score_axis,
)
from reports.study.trial_marks import MANY, STATES, state_marker, trial_hover
from studies.record.study import StudyRecord, TrialRecord

__all__ = ["history", "timing"]

LOG_SPREAD = 8  #: slowest over fastest fit above which the time axis is logarithmic


def history(record: StudyRecord) -> Figure:
    """All trials in order, and the best value so far."""
    valued = [trial for trial in record.trials if finite([trial.value])]
    if not valued:
        return Figure(absence="No trial has a value, so there is no history to draw.")
    values = finite(trial.value for trial in valued)
    # a failed trial has no value: it is drawn below all trials with a value
    floor = padded(values)[0]
    data = [_best_so_far(record), *(_by_state(record, state, floor) for state in STATES), _ring(record)]
    frame = layout(
        FIGURE_HEIGHT,
        xaxis=_trial_axis(record),
        yaxis=score_axis(formats.metric_name(record.metric), [floor, *values]),
        annotations=_named_points(record),
    )
    description = f"{formats.metric_name(record.metric)} of {len(valued)} trials in order, and the best value so far."
    plot = Plot("history", description, [trace for trace in data if trace["x"]], frame)
    return Figure((plot,), _history_table(record))


def timing(record: StudyRecord) -> Figure:
    """Fit time and score of the completed trials, and the trials that no other beats in both."""
    timed = [trial for trial in record.complete if finite([trial.fit_seconds]) and finite([trial.value])]
    if not timed:
        return Figure(absence="No completed trial has a fit time, so there is nothing to draw.")
    front = _front(timed)
    seconds = finite(trial.fit_seconds for trial in timed)
    rest = [trial for trial in timed if trial not in front]
    data = [_timed("completed trial", rest, record, "circle-open"), _timed("on the front", front, record, "circle")]
    data[1] |= {"mode": "lines+markers", "line": {"shape": "hv", "color": "--best", "width": 1.5, "dash": "dot"}}
    data[1]["marker"]["color"] = "--best"
    frame = layout(
        FIGURE_HEIGHT,
        xaxis=_time_axis(seconds),
        yaxis=score_axis(formats.metric_name(record.metric), finite(trial.value for trial in timed)),
        annotations=_named_times(record, timed, front),
    )
    description = f"Fit time against {formats.metric_name(record.metric)} of {len(timed)} completed trials."
    plot = Plot("timing", description, [trace for trace in data if trace["x"]], frame)
    return Figure((plot,), _timing_table(record, timed, front))


def _best_so_far(record: StudyRecord) -> Spec:
    done = [trial for trial in record.complete if finite([trial.value])]
    best = list(accumulate(finite(trial.value for trial in done), max))
    x = [trial.number for trial in done]
    if record.trials and best:  # the line continues to the last trial, which may have been pruned
        x, best = [*x, record.trials[-1].number], [*best, best[-1]]
    line = {"shape": "hv", "color": "--best", "width": 2}
    hover = [f"best so far {formats.score(value)}" for value in best]
    return points("best so far", x, best, hover, {}) | {"mode": "lines", "line": line}


def _by_state(record: StudyRecord, state: str, floor: float) -> Spec:
    drawn = [t for t in record.trials if t.state == state and (finite([t.value]) or state == "failed")]
    y = [trial.value if finite([trial.value]) else floor for trial in drawn]
    hover = [trial_hover(t, record, *([formats.shorten(t.error, 80)] if t.error else [])) for t in drawn]
    name = f"{state} (no value)" if state == "failed" else state
    return points(
        name, [t.number for t in drawn], y, hover, state_marker(state, 8 if len(record.trials) <= MANY else 5)
    )


def _ring(record: StudyRecord) -> Spec:
    """A ring around the best trial."""
    best = [record.best] if record.best else []
    hover = [trial_hover(t, record) for t in best]
    ring = points("best", [t.number for t in best], [t.value for t in best], hover, marker("circle-open", "--best", 16))
    return ring | {"showlegend": False}


def _named_points(record: StudyRecord) -> list[Spec]:
    best, defaults = record.best, record.defaults
    named = [(best, f"best {formats.score(best.value)}", 20)] if best else []
    if defaults is not None and defaults is not best and finite([defaults.value]):
        named.append((defaults, "defaults", -18))
    side = {True: "right", False: "left"}
    return [
        note(words, x=t.number, y=t.value, yshift=shift, xanchor=side[t.number > 0.5 * record.trials[-1].number])
        for t, words, shift in named
    ]


def _named_times(record: StudyRecord, timed: Sequence[TrialRecord], front: Sequence[TrialRecord]) -> list[Spec]:
    """Label the two ends of the front and the defaults; the table has all other numbers."""
    role = "best" if front[-1] is record.best else "highest"
    named = {front[-1].number: f"{role}, trial {front[-1].number}"}
    named.setdefault(front[0].number, f"fastest, trial {front[0].number}")
    if record.defaults in timed and record.defaults is not None:
        named.setdefault(record.defaults.number, "defaults")
    frame: list[Spec] = []
    seconds = finite(trial.fit_seconds for trial in timed)
    is_log, middle = _is_log(seconds), 0.5 * max(seconds)
    for trial in timed:
        if trial.number in named and trial.fit_seconds is not None:
            x = math.log10(trial.fit_seconds) if is_log else trial.fit_seconds
            side = "right" if trial.fit_seconds > middle else "left"
            frame.append(
                note(
                    named[trial.number],
                    x=x,
                    y=trial.value,
                    xanchor=side,
                    yshift=-15 if trial is front[0] is not front[-1] else 15,
                )
            )
    return frame


def _front(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """The trials that no other equals or beats in quality in less time, the fastest first."""
    front: list[TrialRecord] = []
    for trial in sorted(trials, key=lambda t: (t.fit_seconds, -(t.value or 0.0), t.number)):
        if not front or (trial.value or 0.0) > (front[-1].value or 0.0):
            front.append(trial)
    return front


def _trial_axis(record: StudyRecord) -> Spec:
    """An axis with integer ticks, from the first trial to the last."""
    last = max(trial.number for trial in record.trials)
    room = 0.5 + 0.015 * last
    step = {"dtick": 1} if last < 10 else {}
    return axis("Trial", range=[-room, last + room], tickformat="d", showgrid=False, **step)


def _is_log(seconds: Sequence[float]) -> bool:
    return min(seconds) > 0 and max(seconds) > LOG_SPREAD * min(seconds)


def _time_axis(seconds: Sequence[float]) -> Spec:
    if _is_log(seconds):
        return log_axis("Fit time in seconds", min(seconds), max(seconds))
    return axis("Fit time in seconds", range=[0, padded(seconds)[1]], nticks=8)


def _timed(name: str, trials: Sequence[TrialRecord], record: StudyRecord, symbol: str) -> Spec:
    hover = [trial_hover(trial, record, f"fit {formats.duration(trial.fit_seconds)}") for trial in trials]
    return points(name, [t.fit_seconds for t in trials], [t.value for t in trials], hover, marker(symbol, "--complete"))


def _history_table(record: StudyRecord) -> Table:
    reached: list[float] = []
    rows = []
    for trial in record.trials:
        reached += finite([trial.value]) if trial.state == "complete" else []
        best = cells.score(max(reached, default=None))
        rows.append((cells.number(trial.number), cells.text(trial.state), cells.score(trial.value), best))
    metric = formats.metric_name(record.metric)
    columns = (Column("Trial"), Column("State", is_numeric=False), Column(metric), Column("Best so far"))
    return Table(f"{metric} of each trial, in order", columns, tuple(rows))


def _timing_table(record: StudyRecord, trials: Sequence[TrialRecord], front: Sequence[TrialRecord]) -> Table:
    metric = formats.metric_name(record.metric)
    columns = (
        Column("Trial"),
        Column("Fit time"),
        Column("Evaluation time"),
        Column(metric),
        Column("On the front", is_numeric=False),
    )
    rows = tuple(
        (
            cells.number(trial.number),
            cells.duration(trial.fit_seconds),
            cells.duration(trial.evaluate_seconds),
            cells.score(trial.value),
            cells.text("yes" if trial in front else "no"),
        )
        for trial in sorted(trials, key=lambda t: t.fit_seconds or 0.0)
    )
    return Table(f"Fit time and {metric} of each completed trial, the fastest first", columns, rows)
