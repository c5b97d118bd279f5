"""``python -m bench.study --model NAME``: tune a model, track every trial, write the report."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run
from bench.commands.options import ReportFolder, Spark, StudyCommand, Tracking
from bench.datasets.options import DataOptions
from evaluation.split_options import SplitOptions
from studies.options import SearchOptions

DESCRIPTION = """\
Tune a model on the validation likes of a data set. The result is an Optuna study, every trial in MLflow, an HTML
report, and the best configuration as a file. The sealed test likes are not used. To resume a study that was stopped,
run the same command again."""

EXAMPLES = """\
  python -m bench.study --model ials
  python -m bench.study --model item2item --metric map@30 --trials 100
  python -m bench.study --model bpr --metric mrr@100 recall@30
  python -m bench.study --model ials --data ratings.csv --positive-from 4 --holdout last
  python -m bench.study --model hybrid --data ratings.csv --items films.csv --item-features genres,year
  python -m bench.study --model item2item --data ratings.csv --holdout last --half-life never 30 180
  python -m bench.study --config reports/html/ials-movielens-small.toml --trials 100
  python -m bench.study --model ials --workers 4
  python -m bench.study --model ials --storage postgresql://me@db/studies --tracking-uri http://localhost:5000
  python -m bench.study --sync --tracking-uri http://localhost:5000
"""

FIRST = ("model", "data", "positive-from", "holdout", "metric", "trials", "timeout", "workers", "storage", "config")


def main(argv: Sequence[str] | None = None) -> int:
    return run(_study, study_parser(), argv)


def study_parser() -> CommandParser:
    parser = CommandParser("bench.study", DESCRIPTION, EXAMPLES, first=FIRST, usage="--model NAME [options]")
    parser.add_options("study", options_of(StudyCommand, only=["model"]))
    parser.add_config_option("study")
    parser.add_options("data", options_of(DataOptions))
    parser.add_options("protocol", options_of(SplitOptions))
    parser.add_options("search", options_of(SearchOptions))
    parser.add_options("search", options_of(Spark))
    for options in (ReportFolder, Tracking):
        parser.add_options("records", options_of(options))
    parser.add_options("records", options_of(StudyCommand, only=["sync"]))
    return parser


def _study(arguments: Arguments) -> int:
    from bench.commands.study import study  # numba and Optuna

    return study(arguments)


if __name__ == "__main__":
    sys.exit(main())
