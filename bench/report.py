"""``python -m bench.report --study-name NAME``: the report again, from stored records, nothing rerun."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench.command import CommandParser, add_storage_arguments, run, writable_folder

DESCRIPTION = "Write the report of a study again from what its storage holds; nothing is run."

EXAMPLES = """\
  python -m bench.report --study-name ials-movielens-small
  python -m bench.report --study-name ials-movielens-small --storage postgresql://me@db/studies --report-dir /tmp
"""


def main(argv: Sequence[str] | None = None) -> int:
    return run(_report, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.report", DESCRIPTION, EXAMPLES)
    parser.add_argument("--study-name", required=True, metavar="NAME", help="which study")
    add_storage_arguments(parser)
    return parser


def _report(args: argparse.Namespace, command: str) -> int:
    from bench.results import print_study, write_study_files
    from studies.history import StudyHistory
    from studies.storage import load_study, open_storage

    folder = writable_folder(args.report_dir)
    history = StudyHistory(load_study(open_storage(args.storage), args.study_name))
    record = history.record()
    print_study(record, write_study_files(history, record, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
