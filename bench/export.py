"""``python -m bench.export --model NAME``: a tuned model for use elsewhere, by MLflow or by an index of vectors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.command import CommandParser, positive_int, run, whole_number, writable_folder
from bench.datasets.arguments import add_data_arguments, data_options_from
from studies.registry import check_model, model_names

if TYPE_CHECKING:
    from evaluation.interactions import Interactions
    from models.factor_model import FactorModel

DESCRIPTION = """\
Fit a model's best configuration on all likes and write it for use elsewhere: as an MLflow pyfunc, which takes user ids
or histories and gives titles and scores, and loads where mfbench is not installed; and, for a model of vectors, these
for an index of approximate nearest neighbours. Where usearch is installed (pip install -e '.[ann]') the index is made
too, and its recall and speed are printed beside the exact lists."""

EXAMPLES = """\
  python -m bench.export --model ials
  python -m bench.export --model bpr --data ratings.csv --to model --k 20
  mlflow models serve -m export/ials-movielens-small/pyfunc --env-manager local
"""


def main(argv: Sequence[str] | None = None) -> int:
    return run(_export, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.export", DESCRIPTION, EXAMPLES)
    parser.add_argument("--model", required=True, metavar="NAME", help=f"which model: {', '.join(model_names())}")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to write (export/MODEL-DATA)")
    parser.add_argument("--k", type=positive_int, default=10, metavar="N", help="length of the lists (%(default)s)")
    parser.add_argument("--seed", type=whole_number, default=0, help="of the model (%(default)s)")
    parser.add_argument("--threads", type=positive_int, metavar="N", help="cores to use (all)")
    add_data_arguments(parser)
    parser.add_argument(
        "--storage", default="sqlite:///mfbench.db", metavar="URL", help="database of the studies (%(default)s)"
    )
    return parser


def _export(args: argparse.Namespace, command: str) -> int:
    from bench.best_fit import best_fit
    from bench.datasets import load
    from models.factor_model import FactorModel
    from reports.formats import visible
    from reports.page import file_name
    from studies.tracking.pyfunc import write_pyfunc
    from studies.training_data import need_features, need_ratings

    check_model(args.model)
    interactions = load(
        data_options_from(args, keep_ratings=need_ratings([args.model]), keep_features=need_features([args.model]))
    )
    name = file_name(f"{args.model}-{interactions.name}").removesuffix(".html")
    folder = writable_folder(args.to or Path("export") / name)
    model = best_fit(args.model, interactions, args.storage, seed=args.seed, threads=args.threads)
    write_pyfunc(model, interactions, folder / "pyfunc")
    print(f"MLflow pyfunc: {visible(str(folder / 'pyfunc'))}")
    if isinstance(model, FactorModel):
        _export_vectors(model, interactions, folder, args)
    else:
        print(f"{args.model} has no vectors, so there are none to index")
    return 0


def _export_vectors(
    model: FactorModel[Any], interactions: Interactions, folder: Path, args: argparse.Namespace
) -> None:
    from bench.vector_index import can_index, write_index, write_vectors
    from reports.formats import visible

    for path in write_vectors(model, interactions, folder):
        print(f"Vectors: {visible(str(path))}")
    if not can_index():
        print("No index was made, as usearch is not installed: pip install -e '.[ann]'")
        return
    quality = write_index(model, folder / "items.usearch", args.k, seed=args.seed)
    print(f"Index: {visible(str(folder / 'items.usearch'))}")
    print(
        f"  recall@{quality.k} {quality.recall:.4f} against the exact lists of {quality.n_asked:,} users; "
        f"{quality.rate:,.0f} queries a second (exact: {quality.exact_rate:,.0f})"
    )


if __name__ == "__main__":
    sys.exit(main())
