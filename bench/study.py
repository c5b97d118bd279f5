"""``python -m bench.study --model NAME``: tune a model, track every trial, write the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bench.command import (
    CommandParser,
    add_spark_argument,
    add_storage_arguments,
    add_tracking_arguments,
    one_of,
    positive_float,
    positive_int,
    run,
    stop_on_signal,
    whole_number,
    writable_folder,
)
from bench.config_file import add_config_argument, as_toml
from bench.datasets.arguments import add_data_arguments, data_options_from
from bench.protocol import add_protocol_arguments, split_options_from
from studies.registry import UnknownModelError, model_names

if TYPE_CHECKING:
    from evaluation.metrics import Metric
    from studies.record.study import StudyRecord
    from studies.search import SearchOptions

DESCRIPTION = """\
Tune a model on the validation likes of a data set: an Optuna study, every trial in MLflow, an HTML report and
the best configuration as a file. The sealed test likes are not touched. A study that was stopped goes on where
it left off when the same command is run again."""

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


def main(argv: Sequence[str] | None = None) -> int:
    return run(_study, study_parser(), argv)


def study_parser() -> CommandParser:
    parser = CommandParser("bench.study", DESCRIPTION, EXAMPLES)
    parser.add_argument("--model", help=f"which model to tune: {', '.join(model_names())}")
    add_config_argument(parser)
    add_data_arguments(parser)
    add_protocol_arguments(parser)
    _add_search_arguments(parser.add_argument_group("search"))
    _add_record_arguments(add_storage_arguments(parser))
    return parser


def _add_search_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--metric",
        nargs="+",
        default=["mrr@100"],
        metavar="NAME@K",
        help="what to maximise, such as map@30 or ndcg@10; two: find the front of both (mrr@100)",
    )
    group.add_argument(
        "--trials", type=positive_int, default=30, metavar="N", help="in total, finished ones included (%(default)s)"
    )
    group.add_argument(
        "--timeout", type=positive_float, metavar="SECONDS", help="after which this run starts no new trial"
    )
    group.add_argument(
        "--sampler",
        type=_sampler,
        default="tpe",
        metavar="tpe|random|gp|grid",
        help="what proposes configurations; gp needs torch, grid takes 4 points of a range (%(default)s)",
    )
    group.add_argument(
        "--grow-factors",
        type=positive_int,
        metavar="N",
        help="search with at most 32 factors, then double the best up to N, other settings within a factor of three",
    )
    group.add_argument(
        "--half-life",
        nargs="+",
        type=_half_life,
        default=[],
        metavar="DAYS|never",
        help="age at which a like counts half; of several, the search chooses (likes of any age count alike)",
    )
    group.add_argument(
        "--rescore",
        type=whole_number,
        default=5,
        metavar="N",
        help="score the N best once more on fresh draws before naming the winner; 0: do not (%(default)s)",
    )
    group.add_argument(
        "--trial-timeout",
        type=positive_float,
        metavar="SECONDS",
        help="after which a trial fails, in the middle of a fit too (not of spark_als): trials run in a process apart",
    )
    group.add_argument(
        "--max-failures",
        type=positive_int,
        default=10,
        metavar="N",
        help="failed trials of the study at which it stops (%(default)s)",
    )
    group.add_argument(
        "--seed", type=whole_number, default=0, help="of the split, the search and the models (%(default)s)"
    )
    group.add_argument(
        "--threads", type=positive_int, metavar="N", help="cores to use, with workers of each (all, divided among them)"
    )
    group.add_argument(
        "--workers", type=positive_int, default=1, metavar="N", help="processes that run trials at once (%(default)s)"
    )
    group.add_argument("--scheduler", metavar="URL", help="of a Dask cluster whose workers run them, tcp://host:8786")
    add_spark_argument(group)


def _sampler(text: str) -> str:
    name = one_of("tpe", "random", "gp", "grid")(text)
    if name == "gp" and find_spec("torch") is None:
        raise argparse.ArgumentTypeError("gp needs the package torch; install it, or take tpe")
    return name


def _half_life(text: str) -> float | None:
    return None if text == "never" else positive_float(text)


def _add_record_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--study-name", metavar="NAME", help="what to call it, or which to go on with (MODEL-DATA)")
    add_tracking_arguments(group)
    group.add_argument(
        "--sync",
        action="store_true",
        help="run nothing: write to MLflow what it lacks of --study-name, or of every study in --storage (of --model)",
    )


def _study(args: argparse.Namespace, command: str) -> int:
    from bench.datasets import describe, load, load_validation
    from evaluation.split import split_likes
    from reports.formats import visible
    from studies.execution.workers import check_workers
    from studies.registry import load_spec
    from studies.training_data import need_features, need_ratings

    if args.sync:
        from bench.sync import sync

        return sync(args.storage, args.study_name, args.model, args.tracking_uri)
    if args.model is None:
        raise UnknownModelError(f"Name a model with --model, one of: {', '.join(model_names())}")
    check_workers(load_spec(args.model).model, args.workers, args.scheduler)
    metric, second_metric = _metrics(args.metric)
    data_options, split_options = (
        data_options_from(args, keep_ratings=need_ratings([args.model]), keep_features=need_features([args.model])),
        split_options_from(args),
    )
    folder = writable_folder(args.report_dir)
    with stop_on_signal() as stop:
        interactions = load(data_options)
        print(f"{visible(interactions.name)}: {describe(interactions)}")
        given = load_validation(data_options, interactions) if split_options.kind == "given" else None
        split = split_likes(interactions, split_options, given)

        from bench.progress import ProgressBar
        from bench.results import print_study, print_tracking, write_study_files
        from studies.samplers.growth import plan_growth
        from studies.search import search
        from studies.tracking.background import Tracker

        options = _search_options(args, interactions.name, metric, second_metric)
        if args.grow_factors:
            plan = plan_growth(args.model, load_spec(args.model).space, args.grow_factors, args.trials)
            print(f"Growing: {plan.in_words}")
        tracker = None if args.no_mlflow else Tracker(args.tracking_uri)
        with ProgressBar() as bar:
            history = search(
                args.model,
                interactions,
                split,
                options,
                command=command,
                configuration=as_toml(args.resolved),
                observers=[bar, tracker] if tracker else [bar],
                should_stop=stop,
            )
        record = history.record()
        files = write_study_files(history, record, folder)
        if tracker:
            tracker.finish(record, files)
    print_study(record, files)
    if tracker:
        print_tracking(tracker)
    if stop.signal:
        print(f"Stopped after {len(history.finished())} of {args.trials} trials; to go on: {command}")
        return 128 + stop.signal
    return _outcome(record, args.max_failures)


def _search_options(args: argparse.Namespace, data: str, metric: Metric, second_metric: Metric | None) -> SearchOptions:
    from studies.search import SearchOptions

    return SearchOptions(
        study_name=args.study_name or f"{args.model}-{data}",
        storage=args.storage,
        metric=metric,
        second_metric=second_metric,
        n_trials=args.trials,
        timeout=args.timeout,
        sampler=args.sampler,
        grow_factors=args.grow_factors,
        half_life=tuple(args.half_life),
        rescore=args.rescore,
        trial_timeout=args.trial_timeout,
        max_failures=args.max_failures,
        seed=args.seed,
        threads=args.threads,
        workers=args.workers,
        scheduler=args.scheduler,
    )


def _outcome(record: StudyRecord, max_failures: int) -> int:
    """The exit code of a search that came to its end, and why, where failures ended it."""
    from reports.formats import visible

    errors = [visible(trial.error) for trial in record.trials if trial.error]
    if len(errors) < max_failures:
        return 0 if record.best else 1
    print(
        f"Stopped: {len(errors)} of {len(record.trials)} trials failed, the last one with {errors[-1]}\n"
        f"To go on all the same: --max-failures {2 * len(errors)}",
        file=sys.stderr,
    )
    return 1


def _metrics(names: Sequence[str]) -> tuple[Metric, Metric | None]:
    from evaluation.metrics import InvalidMetricError, Metric

    if len(names) > 2:
        raise InvalidMetricError(f"A study has one metric or two, got {len(names)}: {', '.join(names)}")
    first, *second = map(Metric.parse, names)
    return first, second[0] if second else None


if __name__ == "__main__":
    sys.exit(main())
