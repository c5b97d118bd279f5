"""``python -m bench.speed``: how long every model takes to fit, to recommend, to rank, and to take in a stranger."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.command import (
    CommandParser,
    StopRequest,
    positive_int,
    run,
    say_left_out_plugins,
    stop_on_signal,
    whole_number,
    writable_folder,
)
from bench.datasets.arguments import add_data_arguments, data_options_from
from studies.registry import check_model, model_names, usable_models

if TYPE_CHECKING:
    from evaluation.interactions import Interactions
    from studies.record.speed import Latency, SpeedRecord

GAP = "  "
WHOLE = 10_000  #: columns where there is no terminal: a program reads whole lines

DESCRIPTION = """\
How long every model takes, with its default settings or others: to fit, to recommend N items to one user and ten to
many, to rank ten given items, and to fold in a user. Median and 99th percentile of many calls."""

EXAMPLES = """\
  python -m bench.speed
  python -m bench.speed --only ials,bpr --calls 1000
  python -m bench.speed --data movielens-1m --threads 1
  python -m bench.speed --only bpr --set bpr.n_factors=64,bpr.negatives=uniform,bpr.n_epochs=150
"""


def main(argv: Sequence[str] | None = None) -> int:
    return run(_speed, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.speed", DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "--only", metavar="MODEL,...", help=f"which of {', '.join(model_names())} (all that need no extra)"
    )
    parser.add_argument(
        "--set", type=_settings, default={}, metavar="MODEL.NAME=VALUE,...", help="settings other than the defaults"
    )
    parser.add_argument("--calls", type=positive_int, default=200, metavar="N", help="of each kind (%(default)s)")
    parser.add_argument("--threads", type=positive_int, metavar="N", help="cores to use (all)")
    parser.add_argument("--seed", type=whole_number, default=0, help="of the models and the users asked (%(default)s)")
    parser.add_argument(
        "--report-dir", type=Path, default="reports/html", metavar="FOLDER", help="of page and JSON (%(default)s)"
    )
    add_data_arguments(parser)
    return parser


def _speed(args: argparse.Namespace, command: str) -> int:
    from bench.benchmarks.latency import config_with
    from bench.datasets import load
    from bench.record_json import write_json
    from reports.speed_page import write_speed

    names = [name.strip() for name in args.only.split(",")] if args.only else usable_models()
    for name in (*names, *args.set):
        check_model(name)
    configs = {name: config_with(name, args.set.get(name, {})) for name in names}
    if not args.only:
        say_left_out_plugins()
    folder = writable_folder(args.report_dir)
    with stop_on_signal() as stop:
        record = _measured(configs, load(data_options_from(args)), args, command, stop)
    print("\n".join(_lines(record, shutil.get_terminal_size((WHOLE, 24)).columns)))
    page = write_speed(record, folder)
    write_json(record, page.with_suffix(".json"))
    print(f"\nReport: {page}\nNumbers: {page.with_suffix('.json')}")
    return 128 + stop.signal if stop.signal else 0


def _measured(
    configs: Mapping[str, Any], data: Interactions, args: argparse.Namespace, command: str, stop: StopRequest
) -> SpeedRecord:
    from tqdm import tqdm

    from bench.benchmarks.latency import measure_model
    from bench.benchmarks.machine import describe_machine, load
    from models.threads import available_threads
    from studies.record.speed import SpeedRecord

    started, begin, load_before = datetime.now(UTC), time.perf_counter(), load()
    speeds = []
    with tqdm(configs.items(), unit="model", disable=None, dynamic_ncols=True) as bar:
        for name, config in bar:
            bar.set_description_str(name)
            how = {"n_calls": args.calls, "threads": args.threads, "seed": args.seed}
            speeds.append(measure_model(name, data.matrix, config=config, **how))
            if stop():
                break
    return SpeedRecord(
        command=command,
        started=started,
        seconds=time.perf_counter() - begin,
        threads=args.threads or available_threads(),
        data=data.name,
        n_users=data.n_users,
        n_items=data.n_items,
        n_likes=data.n_likes,
        content_hash=data.content_hash,
        terms=data.source.terms,
        models=tuple(speeds),
        environment=describe_machine(load_before),
    )


def _settings(text: str) -> dict[str, dict[str, str]]:
    """``bpr.n_epochs=150,bpr.reg_user=0`` -> {"bpr": {"n_epochs": "150", "reg_user": "0"}}."""
    settings: dict[str, dict[str, str]] = {}
    for word in text.split(","):
        key, equals, value = word.partition("=")
        model, dot, name = key.strip().partition(".")
        if not (equals and dot):
            raise argparse.ArgumentTypeError(f"{word!r} is not MODEL.NAME=VALUE, such as bpr.n_epochs=150")
        settings.setdefault(model, {})[name] = value.strip()
    return settings


def _lines(record: SpeedRecord, width: int) -> Iterator[str]:
    """A column a model, as many side by side as have room; a cell is the median and, after it, the 99th percentile."""
    from reports.formats import NOTHING, brief, visible

    noun = "1 thread" if record.threads == 1 else f"{record.threads} threads"
    yield f"{visible(record.data)}: seconds a call, median and 99th percentile, on {noun}"
    kinds = {_title(each): None for model in record.models for each in model.latencies}
    titles = _padded(["", "fit", *kinds])
    columns = []
    for model in record.models:
        times = {_title(each): f"{brief(each.median)} / {brief(each.p99)}" for each in model.latencies}
        columns.append(_padded([model.model, brief(model.fit_seconds), *(times.get(kind, NOTHING) for kind in kinds)]))
    while columns:
        ends = accumulate((len(GAP) + len(column[0]) for column in columns), initial=len(titles[0]))
        n_side_by_side = max(1, sum(end <= width for end in ends) - 1)
        for row in zip(titles, *columns[:n_side_by_side], strict=True):
            yield GAP.join(row).rstrip()
        columns = columns[n_side_by_side:]
        if columns:
            yield ""


def _padded(cells: Sequence[str]) -> list[str]:
    width = max(map(len, cells))
    return [cell.ljust(width) for cell in cells]


def _title(latency: Latency) -> str:
    return f"{latency.operation}, {latency.count}" if latency.count else latency.operation


if __name__ == "__main__":
    sys.exit(main())
