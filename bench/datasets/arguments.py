"""The command-line options about data, the same in every command."""

from __future__ import annotations

import argparse
from dataclasses import fields

from bench.datasets.options import FORMATS, LIKED_FROM, REPEATS, DataOptions

__all__ = ["DATA_HELP", "add_data_arguments", "add_reading_arguments", "data_options_from"]

#: What --data takes, and what a command takes that has it as its first argument.
DATA_HELP = "a known data set, synthetic:users=...,items=...,pairs=..., or a file, folder or zip (%(default)s)"


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds an option for every field of DataOptions to ``parser``, in groups of their own."""
    group = parser.add_argument_group("data")
    group.add_argument("--data", default=DataOptions.data, metavar="NAME|PATH", help=DATA_HELP)
    add_reading_arguments(parser)


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds all of them but --data, for commands that take the data as an argument."""
    _add_choosing(parser.add_argument_group("what to take of the data"))
    _add_recognising(parser.add_argument_group("how to read the data, where it is not recognised"))


def _add_choosing(group: argparse._ArgumentGroup) -> None:
    default = DataOptions
    group.add_argument(
        "--items", metavar="FILE", help="item titles and features, where they are not beside the interactions"
    )
    group.add_argument(
        "--item-features",
        metavar="COLUMN,...",
        help="what hybrid learns of items: columns of that file, | between several values; numbers are cut into ten "
        "ranges; none: nothing (genres or tags, where there are any)",
    )
    group.add_argument("--users", metavar="FILE", help="a table of users, where it is not beside the interactions")
    group.add_argument("--user-features", metavar="COLUMN,...", help="what hybrid learns of users: columns of it")
    group.add_argument(
        "--positive-from",
        type=float,
        metavar="RATING",
        help=f"a rating from here on is a like ({LIKED_FROM:g} where there are ratings)",
    )
    for side, least in (("user", default.min_user_likes), ("item", default.min_item_likes)):
        option = f"--min-{side}-likes"
        group.add_argument(option, type=int, default=least, metavar="N", help=f"leave out {side}s with fewer")
    group.add_argument("--top-items", type=float, metavar="SHARE", help="keep the most popular share of the items")
    group.add_argument("--sample-users", type=float, metavar="SHARE", help="keep a random share of the users")
    group.add_argument("--sample-seed", type=int, default=default.sample_seed, metavar="N", help="of that sample")
    group.add_argument(
        "--repeats",
        metavar="|".join(REPEATS),
        help="of a repeated pair: add up weights, or take the last (ratings: last)",
    )


def _add_recognising(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--format", metavar="|".join(FORMATS), help="kind of file")
    group.add_argument("--columns", metavar="ROLE=NAME,...", help="such as user=uid,item=track,rating=plays,time=ts")
    group.add_argument("--separator", metavar="CHARACTER", help=r"between the columns of a text table; \t for a tab")
    group.add_argument("--header", action=argparse.BooleanOptionalAction, help="whether a text table has one")
    group.add_argument(
        "--trust-pickle", action="store_true", help="unpickle the object arrays of an .npz; it can run the file's code"
    )
    group.add_argument(
        "--no-cache", dest="use_cache", action="store_false", help="parse large files anew, and keep nothing parsed"
    )


def data_options_from(
    args: argparse.Namespace, *, keep_ratings: bool = False, keep_features: bool = False
) -> DataOptions:
    """The options that were parsed; raises DataError for values that cannot be."""
    given = {field.name: getattr(args, field.name) for field in fields(DataOptions) if hasattr(args, field.name)}
    return DataOptions(**given, keep_ratings=keep_ratings, keep_features=keep_features)
