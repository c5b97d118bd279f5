"""The work of ``bench.compare``: missing studies tuned, the comparison, its files and page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench.cli.options import Arguments
from bench.cli.run import stop_on_signal, writable_folder
from bench.commands.comparison_results import print_comparison, record_path, track, write_projector
from bench.commands.inputs import default_name, load_split, named_or_usable
from bench.commands.options import Tracking
from bench.commands.study_results import print_tracking
from bench.commands.title_search import one_item_each
from bench.commands.tuning import tune
from bench.study import study_parser
from evaluation.interactions import Interactions
from evaluation.split import Split
from models.memory import TooLittleMemoryError, check_memory
from reports.compare.page import write_comparison_page
from studies.comparison.entrants import load_entrants, untuned
from studies.comparison.file import write_comparison
from studies.comparison.run import Comparison, compare
from studies.options import CompareOptions, SearchOptions
from studies.registry import load_spec
from studies.storage.opening import open_storage

__all__ = ["compare_models"]


def compare_models(arguments: Arguments) -> int:
    """Compare the models, print the results and return the exit code."""
    models = arguments["models"]
    learners = named_or_usable(models)
    folder = writable_folder(arguments["report-dir"])
    if arguments["projector"]:
        writable_folder(arguments["projector"])
    interactions, split = load_split(arguments, learners)
    options = arguments.build(
        CompareOptions,
        name=arguments["name"] or default_name("compare", interactions),
        items=tuple(one_item_each(interactions, arguments["show-items"] or ())),
    )
    storage = open_storage(arguments["storage"])
    if arguments["tune"] and (code := _tune_missing(arguments, interactions, split, options)):
        return code
    entrants = load_entrants(storage, models, interactions, split, options.metric)
    comparison = compare(
        entrants,
        interactions,
        split,
        storage,
        options,
        command=arguments.command,
        progress=lambda step: print(f"  {step}"),
    )
    _write(comparison, interactions, folder, arguments)
    return 0


def _tune_missing(arguments: Arguments, interactions: Interactions, split: Split, options: CompareOptions) -> int:
    """Tune every model that has no study here, each with the same budget; 0, or the exit code if interrupted."""
    models, n_trials = arguments["models"], arguments["tune"]
    with stop_on_signal() as stop:
        for model in untuned(open_storage(arguments["storage"]), models, interactions, split, options.metric):
            if not models and not _has_memory(model, interactions):
                continue
            print(f"Tuning {model}: {n_trials} trials")
            name = default_name(model, interactions)
            tuned = tune(
                model,
                interactions,
                split,
                arguments.build(SearchOptions, study_name=name, metric=options.metric, n_trials=n_trials),
                arguments=arguments,
                stored=_study_options(arguments, model),
                should_stop=stop,
            )
            if tuned.tracker and tuned.tracker.problem:
                print_tracking(tuned.tracker)
            if stop.signal:
                print(f"Stopped while tuning {model}; the test was not opened. To go on: {arguments.command}")
                return 128 + stop.signal
    return 0


def _has_memory(model: str, interactions: Interactions) -> bool:
    """Whether the model can be tuned; prints why not, as nobody asked for it by name."""
    try:
        check_memory(load_spec(model).model.bytes_to_fit(interactions.n_items), model, interactions.n_items)
    except TooLittleMemoryError as error:
        print(f"Left out: {error}", file=sys.stderr)
        return False
    return True


def _study_options(arguments: Arguments, model: str) -> dict[str, Any]:
    """The options with which ``bench.study`` would tune the model in the same way."""
    known = study_parser().stored_options
    shared = {name: stored for name, stored in arguments.stored.items() if name in known}
    return {"model": model, "trials": arguments["tune"], **shared}


def _write(comparison: Comparison, interactions: Interactions, folder: Path, arguments: Arguments) -> None:
    """Write the record, its arrays and the page, and what the options ask for; print the results."""
    record = comparison.record
    files = write_comparison(record, comparison.arrays, record_path(record.name, folder))
    page = write_comparison_page(record, folder)
    print_comparison(record, page, files)
    if projector := arguments["projector"]:
        write_projector(comparison.item_vectors, interactions, projector)
        print(f"Item vectors for the embedding projector: {projector}")
    tracking = arguments.build(Tracking)
    if tracking.mlflow:
        track(record, [page, *files], tracking.tracking_uri)
