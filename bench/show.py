"""``python -m bench.show``: neighbours of an item, or recommendations for a user, by title, models side by side."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.command import CommandParser, positive_int, run, whole_number
from bench.datasets.arguments import add_data_arguments, data_options_from
from studies.registry import check_model, model_names

if TYPE_CHECKING:
    pass

DESCRIPTION = """\
Show what models find alike, or recommend: the neighbours of an item by part of its title, or the recommendations
for a user by id. A model has the best configuration of its studies of these data, else its defaults, and is fitted
on all likes."""

EXAMPLES = """\
  python -m bench.show --model ials warp --item "toy story"
  python -m bench.show --model ials item2item popularity --user 3
  python -m bench.show --model als --data ratings.csv --item 1234 --k 20
"""


def main(argv: Sequence[str] | None = None) -> int:
    return run(_show, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.show", DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "--model", nargs="+", required=True, metavar="NAME", help=f"which models: {', '.join(model_names())}"
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--item", metavar="TITLE", help="whose neighbours: a part of a title, or an id")
    asked.add_argument("--user", metavar="ID", help="whose recommendations: an id of the data")
    parser.add_argument("--k", type=positive_int, default=10, metavar="N", help="length of the lists (%(default)s)")
    parser.add_argument("--seed", type=whole_number, default=0, help="of the models (%(default)s)")
    parser.add_argument("--threads", type=positive_int, metavar="N", help="cores to use (all)")
    add_data_arguments(parser)
    parser.add_argument(
        "--storage", default="sqlite:///mfbench.db", metavar="URL", help="database of the studies (%(default)s)"
    )
    return parser


def _show(args: argparse.Namespace, command: str) -> int:
    from bench.best_fit import best_fit
    from bench.datasets import load
    from bench.side_by_side import print_item, print_user, user_number
    from bench.title_search import find_items
    from studies.training_data import need_features, need_ratings

    for name in args.model:
        check_model(name)
    interactions = load(
        data_options_from(args, keep_ratings=need_ratings(args.model), keep_features=need_features(args.model))
    )
    items = find_items(interactions, args.item) if args.item is not None else []
    user = user_number(interactions, args.user) if args.user is not None else None
    models = {
        name: best_fit(name, interactions, args.storage, seed=args.seed, threads=args.threads)
        for name in dict.fromkeys(args.model)
    }
    width = shutil.get_terminal_size((120, 24)).columns
    if user is None:
        print_item(models, interactions, items, args.k, width)
    else:
        print_user(models, interactions, user, args.k, width)
    return 0


if __name__ == "__main__":
    sys.exit(main())
