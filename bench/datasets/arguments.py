"""The command-line options about data, the same in every command."""

from __future__ import annotations

import argparse

from bench.datasets.likes import LIKED_FROM
from bench.datasets.options import DataOptions

__all__ = ["add_data_arguments", "data_options_from"]


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --data, --items and --positive-from to ``parser``, in a group of their own."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--data",
        default=DataOptions.data,
        metavar="NAME|PATH",
        help="a known data set, or a file or folder of interactions (default: %(default)s)",
    )
    group.add_argument("--items", metavar="FILE", help="item titles, where they are not beside the interactions")
    group.add_argument(
        "--positive-from",
        type=float,
        metavar="RATING",
        help=f"a rating from here on is a like (default: {LIKED_FROM:g} where there are ratings)",
    )


def data_options_from(args: argparse.Namespace) -> DataOptions:
    """The options that :func:`add_data_arguments` parsed; raises DataError for values that cannot be."""
    return DataOptions(data=args.data, items=args.items, positive_from=args.positive_from)
