"""The page of how long models take, drawn from its record alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports import formats, page, tables
from reports.charts import FIGURE_HEIGHT, Figure, Plot, Spec, escape, layout, log_axis, points
from reports.tables import Cell, Column, Table
from reports.trial_marks import marker
from studies.record.speed import OPERATIONS, Latency, ModelSpeed, SpeedRecord

__all__ = ["render_speed", "write_speed"]

COLORS = ("--best", "--complete", "--failed", "--pruned")
SYMBOLS = ("circle", "circle-open", "triangle-down", "diamond-open")
DASHES = ("solid", "dash", "dot", "dashdot")


def render_speed(record: SpeedRecord) -> str:
    """The whole page as text: no file beside it, no request when it is opened."""
    swept = [operation for operation, counted in OPERATIONS.items() if _is_swept(record, operation) and counted]
    figures = {operation: _figure(record, operation, number) for number, operation in enumerate(swept)}
    return page.render(
        "speed.html", figures, record=record, figures_by_title=figures, fits=_fits(record), calls=_calls(record)
    )


def write_speed(record: SpeedRecord, folder: Path) -> Path:
    """Write the page as ``speed.html``; an older one is replaced."""
    return page.write(render_speed(record), folder, "speed")


def _is_swept(record: SpeedRecord, operation: str) -> bool:
    return any(len(model.of(operation)) > 1 for model in record.models)


def _figure(record: SpeedRecord, operation: str, number: int) -> Figure:
    drawn = [model for model in record.models if model.of(operation)]
    all_of_them = [latency for model in drawn for latency in model.of(operation)]
    traces = [_trace(model, operation, place) for place, model in enumerate(drawn)]
    frame = layout(
        FIGURE_HEIGHT,
        xaxis=log_axis(OPERATIONS[operation], min(each.n for each in all_of_them), max(each.n for each in all_of_them)),
        yaxis=log_axis(
            "seconds a call", min(each.median for each in all_of_them), max(each.p99 for each in all_of_them)
        ),
    )
    description = f"The median of the calls, with a bar up to their 99th percentile; {len(drawn)} models."
    return Figure((Plot(f"speed-{number}", description, traces, frame),), _table(operation, drawn))


def _trace(model: ModelSpeed, operation: str, place: int) -> Spec:
    latencies = model.of(operation)
    # colours first, then shapes with them, then dashes: sixteen models stay apart
    color = COLORS[place % len(COLORS)]
    symbol = SYMBOLS[(place + place // len(COLORS)) % len(SYMBOLS)]
    trace = points(
        model.model,
        [each.n for each in latencies],
        [each.median for each in latencies],
        [_words(model, each) for each in latencies],
        marker(symbol, color, 7),
    )
    upwards = {"type": "data", "symmetric": False, "array": [each.p99 - each.median for each in latencies]}
    return trace | {
        "mode": "lines+markers",
        "line": {"color": color, "width": 1.8, "dash": DASHES[place // len(COLORS) % len(DASHES)]},
        "error_y": upwards | {"arrayminus": [0] * len(latencies), "color": color, "thickness": 1, "width": 3},
    }


def _words(model: ModelSpeed, latency: Latency) -> str:
    times = f"{formats.brief(latency.median)}, 99 of 100 within {formats.brief(latency.p99)}"
    return f"<b>{escape(model.model)}</b><br>{latency.count}<br>{times}"


def _table(operation: str, drawn: Sequence[ModelSpeed]) -> Table:
    counts = dict.fromkeys(each.count for model in drawn for each in model.of(operation))
    columns = (Column("Model", is_numeric=False), *map(Column, counts))
    rows = tuple((tables.text(model.model), *map(_cell, model.of(operation))) for model in drawn)
    return Table(f"{operation}: median, and beneath it the 99th percentile", columns, rows)


def _calls(record: SpeedRecord) -> Table:
    """What is done for one user, a row a model."""
    single = [operation for operation in OPERATIONS if any(model.of(operation) for model in record.models)]
    single = [operation for operation in single if not _is_swept(record, operation)]
    columns = (
        Column("Model", is_numeric=False),
        *(Column(operation[0].upper() + operation[1:]) for operation in single),
    )
    rows = tuple(
        (tables.text(model.model), *(_cell(next(iter(model.of(operation)), None)) for operation in single))
        for model in record.models
    )
    return Table("Median, and beneath it the 99th percentile", columns, rows)


def _fits(record: SpeedRecord) -> Table:
    columns = (Column("Model", is_numeric=False), Column("A fit"))
    rows = tuple(
        (tables.text(model.model), Cell(formats.brief(model.fit_seconds), model.fit_seconds)) for model in record.models
    )
    return Table("One fit with the model's default settings", columns, rows)


def _cell(latency: Latency | None) -> Cell:
    if latency is None:
        return Cell(formats.NOTHING)
    return Cell(formats.brief(latency.median), latency.median, formats.brief(latency.p99))
