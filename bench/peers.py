"""``python -m bench.peers``: our kernels against other libraries, on this machine, in one run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.benchmarks import GROUPS, MIN_EPOCHS
from bench.command import CommandParser, one_of, positive_int, run, stop_on_signal, whole_number, writable_folder
from bench.datasets.arguments import add_reading_arguments

if TYPE_CHECKING:
    from studies.record.peers import PeersRecord

DESCRIPTION = """\
Our kernels against implicit, irspack, lightfm-next and Surprise: the same work on the same data, in turns, each library
in a process of its own. Times, ratios with their spread, memory, and the quality of what was made, which is measured
alike for all. A library that is not installed is named and left out: pip install 'mfbench[peers]'."""

EXAMPLES = """\
  python -m bench.peers
  python -m bench.peers --only ials,top-100 --threads 2 --runs 5
  python -m bench.peers --data movielens-1m --positive-from 4
  python -m bench.peers --only hybrid --data movielens-1m --item-features genres
  python -m bench.peers --data synthetic:users=138000,items=27000,pairs=20000000 --only ials-64,warp --runs 1 --epochs 4
"""


def main(argv: Sequence[str] | None = None) -> int:
    return run(_peers, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.peers", DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "--only", type=_groups, default=GROUPS, metavar="TASK,...", help=f"which of {', '.join(GROUPS)} (all)"
    )
    parser.add_argument("--runs", type=positive_int, default=3, metavar="N", help="timed runs of each (%(default)s)")
    parser.add_argument(
        "--threads", type=_threads, metavar="N,...", help="each task on so many threads (1 and, where there are, 2)"
    )
    parser.add_argument(
        "--epochs", type=_epochs, metavar="N", help="look at so many epochs for the best quality (30; at least 4)"
    )
    parser.add_argument("--large", action="store_true", help="20 million made-up likes of 138,000 users, too")
    parser.add_argument("--seed", type=whole_number, default=0, help="of the split (%(default)s)")
    parser.add_argument(
        "--report-dir", type=Path, default="reports/html", metavar="FOLDER", help="of page and JSON (%(default)s)"
    )
    parser.add_argument_group("data").add_argument(
        "--data",
        metavar="NAME|PATH",
        help="a known data set, synthetic:users=...,items=...,pairs=..., or a file, folder or zip "
        "(movielens-small, and two made-up ones: like ML-1M, and sparse)",
    )
    add_reading_arguments(parser)
    return parser


def _peers(args: argparse.Namespace, command: str) -> int:
    from tqdm import tqdm

    from bench.benchmarks.session import SessionOptions, absent_libraries, can_run, run_session
    from bench.benchmarks.sets import load_benchmark_data, sets_for
    from bench.benchmarks.tasks import MAX_EPOCHS, tasks_of
    from bench.benchmarks.terminal import result_lines
    from bench.datasets.arguments import data_options_from
    from bench.datasets.options import DataOptions
    from bench.record_json import write_json
    from reports.peers.page import write_peers

    tasks = tasks_of(args.only, max_epochs=args.epochs or MAX_EPOCHS)
    folder = writable_folder(args.report_dir)
    chosen = sets_for(args.data, with_large=args.large)
    args.data = args.data or DataOptions.data
    options = data_options_from(
        args,
        keep_ratings=any(task.needs_ratings for task in tasks),
        keep_features=any(task.needs_features for task in tasks),
    )
    skipped = absent_libraries(tasks)
    for name, reason in skipped.items():
        print(f"{name} takes no part: {reason}")
    with stop_on_signal() as stop:
        sets = [load_benchmark_data(named, options, args.seed) for named in chosen]
        for data in sets:
            for needed, tasks_of_it in (
                ("ratings", [task for task in tasks if task.needs_ratings]),
                ("features", [task for task in tasks if task.needs_features]),
            ):
                if not all(can_run(task, data) for task in tasks_of_it):
                    print(f"{data.about.label} has no {needed}: left out of contests of models that learn from them")
        session = SessionOptions(
            tasks=tasks, threads=args.threads or _default_threads(), n_runs=args.runs, skipped=skipped
        )
        with tqdm(total=session.n_steps(sets), unit="run", disable=None, dynamic_ncols=True) as bar:

            def step(what: str) -> None:
                bar.set_description_str(what, refresh=False)
                bar.update()

            record = run_session(
                session,
                sets,
                command=command,
                on_step=step,
                on_result=lambda contest: bar.write("\n".join(["", *result_lines(contest)])),
                should_stop=stop,
            )
    page = write_peers(record, folder)
    write_json(record, page.with_suffix(".json"))
    print(f"\nReport: {page}\nNumbers: {page.with_suffix('.json')}")
    return 128 + stop.signal if stop.signal else _exit_code(record)


def _exit_code(record: PeersRecord) -> int:
    """1 where something of ours failed: theirs are their makers'."""
    return int(any(entry.problem for contest in record.contests for entry in contest.entries if entry.is_ours))


def _default_threads() -> tuple[int, ...]:
    return (1, 2) if (os.cpu_count() or 1) > 1 else (1,)


def _groups(text: str) -> tuple[str, ...]:
    """``ials,bpr`` -> ("ials", "bpr")."""
    return tuple(one_of(*GROUPS)(word.strip()) for word in text.split(","))


def _epochs(text: str) -> int:
    """The first epochs of a run are what is timed."""
    if (number := positive_int(text)) < MIN_EPOCHS:
        raise argparse.ArgumentTypeError(f"{number} epochs are too few: {MIN_EPOCHS} are timed")
    return number


def _threads(text: str) -> tuple[int, ...]:
    """``1,2`` -> (1, 2)."""
    numbers = tuple(positive_int(word.strip()) for word in text.split(","))
    if max(numbers) > (cores := os.cpu_count() or 1):
        raise argparse.ArgumentTypeError(f"{max(numbers)} threads are more than the {cores} cores here")
    return numbers


if __name__ == "__main__":
    sys.exit(main())
