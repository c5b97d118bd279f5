"""The figures of the benchmarks against other libraries: time ratios, and quality over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.figures import (
    FIGURE_HEIGHT,
    Figure,
    Plot,
    Spec,
    axis,
    escape,
    layout,
    log_axis,
    marker,
    points,
    score_axis,
)
from reports.sentences import counted
from studies.record.peers import Contest, Entry, PeersRecord, Spread

__all__ = ["LEAST_EXCESS", "LOOKS", "curves", "ratios"]

ROW_HEIGHT = 30
LEAST_EXCESS = 1e-5  #: of a loss over that of the exact solver; smaller values are drawn here
DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True)
class _Look:
    color: str
    symbol: str


LOOKS = {
    "mfbench": _Look("--best", "circle"),
    "implicit": _Look("--complete", "circle-open"),
    "irspack": _Look("--failed", "triangle-down"),
    "lightfm": _Look("--pruned", "diamond-open"),
    "surprise": _Look("--ink-soft", "square-open"),
}


@dataclass(frozen=True)
class _Bar:
    """The ratio of one implementation, and the row of the figure that it is drawn in."""

    row: str
    entry: Entry
    ratio: Spread


def ratios(record: PeersRecord) -> dict[str, Figure]:
    """Data set -> time of the other libraries over that of mfbench, on the largest number of threads."""
    held = _on_most_threads(record)
    figures = {}
    for number, data in enumerate(dict.fromkeys(contest.data for contest in held)):
        if bars := [bar for contest in held if contest.data == data for bar in _bars(contest)]:
            figures[data] = Figure((_ratio_plot(f"ratios-{number}", data, bars),))
    return figures


def curves(record: PeersRecord, *, of_loss: bool) -> dict[str, Figure]:
    """Task and data set -> loss or metric against seconds, on the largest number of threads."""
    held = [
        contest
        for contest in _on_most_threads(record)
        if contest.watched and (contest.watched == "loss") == of_loss and any(entry.values for entry in contest.entries)
    ]
    name = "loss" if of_loss else "metric"
    return {
        f"{contest.title}, {contest.data}": Figure((_curve_plot(f"{name}-{number}", contest),), _curve_table(contest))
        for number, contest in enumerate(held)
    }


def _on_most_threads(record: PeersRecord) -> list[Contest]:
    threads = max((contest.threads for contest in record.contests), default=0)
    return [contest for contest in record.contests if contest.threads == threads]


def _bars(contest: Contest) -> list[_Bar]:
    bars = []
    for entry in contest.peers:
        for what, ratio in ((contest.unit, contest.ratio(entry)), ("to the target", contest.target_ratio(entry))):
            if ratio:
                bars.append(_Bar(f"{contest.title.partition(',')[0]}{_factors(contest)}: {what}", entry, ratio))
    return bars


def _factors(contest: Contest) -> str:
    """The number of factors, for tasks that are run with several numbers of factors."""
    return f" {contest.task.partition('-')[2]}" if contest.task.startswith("ials-") else ""


def _ratio_plot(name: str, data: str, bars: Sequence[_Bar]) -> Plot:
    rows = list(dict.fromkeys(bar.row for bar in bars))
    traces: list[Spec] = []
    for library in dict.fromkeys(bar.entry.library for bar in bars):
        mine = [bar for bar in bars if bar.entry.library == library]
        hover = [_ratio_hover(bar) for bar in mine]
        look = LOOKS[library]
        trace = points(library, [b.ratio.median for b in mine], [b.row for b in mine], hover, _marker(look))
        trace["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [bar.ratio.high - bar.ratio.median for bar in mine],
            "arrayminus": [bar.ratio.median - bar.ratio.low for bar in mine],
            "color": look.color,
            "thickness": 1,
            "width": 3,
        }
        traces.append(trace)
    low = min(0.5, *(bar.ratio.low for bar in bars))
    high = max(2.0, *(bar.ratio.high for bar in bars))
    equal = {"type": "line", "x0": 1, "x1": 1, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": "--ink-soft"}}
    frame = layout(
        ROW_HEIGHT * len(rows) + 90,
        xaxis=log_axis("time over that of mfbench", low, high),
        yaxis=axis(categoryorder="array", categoryarray=rows[::-1], tickfont={"size": 12}),
        shapes=[equal],
    )
    return Plot(name, f"{counted(len(bars), 'comparison')} on {data}.", traces, frame)


def _ratio_hover(bar: _Bar) -> str:
    spread = formats.span(formats.times(bar.ratio.low), formats.times(bar.ratio.high))
    return f"<b>{escape(bar.entry.name)}</b><br>{escape(bar.row)}<br>{formats.times(bar.ratio.median)} ({spread})"


def _curve_plot(name: str, contest: Contest) -> Plot:
    of_loss = contest.watched == "loss"
    drawn = [entry for entry in contest.entries if entry.values]
    traces = [_curve(contest, entry, _dash(entry, drawn)) for entry in drawn]
    heights = [y for trace in traces for y in trace["y"]]
    ends = [x for trace in traces for x in trace["x"]]
    if of_loss:
        y_axis = log_axis("excess of the loss", LEAST_EXCESS, max(*heights, 0.1))
    else:
        y_axis = score_axis(contest.watched, heights)
    frame = layout(FIGURE_HEIGHT, xaxis=log_axis("seconds", min(ends), max(ends)), yaxis=y_axis)
    target = f"; the target is {contest.target:.6g}, {contest.target_rule}" if contest.target is not None else ""
    return Plot(name, f"{counted(len(drawn), 'implementation')} on {contest.data}{target}.", traces, frame)


def _curve(contest: Contest, entry: Entry, dash: str) -> Spec:
    x = list(accumulate(entry.lap_seconds))
    y = [_height(contest, value) for value in entry.values]
    hover = [
        f"<b>{escape(entry.name)}</b><br>epoch {epoch}, {formats.brief(at)}<br>{escape(contest.watched)} {value:.6g}"
        for epoch, (at, value) in enumerate(zip(x, entry.values, strict=True), 1)
    ]
    look = LOOKS[entry.library]
    return points(entry.name, x, y, hover, _marker(look, 6)) | {
        "mode": "lines+markers",
        "line": {"color": look.color, "dash": dash, "width": 1.8},
    }


def _height(contest: Contest, value: float) -> float:
    """The excess of a loss over that of the exact solver; the target is a thousandth above the latter."""
    if contest.watched != "loss" or contest.target is None:
        return value
    return max(LEAST_EXCESS, 1.001 * value / contest.target - 1)


def _dash(entry: Entry, drawn: Sequence[Entry]) -> str:
    """The dash of the line: it separates the implementations of one library."""
    same = [other.name for other in drawn if other.library == entry.library]
    return DASHES[same.index(entry.name) % len(DASHES)]


def _marker(look: _Look, size: int = 9) -> Spec:
    return marker(look.symbol, look.color, size)


def _curve_table(contest: Contest) -> Table:
    columns = (
        Column("Implementation", is_numeric=False),
        Column("Seconds per epoch", is_numeric=False, is_wide=True),
        Column("After each epoch", is_numeric=False, is_wide=True),
    )
    rows = tuple(
        (
            cells.text(entry.name),
            Cell(" ".join(f"{seconds:.3g}" for seconds in entry.lap_seconds)),
            Cell(" ".join(f"{value:.6g}" for value in entry.values)),
        )
        for entry in contest.entries
        if entry.values
    )
    return Table("Each epoch of the evaluated run", columns, rows)
