"""The command-line options about the protocol, the same in every command."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from bench.command import one_of, positive_int

if TYPE_CHECKING:
    from evaluation.split import SplitOptions

__all__ = ["add_protocol_arguments", "split_options_from"]


def add_protocol_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --split, --seen, --protocol, --holdout, --test-users, --validation-users and --draws, in their own group."""
    group = parser.add_argument_group("protocol")
    group.add_argument(
        "--split",
        type=one_of("leave-one-out", "given"),
        default="leave-one-out",
        help="given: search on the validation likes that the data's author chose, as in a data.npz (%(default)s)",
    )
    group.add_argument(
        "--seen",
        type=one_of("exclude", "include"),
        default="exclude",
        help="whether items that a user has already liked are ranked too (%(default)s)",
    )
    group.add_argument(
        "--protocol",
        type=one_of("warm", "fold-in"),
        default="warm",
        help="warm: train on what is left of an asked user's history; fold-in: train on other users only (%(default)s)",
    )
    group.add_argument(
        "--holdout",
        type=_holdout,
        default="1",
        metavar="N|last|last:N",
        help="likes hidden from a user: N random ones, or the last by time (%(default)s)",
    )
    group.add_argument(
        "--test-users",
        type=_share_or_count,
        default="0.2",
        metavar="SHARE|N",
        help="of the users with enough likes; a share is raised to 1,000 users where there are as many (%(default)s)",
    )
    group.add_argument(
        "--validation-users", type=positive_int, default=5000, metavar="N", help="at most so many (%(default)s)"
    )
    group.add_argument(
        "--draws",
        type=positive_int,
        metavar="N",
        help="independent draws of the validation likes, averaged (so many that there are 3,000 likes, at most 5)",
    )


def split_options_from(args: argparse.Namespace) -> SplitOptions:
    """The options that were parsed; raises InvalidSplitError for values that cannot go together."""
    from evaluation.split import SplitOptions

    holdout, n_held_out = args.holdout
    return SplitOptions(
        kind=args.split,
        seen=args.seen,
        protocol=args.protocol,
        holdout=holdout,
        n_held_out=n_held_out,
        test_users=args.test_users,
        validation_users=args.validation_users,
        draws=args.draws,
        seed=args.seed,
    )


def _holdout(text: str) -> tuple[str, int]:
    """``3`` -> ("random", 3), ``last`` -> ("last", 1), ``last:3`` -> ("last", 3)."""
    match = re.fullmatch(r"(last(?=:|$)|):?([1-9]\d{0,8})?", text)
    if not match or not text or text.startswith(":") or text.endswith(":"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of likes, such as 1, nor last, nor last:N")
    return match[1] or "random", int(match[2] or 1)


def _share_or_count(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1 and not (value >= 1 and value.is_integer()):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a share between 0 and 1 nor a whole number of users")
    return value
