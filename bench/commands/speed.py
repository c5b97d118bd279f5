"""The work of ``bench.speed``: every model measured, a table, a page and the numbers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tqdm import tqdm

from bench.benchmarks.latency import config_with, measure_model
from bench.benchmarks.machine import describe_machine
from bench.benchmarks.machine import load as machine_load
from bench.cli.options import Arguments
from bench.cli.run import stop_on_signal, writable_folder
from bench.cli.tables import aligned
from bench.commands.inputs import named_or_usable
from bench.commands.options import SpeedCommand
from bench.datasets import DataOptions, load
from evaluation.interactions import Interactions
from models.threads import available_threads
from reports.formats import NOTHING, brief, visible
from reports.speed.page import write_speed
from studies.record.as_json import to_json
from studies.record.files import write_whole
from studies.record.speed import Latency, SpeedRecord
from studies.registry import check_model

__all__ = ["measure_speed"]

UNLIMITED = 10_000  #: width where the output is no terminal: a program reads whole lines


def measure_speed(arguments: Arguments) -> int:
    """Measure the models, print the results and return the exit code."""
    options = arguments.build(SpeedCommand)
    names = named_or_usable(options.only)
    settings = options.set or {}
    for name in settings:
        check_model(name)
    configs = {name: config_with(name, settings.get(name, {})) for name in names}
    folder = writable_folder(arguments["report-dir"])
    with stop_on_signal() as stop:
        interactions = load(arguments.build(DataOptions))
        record = _measured(configs, interactions, options, command=arguments.command, should_stop=stop)
    _print_table(record, shutil.get_terminal_size((UNLIMITED, 24)).columns)
    page = write_speed(record, folder)
    write_whole(page.with_suffix(".json"), to_json(record, indent=2) + "\n")
    print(f"\nReport: {page}\nNumbers: {page.with_suffix('.json')}")
    return 128 + stop.signal if stop.signal else 0


def _measured(
    configs: Mapping[str, Any],
    interactions: Interactions,
    options: SpeedCommand,
    *,
    command: str,
    should_stop: Callable[[], bool],
) -> SpeedRecord:
    started, begin, load_before = datetime.now(UTC), time.perf_counter(), machine_load()
    how: dict[str, Any] = {"n_calls": options.calls, "threads": options.threads, "seed": options.seed}
    speeds = []
    with tqdm(configs.items(), unit="model", disable=None, dynamic_ncols=True) as bar:
        for name, config in bar:
            bar.set_description_str(name)
            speeds.append(measure_model(name, interactions.matrix, config=config, **how))
            if should_stop():
                break
    return SpeedRecord(
        command=command,
        started=started,
        seconds=time.perf_counter() - begin,
        threads=options.threads or available_threads(),
        data=interactions.name,
        n_users=interactions.n_users,
        n_items=interactions.n_items,
        n_likes=interactions.n_likes,
        content_hash=interactions.content_hash,
        terms=interactions.source.terms,
        models=tuple(speeds),
        environment=describe_machine(load_before),
    )


def _print_table(record: SpeedRecord, width: int) -> None:
    """Print a column for each model; a cell is the median and the 99th percentile."""
    noun = "1 thread" if record.threads == 1 else f"{record.threads} threads"
    print(f"{visible(record.data)}: seconds a call, median and 99th percentile, on {noun}")
    cells = [
        {_title(each): f"{brief(each.median)} / {brief(each.p99)}" for each in model.latencies}
        for model in record.models
    ]
    rows = [["", *(model.model for model in record.models)]]
    rows.append(["fit", *(brief(model.fit_seconds) for model in record.models)])
    for title in dict.fromkeys(title for of_model in cells for title in of_model):
        rows.append([title, *(of_model.get(title, NOTHING) for of_model in cells)])
    print("\n".join(aligned(rows, width=width)))


def _title(latency: Latency) -> str:
    return f"{latency.operation}, {latency.count}" if latency.count else latency.operation
