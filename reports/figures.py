"""What the figures of all pages share: their structure as plain values, their axes and marks.

A figure is plain plotly JSON.  Its colours are names of CSS variables (``--best``), which the script of the page looks
up when it draws: the style sheet alone has the colours of the light, dark and printed page.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reports import formats
from reports.cells import Table

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
    "marker",
    "note",
    "padded",
    "points",
    "score_axis",
]

Spec = dict[str, Any]  #: a piece of plotly JSON
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
CLEAR = "rgba(0,0,0,0)"
MOST_TICKS = 6
FIGURE_HEIGHT = 340  #: pixels; two figures with their text fill a printed page


@dataclass(frozen=True)
class Key:
    """An entry of a legend: the line or the symbol of a trace, and its name."""

    name: str
    color: str
    dash: str = ""  #: of a line; empty if there is no line
    symbol: str = ""


@dataclass(frozen=True)
class Plot:
    """One drawing: its id in the page, a description for screen readers, and its plotly JSON."""

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
        """Entries of the legend, which the page draws above the plot: plotly's own fills half of a phone's screen."""
        return tuple(_key(trace) for trace in self.data if "name" in trace and trace.get("showlegend", True))


@dataclass(frozen=True)
class Figure:
    """Drawings and the table of their numbers; or, without a drawing, the reason why there is none."""

    plots: tuple[Plot, ...] = ()
    table: Table | None = None
    absence: str = ""


def escape(text: str) -> str:
    """Escape a name from outside: plotly interprets a subset of HTML in all of its texts."""
    return html.escape(formats.visible(text), quote=False).replace("\n", " ")


def finite(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def axis(title: str = "", **more: object) -> Spec:
    """An axis with a light grid, no zero line, and automatic margins for its labels."""
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
    """An axis of a metric, with as many decimals as its steps need and some padding at both ends."""
    low, high = padded(values)
    step = (high - low) / MOST_TICKS
    magnitude = 10.0 ** math.floor(math.log10(step))
    nice = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= step)
    digits = max(0, -math.floor(math.log10(nice) + 1e-9))
    return axis(title, range=[low, high], nticks=MOST_TICKS, tickformat=f".{digits}f", **more)


def log_axis(title: str, low: float, high: float, **more: object) -> Spec:
    """A logarithmic axis from low to high with ticks at the decades, or at 1, 2 and 5 if there are few decades."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    mantissas = (1,) if high / low > 200 else (1, 2, 5)
    ticks = [float(f"{m}e{d}") for d in decades for m in mantissas if low <= float(f"{m}e{d}") <= high]
    ends = [math.log10(low), math.log10(high)]
    room = 0.04 * (ends[1] - ends[0]) or 0.1
    names = [formats.parameter(tick) for tick in ticks]
    return axis(title, type="log", range=[ends[0] - room, ends[1] + room], tickvals=ticks, ticktext=names, **more)


def padded(values: Sequence[float], share: float = 0.08) -> tuple[float, float]:
    """The lowest and the highest value with some padding, also if all values are equal."""
    room = share * ((max(values) - min(values)) or abs(max(values)) or 1.0)
    return min(values) - room, max(values) + room


def layout(height: int, **more: object) -> Spec:
    """The layout of a drawing; it has no title, because the page has one above it."""
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
    """A trace of marks; names from outside must be escaped in ``hover`` already."""
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


def marker(symbol: str, color: str, size: int = 8) -> Spec:
    """A mark; an open symbol is drawn as an outline."""
    outline = {"width": 1.8 if symbol.endswith("open") else 0, "color": color}
    return {"symbol": symbol, "color": color, "size": size, "line": outline}


def note(text: str, **more: object) -> Spec:
    """A label inside the drawing, without an arrow."""
    return {"text": escape(text), "showarrow": False, "font": {"size": 12, "color": "--ink-soft"}, **more}


def _key(trace: Spec) -> Key:
    has_line, has_marks = "lines" in trace["mode"], "markers" in trace["mode"]
    line, marker = trace.get("line", {}), trace["marker"]
    color = line["color"] if has_line else marker["color"]
    dash = line.get("dash", "solid") if has_line else ""
    return Key(trace["name"], color, dash, marker["symbol"] if has_marks else "")
