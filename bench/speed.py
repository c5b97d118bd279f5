"""``python -m bench.speed``: how long every model takes to fit, to recommend, to rank, and to fold in a user."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run
from bench.commands.options import ReportFolder, SpeedCommand
from bench.datasets.options import DataOptions

DESCRIPTION = """\
Measure how long every model takes, with its default parameters or others: to fit, to recommend N items to one user
and ten items to many, to rank ten given items, and to fold in a user. The result is the median and the 99th
percentile of many calls."""

EXAMPLES = """\
  python -m bench.speed
  python -m bench.speed --only ials,bpr --calls 1000
  python -m bench.speed --data movielens-1m --threads 1
  python -m bench.speed --only bpr --set bpr.n_factors=64,bpr.negatives=uniform,bpr.n_epochs=150
"""

FIRST = ("only", "set", "calls", "data", "positive-from", "threads", "seed", "report-dir")


def main(argv: Sequence[str] | None = None) -> int:
    return run(_speed, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.speed", DESCRIPTION, EXAMPLES, first=FIRST)
    parser.add_options("measurement", options_of(SpeedCommand))
    parser.add_options("measurement", options_of(ReportFolder))
    parser.add_options("data", options_of(DataOptions))
    return parser


def _speed(arguments: Arguments) -> int:
    from bench.commands.speed import measure_speed  # numba and Optuna

    return measure_speed(arguments)


if __name__ == "__main__":
    sys.exit(main())
