"""The page of the latency of models, made from its record alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports import cells, formats, page
from reports.cells import Cell, Column, Table
from reports.figures import FIGURE_HEIGHT, Figure, Plot, Spec, escape, layout, log_axis, marker, points
from reports.sentences import counted
from studies.record.speed import OPERATIONS, Latency, ModelSpeed, SpeedRecord

__all__ = ["render_speed", "write_speed"]

COLORS = ("--best", "--complete", "--failed", "--pruned")
DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "circle-open", "triangle-down", "diamond-open", "square-open")


def render_speed(record: SpeedRecord) -> str:
    """Return the page as HTML that needs no other file and no network."""
    swept = [operation for operation, counted in OPERATIONS.items() if _is_swept(record, operation) and counted]
    figures = {operation: _figure(record, operation, place) for place, operation in enumerate(swept)}
    return page.render(
        "speed.html", figures, record=record, figures_by_title=figures, fits=_fits(record), calls=_calls(record)
    )


def write_speed(record: SpeedRecord, folder: Path) -> Path:
    """Write the page to ``speed.html``; an older page is replaced."""
    return page.write(render_speed(record), folder, "speed")


def _is_swept(record: SpeedRecord, operation: str) -> bool:
    return any(len(model.of(operation)) > 1 for model in record.models)


def _figure(record: SpeedRecord, operation: str, place: int) -> Figure:
    drawn = [model for model in record.models if model.of(operation)]
    all_of_them = [latency for model in drawn for latency in model.of(operation)]
    traces = [_trace(model, operation, number) for number, model in enumerate(drawn)]
    frame = layout(
        FIGURE_HEIGHT,
        xaxis=log_axis(OPERATIONS[operation], min(each.n for each in all_of_them), max(each.n for each in all_of_them)),
        yaxis=log_axis(
            "seconds per call", min(each.median for each in all_of_them), max(each.p99 for each in all_of_them)
        ),
    )
    description = f"Median time per call, with a bar up to the 99th percentile; {counted(len(drawn), 'model')}."
    return Figure((Plot(f"speed-{place}", description, traces, frame),), _table(operation, drawn))


def _trace(model: ModelSpeed, operation: str, number: int) -> Spec:
    latencies = model.of(operation)
    color, dash, symbol = _look(number)
    trace = points(
        model.model,
        [each.n for each in latencies],
        [each.median for each in latencies],
        [_hover(model, each) for each in latencies],
        marker(symbol, color, 7),
    )
    upwards = {"type": "data", "symmetric": False, "array": [each.p99 - each.median for each in latencies]}
    return trace | {
        "mode": "lines+markers",
        "line": {"color": color, "width": 1.8, "dash": dash},
        "error_y": upwards | {"arrayminus": [0] * len(latencies), "color": color, "thickness": 1, "width": 3},
    }


def _look(number: int) -> tuple[str, str, str]:
    """Colour, dash and symbol of the ``number``-th model; no two of 80 models share all three."""
    cycle, color = divmod(number, len(COLORS))
    cycle, dash = divmod(cycle, len(DASHES))
    return COLORS[color], DASHES[dash], SYMBOLS[(color + dash + cycle) % len(SYMBOLS)]


def _hover(model: ModelSpeed, latency: Latency) -> str:
    times = f"{formats.brief(latency.median)}, 99th percentile {formats.brief(latency.p99)}"
    return f"<b>{escape(model.model)}</b><br>{latency.count}<br>{times}"


def _table(operation: str, drawn: Sequence[ModelSpeed]) -> Table:
    counts = dict.fromkeys(each.count for model in drawn for each in model.of(operation))
    columns = (Column("Model", is_numeric=False), *map(Column, counts))
    rows = tuple((cells.text(model.model), *map(_cell, model.of(operation))) for model in drawn)
    return Table(f"{operation}: median, and below it the 99th percentile", columns, rows)


def _calls(record: SpeedRecord) -> Table:
    """One row per model: the calls for one user."""
    single = [operation for operation in OPERATIONS if any(model.of(operation) for model in record.models)]
    single = [operation for operation in single if not _is_swept(record, operation)]
    columns = (
        Column("Model", is_numeric=False),
        *(Column(operation[0].upper() + operation[1:]) for operation in single),
    )
    rows = tuple(
        (cells.text(model.model), *(_cell(next(iter(model.of(operation)), None)) for operation in single))
        for model in record.models
    )
    return Table("Median, and below it the 99th percentile", columns, rows)


def _fits(record: SpeedRecord) -> Table:
    columns = (Column("Model", is_numeric=False), Column("Fit time"))
    rows = tuple(
        (cells.text(model.model), Cell(formats.brief(model.fit_seconds), model.fit_seconds)) for model in record.models
    )
    return Table("Time of one fit", columns, rows)


def _cell(latency: Latency | None) -> Cell:
    if latency is None:
        return Cell(formats.NOTHING)
    return Cell(formats.brief(latency.median), latency.median, formats.brief(latency.p99))
