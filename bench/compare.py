"""``python -m bench.compare``: the tuned models on the sealed test of a data set, and how far they agree."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run
from bench.commands.options import CompareCommand, ReportFolder, Spark, Tracking
from bench.datasets.options import DataOptions
from evaluation.split_options import SplitOptions
from studies.options import CompareOptions, SearchOptions

DESCRIPTION = """\
Refit the best configuration of every tuned model on train and validation likes, open the sealed test once, and
write one report: which model is best, by how much, is the difference real, do the models recommend the same items,
and what does each cost? All studies must hold out the same likes. Every opening of the test is recorded."""

EXAMPLES = """\
  python -m bench.compare
  python -m bench.compare --models ials warp item2item --seeds 10 --margin 0.002
  python -m bench.compare --tune 30 --data ratings.csv
  python -m bench.compare --show-items "Toy Story" "Alien" --projector vectors
"""

FIRST = ("models", "tune", "data", "positive-from", "holdout", "metric", "seeds", "margin", "storage", "config")


def main(argv: Sequence[str] | None = None) -> int:
    return run(_compare, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.compare", DESCRIPTION, EXAMPLES, first=FIRST)
    parser.add_options("models", options_of(CompareCommand, only=["models", "tune"]))
    parser.add_config_option("models")
    parser.add_options("data", options_of(DataOptions))
    parser.add_options("protocol", options_of(SplitOptions))
    parser.add_options("comparison", options_of(CompareOptions, without=["map"]))
    parser.add_options("comparison", options_of(Spark))
    parser.add_options("examples in the report", options_of(CompareCommand, only=["show-items", "projector"]))
    parser.add_options("examples in the report", options_of(CompareOptions, only=["map"]))
    parser.add_options("records", options_of(SearchOptions, only=["storage"]))
    for options in (ReportFolder, Tracking):
        parser.add_options("records", options_of(options))
    return parser


def _compare(arguments: Arguments) -> int:
    from bench.commands.compare import compare_models  # numba and Optuna

    return compare_models(arguments)


if __name__ == "__main__":
    sys.exit(main())
