"""``python -m bench.export --model NAME``: a tuned model for use elsewhere, by MLflow or by an index of vectors."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run
from bench.commands.options import ExportCommand
from bench.datasets.options import DataOptions
from studies.options import SearchOptions

DESCRIPTION = """\
Fit the best configuration of a model on all likes and export it: as an MLflow pyfunc, which takes user ids or
histories, gives titles and scores, and loads without mfbench; and, for a model with vectors, as vectors for an index
of approximate nearest neighbours. Where usearch is installed (pip install -e '.[ann]'), the index is built too, and
its recall and speed are printed beside those of exact search."""

EXAMPLES = """\
  python -m bench.export --model ials
  python -m bench.export --model bpr --data ratings.csv --to model --k 20
  mlflow models serve -m export/ials-movielens-small/pyfunc --env-manager local
"""

FIRST = ("model", "to", "k", "data", "positive-from", "seed", "threads", "storage")


def main(argv: Sequence[str] | None = None) -> int:
    return run(_export, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.export", DESCRIPTION, EXAMPLES, first=FIRST, usage="--model NAME [options]")
    parser.add_options("export", options_of(ExportCommand))
    parser.add_options("data", options_of(DataOptions))
    parser.add_options("records", options_of(SearchOptions, only=["storage"]))
    return parser


def _export(arguments: Arguments) -> int:
    from bench.commands.export import export  # numba and Optuna

    return export(arguments)


if __name__ == "__main__":
    sys.exit(main())
