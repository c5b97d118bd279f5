"""``python -m bench.report``: a report again, from stored records; nothing is run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run
from bench.commands.options import ReportCommand, ReportFolder
from studies.options import SearchOptions

DESCRIPTION = "Write the report of a study or of a comparison again from its stored record; nothing is run."

EXAMPLES = """\
  python -m bench.report --study-name ials-movielens-small
  python -m bench.report --study-name ials-movielens-small --storage postgresql://me@db/studies --report-dir /tmp
  python -m bench.report --comparison compare-movielens-small
  python -m bench.report --comparison results/compare-movielens-small.comparison.json --report-dir /tmp
"""


def main(argv: Sequence[str] | None = None) -> int:
    return run(_report, _parser(), argv)


def _parser() -> CommandParser:
    usage = "(--study-name NAME | --comparison NAME|FILE) [options]"
    parser = CommandParser("bench.report", DESCRIPTION, EXAMPLES, usage=usage)
    parser.add_options("report", options_of(ReportCommand))
    parser.add_options("records", options_of(SearchOptions, only=["storage"]))
    parser.add_options("records", options_of(ReportFolder))
    return parser


def _report(arguments: Arguments) -> int:
    from bench.commands.report import report  # Optuna and plotly

    return report(arguments)


if __name__ == "__main__":
    sys.exit(main())
