"""``python -m bench.report``: a report again, from stored records, nothing rerun."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.command import CommandParser, add_storage_arguments, run, writable_folder

DESCRIPTION = "Write the report of a study or of a comparison again from what was stored; nothing is run."

EXAMPLES = """\
  python -m bench.report --study-name ials-movielens-small
  python -m bench.report --study-name ials-movielens-small --storage postgresql://me@db/studies --report-dir /tmp
  python -m bench.report --comparison compare-movielens-small
  python -m bench.report --comparison results/compare-movielens-small.comparison.json --report-dir /tmp
"""


def main(argv: Sequence[str] | None = None) -> int:
    return run(_report, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.report", DESCRIPTION, EXAMPLES)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--study-name", metavar="NAME", help="which study")
    which.add_argument("--comparison", metavar="NAME|FILE", help="which comparison: its name, or its record's file")
    group = add_storage_arguments(parser)
    group.add_argument(
        "--tracking-uri", metavar="URI", help="also write the comparison to this MLflow, if it is absent"
    )
    return parser


def _report(args: argparse.Namespace, command: str) -> int:
    folder = writable_folder(args.report_dir)
    if args.comparison:
        _report_comparison(args.comparison, folder, args.tracking_uri)
    else:
        _report_study(args.study_name, args.storage, folder)
    return 0


def _report_study(name: str, storage: str, folder: Path) -> None:
    from bench.results import print_study, write_study_files
    from studies.history import StudyHistory
    from studies.storage.opening import load_study, open_storage

    history = StudyHistory(load_study(open_storage(storage), name))
    record = history.record()
    print_study(record, write_study_files(history, record, folder))


def _report_comparison(name: str, folder: Path, tracking_uri: str | None) -> None:
    from bench.comparison_results import print_comparison, print_tracking, record_path
    from reports.compare.page import write_comparison_page
    from studies.comparison.file import read_comparison

    path = Path(name) if name.endswith(".json") else record_path(name, folder)
    record = read_comparison(path)
    page = write_comparison_page(record, folder)
    print_comparison(record, page, [path])
    if tracking_uri:
        print_tracking(record, [page, path], tracking_uri)


if __name__ == "__main__":
    sys.exit(main())
