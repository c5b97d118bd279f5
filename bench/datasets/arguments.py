"""The command-line options about data, the same in every command."""

from __future__ import annotations

import argparse
from dataclasses import fields

from bench.datasets.likes import LIKED_FROM
from bench.datasets.options import FORMATS, REPEATS, DataOptions

__all__ = ["add_data_arguments", "data_options_from"]


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds an option for every field of DataOptions to ``parser``, in two groups of their own."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--data",
        default=DataOptions.data,
        metavar="NAME|PATH",
        help="a known data set, synthetic:users=...,items=...,pairs=..., or a file, folder or zip (%(default)s)",
    )
    group.add_argument("--items", metavar="FILE", help="item titles, where they are not beside the interactions")
    group.add_argument(
        "--positive-from",
        type=float,
        metavar="RATING",
        help=f"a rating from here on is a like ({LIKED_FROM:g} where there are ratings)",
    )
    group.add_argument(
        "--min-user-likes", type=int, default=DataOptions.min_user_likes, metavar="N", help="leave out users with fewer"
    )
    group.add_argument(
        "--min-item-likes", type=int, default=DataOptions.min_item_likes, metavar="N", help="leave out items with fewer"
    )
    group.add_argument("--top-items", type=float, metavar="SHARE", help="keep the most popular share of the items")
    group.add_argument("--sample-users", type=float, metavar="SHARE", help="keep a random share of the users")
    group.add_argument("--sample-seed", type=int, default=DataOptions.sample_seed, metavar="N", help="of that sample")
    _add_format_arguments(parser)


def _add_format_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how to read the data, where it is not recognised")
    group.add_argument("--format", choices=FORMATS, help="kind of file")
    group.add_argument("--columns", metavar="ROLE=NAME,...", help="such as user=uid,item=track,rating=plays,time=ts")
    group.add_argument("--separator", metavar="CHARACTER", help="between the columns of a text table")
    group.add_argument("--header", action=argparse.BooleanOptionalAction, help="whether a text table has one")
    group.add_argument(
        "--repeats", choices=REPEATS, help="of a repeated pair: add up the weights, or take the last (ratings: last)"
    )
    group.add_argument(
        "--trust-pickle", action="store_true", help="unpickle the object arrays of an .npz; it can run the file's code"
    )
    group.add_argument(
        "--no-cache", dest="use_cache", action="store_false", help="parse large files anew, and keep nothing parsed"
    )


def data_options_from(args: argparse.Namespace) -> DataOptions:
    """The options that :func:`add_data_arguments` parsed; raises DataError for values that cannot be."""
    return DataOptions(**{field.name: getattr(args, field.name) for field in fields(DataOptions)})
