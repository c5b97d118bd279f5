"""``python -m bench.compare``: the tuned models of a data set on its sealed test, and how far they agree."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.command import (
    CommandParser,
    add_spark_argument,
    add_storage_arguments,
    add_tracking_arguments,
    one_of,
    positive_float,
    positive_int,
    run,
    say_left_out_plugins,
    stop_on_signal,
    whole_number,
    writable_folder,
)
from bench.config_file import add_config_argument, as_toml, keys
from bench.datasets.arguments import add_data_arguments, data_options_from
from bench.protocol import add_protocol_arguments, split_options_from
from bench.study import study_parser
from studies.registry import check_model, usable_models

if TYPE_CHECKING:
    from evaluation.interactions import Interactions
    from evaluation.metrics import Metric
    from evaluation.split import Split
    from studies.comparison.run import CompareOptions, Comparison

DESCRIPTION = """\
Refit the best configuration of every tuned model on train and validation likes, open the sealed test once, and
write one report: which is best, by how much, is it real, do they recommend the same things, and what does each
cost? The studies must hide the same likes; every opening of the test is recorded."""

EXAMPLES = """\
  python -m bench.compare
  python -m bench.compare --models ials warp item2item --seeds 10 --margin 0.002
  python -m bench.compare --tune 30 --data ratings.csv
  python -m bench.compare --show-items "Toy Story" "Alien" --projector vectors
"""


def main(argv: Sequence[str] | None = None) -> int:
    return run(_compare, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.compare", DESCRIPTION, EXAMPLES)
    parser.add_argument("--models", nargs="+", metavar="NAME", help="which to compare (all that have a study)")
    parser.add_argument(
        "--tune",
        type=positive_int,
        metavar="N",
        help="tune with N trials what has no study yet; what needs an extra, only where --models names it",
    )
    add_config_argument(parser)
    add_data_arguments(parser)
    add_protocol_arguments(parser)
    _add_comparing_arguments(parser.add_argument_group("comparing"))
    _add_showing_arguments(parser.add_argument_group("showing"))
    group = add_storage_arguments(parser)
    group.add_argument("--name", metavar="NAME", help="what to call the comparison (compare-DATA)")
    add_tracking_arguments(group)
    return parser


def _add_comparing_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--metric", default="mrr@100", help="what the studies maximised (%(default)s)")
    group.add_argument("--seeds", type=positive_int, default=5, metavar="N", help="refits of each model (%(default)s)")
    group.add_argument(
        "--margin", type=positive_float, default=0.005, help="differences below it do not matter to you (%(default)s)"
    )
    group.add_argument(
        "--seed", type=whole_number, default=0, help="of the split, the resampling and the first refit (%(default)s)"
    )
    group.add_argument("--threads", type=positive_int, metavar="N", help="cores a refit uses (all)")
    add_spark_argument(group)
    group.add_argument(
        "--jobs",
        type=positive_int,
        default=1,
        metavar="N",
        help="refits side by side; more than one share the cores, and their times show it (%(default)s)",
    )


def _add_showing_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--show-items", nargs="+", metavar="TITLE", help="whose neighbours to show (the most popular)")
    group.add_argument(
        "--map", type=_map_method, default="pca", metavar="pca|umap", help="how to draw items (%(default)s)"
    )
    group.add_argument(
        "--projector", type=Path, metavar="FOLDER", help="write item vectors for TensorBoard's embedding projector"
    )


def _map_method(text: str) -> str:
    method = one_of("pca", "umap")(text)
    if method == "umap" and find_spec("umap") is None:
        raise argparse.ArgumentTypeError("umap needs umap-learn (pip install -e '.[umap]'); or take pca")
    return method


def _compare(args: argparse.Namespace, command: str) -> int:
    from bench.datasets import describe, load, load_validation
    from evaluation.metrics import Metric
    from evaluation.split import split_likes
    from reports.formats import visible
    from studies.training_data import need_features, need_ratings

    for model in args.models or ():
        check_model(model)
    if not args.models:
        say_left_out_plugins()
    metric = Metric.parse(args.metric)
    data_options, split_options = (
        data_options_from(
            args,
            keep_ratings=need_ratings(args.models or usable_models()),
            keep_features=need_features(args.models or usable_models()),
        ),
        split_options_from(args),
    )
    folder = writable_folder(args.report_dir)
    projector = writable_folder(args.projector) if args.projector else None
    interactions = load(data_options)
    print(f"{visible(interactions.name)}: {describe(interactions)}")
    given = load_validation(data_options, interactions) if split_options.kind == "given" else None
    split = split_likes(interactions, split_options, given)

    from studies.storage.opening import open_storage

    options = _options(args, interactions, metric)
    storage = open_storage(args.storage)
    if args.tune:
        stopped = _tune_missing(args, interactions, split, metric, folder, command)
        if stopped:
            return stopped

    from studies.comparison.entrants import load_entrants
    from studies.comparison.run import compare

    entrants = load_entrants(storage, args.models, interactions, split, metric)
    comparison = compare(
        entrants, interactions, split, storage, options, command=command, progress=lambda said: print(f"  {said}")
    )
    _write(comparison, interactions, folder, projector, None if args.no_mlflow else args.tracking_uri)
    return 0


def _options(args: argparse.Namespace, interactions: Interactions, metric: Metric) -> CompareOptions:
    from bench.title_search import one_item_each
    from studies.comparison.run import CompareOptions

    return CompareOptions(
        name=args.name or f"compare-{interactions.name}",
        metric=metric,
        n_seeds=args.seeds,
        margin=args.margin,
        seed=args.seed,
        threads=args.threads,
        jobs=args.jobs,
        items=tuple(one_item_each(interactions, args.show_items or ())),
        map_method=args.map,
    )


def _tune_missing(
    args: argparse.Namespace, interactions: Interactions, split: Split, metric: Metric, folder: Path, command: str
) -> int:
    """Tune every model that has no study here, each with the same budget; 0, or the exit code where it was stopped."""
    from bench.progress import ProgressBar
    from bench.results import print_tracking, write_study_files
    from studies.comparison.entrants import untuned
    from studies.search import Observer, SearchOptions, search
    from studies.storage.opening import open_storage
    from studies.tracking.background import Tracker

    with stop_on_signal() as stop:
        for model in untuned(open_storage(args.storage), args.models, interactions, split, metric):
            if not args.models and not _has_memory(model, interactions):
                continue
            options = SearchOptions(
                study_name=f"{model}-{interactions.name}",
                storage=args.storage,
                metric=metric,
                n_trials=args.tune,
                seed=args.seed,
                threads=args.threads,
            )
            print(f"Tuning {model}: {args.tune} trials")
            tracker = None if args.no_mlflow else Tracker(args.tracking_uri)
            with ProgressBar() as bar:
                observers: list[Observer] = [bar, tracker] if tracker else [bar]
                history = search(
                    model,
                    interactions,
                    split,
                    options,
                    command=command,
                    configuration=as_toml(_study_options(args, model)),
                    observers=observers,
                    should_stop=stop,
                )
            record = history.record()
            files = write_study_files(history, record, folder)
            if tracker:
                tracker.finish(record, files)
                if tracker.problem:
                    print_tracking(tracker)
            if stop.signal:
                print(f"Stopped while tuning {model}; the test was not opened. To go on: {command}")
                return 128 + stop.signal
    return 0


def _has_memory(model: str, interactions: Interactions) -> bool:
    """Whether the model can be tuned; if not, says why: nobody asked for it by name."""
    from models.memory import TooLittleMemoryError, check_memory
    from studies.registry import load_spec

    try:
        check_memory(load_spec(model).model.bytes_to_fit(interactions.n_items), model, interactions.n_items)
    except TooLittleMemoryError as error:
        print(f"Left out: {error}", file=sys.stderr)
        return False
    return True


def _study_options(args: argparse.Namespace, model: str) -> dict[str, Any]:
    """The options with which bench.study would have tuned the model."""
    known = keys(study_parser())
    shared = {key: value for key, value in args.resolved.items() if key in known}
    return {"model": model, "trials": args.tune, **shared}


def _write(
    comparison: Comparison, interactions: Interactions, folder: Path, projector: Path | None, tracking_uri: str | None
) -> None:
    """The record, its arrays, the page and what was asked for beside them; the answer in the terminal."""
    from bench.comparison_results import print_comparison, print_tracking, record_path, write_projector
    from reports.compare.page import write_comparison_page
    from studies.comparison.file import write_comparison

    record = comparison.record
    files = write_comparison(record, comparison.arrays, record_path(record.name, folder))
    page = write_comparison_page(record, folder)
    print_comparison(record, page, files)
    if projector:
        write_projector(comparison.item_vectors, interactions, projector)
        print(f"Item vectors for the embedding projector: {projector}")
    if tracking_uri:
        print_tracking(record, [page, *files], tracking_uri)


if __name__ == "__main__":
    sys.exit(main())
