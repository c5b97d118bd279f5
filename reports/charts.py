"""What the figures of every page share: their shape as plain values, their colours and axes.

A figure is plain plotly JSON.  Its colours are names of CSS variables (``--best``), which the page's script looks up
when it draws, so that light, dark and paper each have their colours in one place, the style sheet.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reports import formats
from reports.tables import Table

__all__ = [
    "FIGURE_HEIGHT",
    "Figure",
    "Plot",
    "Spec",
    "axis",
    "escape",
    "finite",
    "layout",
    "log_axis",
    "note",
    "padded",
    "points",
    "score_axis",
    "shorten",
]

Spec = dict[str, Any]  #: a piece of plotly JSON
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
CLEAR = "rgba(0,0,0,0)"
MOST_TICKS = 6
FIGURE_HEIGHT = 340  #: pixels; two with their words fill a printed page


@dataclass(frozen=True)
class Key:
    """An entry of a legend: the line or the symbol of a trace, and its name."""

    name: str
    color: str
    dash: str = ""  #: of a line; empty where there is none
    symbol: str = ""


@dataclass(frozen=True)
class Plot:
    """One drawing: its id in the page, what it shows in words, and its plotly JSON."""

    name: str
    description: str
    data: list[Spec]
    layout: Spec
    title: str = ""

    @property
    def height(self) -> int:
        return int(self.layout["height"])

    @property
    def legend(self) -> tuple[Key, ...]:
        """Drawn by the page above the plot: plotly's own takes a phone's width in columns and half its height."""
        return tuple(_key(trace) for trace in self.data if "name" in trace and trace.get("showlegend", True))


@dataclass(frozen=True)
class Figure:
    """One or more drawings and the table of their numbers; or, with no drawing, the reason why there is none."""

    plots: tuple[Plot, ...] = ()
    table: Table | None = None
    absence: str = ""


def escape(text: str) -> str:
    """Plotly reads a subset of HTML in every text; names from outside must not be part of it."""
    return html.escape(formats.visible(text), quote=False).replace("\n", " ")


def shorten(text: str, length: int) -> str:
    """Cut in the middle: long names often differ at both ends."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def finite(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def axis(title: str = "", **more: object) -> Spec:
    """A quiet axis: light grid, no zero line, room made for its labels."""
    named = {"title": {"text": escape(title), "standoff": 10, "font": {"size": 13}}} if title else {}
    return {
        **named,
        "gridcolor": "--grid",
        "linecolor": "--rule",
        "zeroline": False,
        "automargin": True,
        **more,
    }


def score_axis(title: str, values: Sequence[float], **more: object) -> Spec:
    """An axis of a metric, with as many decimals on every tick as its steps need, and some room at both ends."""
    low, high = padded(values)
    step = (high - low) / MOST_TICKS
    magnitude = 10.0 ** math.floor(math.log10(step))
    nice = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= step)
    digits = max(0, -math.floor(math.log10(nice) + 1e-9))
    return axis(title, range=[low, high], nticks=MOST_TICKS, tickformat=f".{digits}f", **more)


def log_axis(title: str, low: float, high: float, **more: object) -> Spec:
    """A logarithmic axis from low to high with ticks at the decades, or at 1, 2 and 5 where those would be few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    mantissas = (1,) if high / low > 200 else (1, 2, 5)
    ticks = [float(f"{m}e{d}") for d in decades for m in mantissas if low <= float(f"{m}e{d}") <= high]
    ends = [math.log10(low), math.log10(high)]
    room = 0.04 * (ends[1] - ends[0]) or 0.1
    names = [formats.parameter(tick) for tick in ticks]
    return axis(title, type="log", range=[ends[0] - room, ends[1] + room], tickvals=ticks, ticktext=names, **more)


def padded(values: Sequence[float], share: float = 0.08) -> tuple[float, float]:
    """The span of the values with room around it, also where all are equal."""
    room = share * ((max(values) - min(values)) or abs(max(values)) or 1.0)
    return min(values) - room, max(values) + room


def layout(height: int, **more: object) -> Spec:
    """The frame of a drawing; what it shows is named above it, in the page."""
    return {
        "height": height,
        "autosize": True,
        "font": {"family": FONT, "size": 13, "color": "--ink-soft"},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "margin": {"l": 8, "r": 12, "t": 12, "b": 8},
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "--raised", "bordercolor": "--rule", "font": {"color": "--ink"}, "align": "left"},
        "showlegend": False,
        "modebar": {"bgcolor": CLEAR, "color": "--rule", "activecolor": "--ink-soft"},
        **more,
    }


def points(name: str, x: Sequence[object], y: Sequence[object], hover: Sequence[str], marker: Spec) -> Spec:
    """A trace of marks; hover texts come ready, with names from outside escaped already."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": list(x),
        "y": list(y),
        "text": list(hover),
        "hoverinfo": "text",
        "marker": marker,
    }


def note(text: str, **more: object) -> Spec:
    """A word inside the drawing, without an arrow."""
    return {"text": escape(text), "showarrow": False, "font": {"size": 12, "color": "--ink-soft"}, **more}


def _key(trace: Spec) -> Key:
    has_line, has_marks = "lines" in trace["mode"], "markers" in trace["mode"]
    line, marker = trace.get("line", {}), trace["marker"]
    color = line["color"] if has_line else marker["color"]
    dash = line.get("dash", "solid") if has_line else ""
    return Key(trace["name"], color, dash, marker["symbol"] if has_marks else "")
