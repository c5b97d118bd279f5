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

from reports.tables import Table

__all__ = ["Figure", "Plot", "Spec", "axis", "escape", "finite", "layout", "note", "points", "shorten"]

Spec = dict[str, Any]  #: a piece of plotly JSON
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
CLEAR = "rgba(0,0,0,0)"


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


@dataclass(frozen=True)
class Figure:
    """One or more drawings and the table of their numbers; or, with no drawing, the reason why there is none."""

    plots: tuple[Plot, ...] = ()
    table: Table | None = None
    absence: str = ""


def escape(text: str) -> str:
    """Plotly reads a subset of HTML in every text; names from outside must not be part of it."""
    return html.escape(text, quote=False).replace("\n", " ")


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
    return {
        "title": {"text": escape(title), "standoff": 10},
        "gridcolor": "--grid",
        "linecolor": "--rule",
        "zeroline": False,
        "automargin": True,
        **more,
    }


def layout(height: int, **more: object) -> Spec:
    """The frame of a drawing; the legend stands above it, on the left."""
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
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
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
    """A word inside the drawing, without an arrow, on a ground that keeps it legible over lines."""
    ground = {"bgcolor": "--veil", "borderpad": 1}
    return {"text": escape(text), "showarrow": False, "font": {"size": 12, "color": "--ink-soft"}, **ground, **more}
