"""``python -m bench.show``: neighbours of an item, or recommendations for a user, by title, models side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run
from bench.commands.options import ShowCommand
from bench.datasets.options import DataOptions
from studies.options import SearchOptions

DESCRIPTION = """\
Show the neighbours of an item, found by a part of its title, or the recommendations for a user, found by id, as
several models give them. Each model has the best configuration of its studies of these data, or else its defaults,
and is fitted on all likes."""

EXAMPLES = """\
  python -m bench.show --model ials warp --item "toy story"
  python -m bench.show --model ials item2item popularity --user 3
  python -m bench.show --model als --data ratings.csv --item 1234 --k 20
"""

FIRST = ("model", "item", "user", "k", "data", "positive-from", "items", "seed", "threads", "storage")


def main(argv: Sequence[str] | None = None) -> int:
    return run(_show, _parser(), argv)


def _parser() -> CommandParser:
    usage = "--model NAME ... (--item TITLE | --user ID) [options]"
    parser = CommandParser("bench.show", DESCRIPTION, EXAMPLES, first=FIRST, usage=usage)
    parser.add_options("lists", options_of(ShowCommand))
    parser.add_options("data", options_of(DataOptions))
    parser.add_options("records", options_of(SearchOptions, only=["storage"]))
    return parser


def _show(arguments: Arguments) -> int:
    from bench.commands.show import show  # numba and Optuna

    return show(arguments)


if __name__ == "__main__":
    sys.exit(main())
