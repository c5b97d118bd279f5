"""The work of ``bench.study``: a search from the data to its results, or MLflow brought up to date."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cli.options import Arguments
from bench.cli.run import stop_on_signal, writable_folder
from bench.commands.inputs import default_name, load_split
from bench.commands.study_results import print_study, print_tracking, write_study_files
from bench.commands.tuning import tune
from evaluation.interactions import Interactions
from evaluation.metrics import InvalidMetricError, Metric
from reports.formats import visible
from studies.execution.workers import check_workers
from studies.history import StudyHistory
from studies.options import SearchOptions
from studies.record.study import StudyRecord
from studies.registry import UnknownModelError, load_spec, model_names
from studies.samplers.growth import plan_growth
from studies.secrets import hide_password
from studies.spec import DataShape
from studies.storage.errors import StorageError, storage_errors_explained
from studies.storage.opening import load_study, open_storage, study_names
from studies.tracking.background import copy_study
from studies.tracking.mlflow_runs import problem_of

__all__ = ["study"]


def study(arguments: Arguments) -> int:
    """Tune the model, print the results and return the exit code."""
    if arguments["sync"]:
        return _sync(arguments["storage"], arguments["study-name"], arguments["model"], arguments["tracking-uri"])
    model = arguments["model"]
    if model is None:
        raise UnknownModelError(f"Name a model with --model, one of: {', '.join(model_names())}")
    check_workers(load_spec(model).model, arguments["workers"], arguments["scheduler"])
    metrics = _metrics(arguments["metric"])
    writable_folder(arguments["report-dir"])
    with stop_on_signal() as stop:
        interactions, split = load_split(arguments, [model])
        options = _search_options(arguments, interactions, metrics)
        if options.grow_factors:
            shape = DataShape.of(split.validation[0], is_weighted=interactions.is_weighted)
            plan = plan_growth(model, load_spec(model).space_for(shape), options.grow_factors, options.n_trials)
            print(f"Growing: {plan.description}")
        tuned = tune(
            model,
            interactions,
            split,
            options,
            arguments=arguments,
            stored=dict(arguments.stored),
            should_stop=stop,
        )
    print_study(tuned.record, tuned.files)
    if tuned.tracker:
        print_tracking(tuned.tracker)
    if stop.signal:
        n_finished = len(tuned.history.finished())
        print(f"Stopped after {n_finished} of {options.n_trials} trials; to go on: {arguments.command}")
        return 128 + stop.signal
    return _outcome(tuned.record, options.max_failures)


def _search_options(
    arguments: Arguments, interactions: Interactions, metrics: tuple[Metric, Metric | None]
) -> SearchOptions:
    name = arguments["study-name"] or default_name(arguments["model"], interactions)
    return arguments.build(SearchOptions, study_name=name, metric=metrics[0], second_metric=metrics[1])


def _metrics(given: Sequence[Metric]) -> tuple[Metric, Metric | None]:
    if len(given) > 2:
        raise InvalidMetricError(f"A study has one metric or two, got {len(given)}: {', '.join(map(str, given))}")
    first, *second = given
    return first, second[0] if second else None


def _outcome(record: StudyRecord, max_failures: int) -> int:
    """The exit code of a search that was not interrupted; prints the reason where failures stopped it."""
    errors = [visible(trial.error) for trial in record.trials if trial.error]
    if len(errors) < max_failures:
        return 0 if record.best else 1
    print(
        f"Stopped: {len(errors)} of {len(record.trials)} trials failed, the last one with {errors[-1]}\n"
        f"To go on all the same: --max-failures {2 * len(errors)}",
        file=sys.stderr,
    )
    return 1


def _sync(storage_url: str, study_name: str | None, model: str | None, tracking_uri: str) -> int:
    """Write to MLflow what it lacks of the study, or of every study in the storage (of the model)."""
    with storage_errors_explained(storage_url):
        storage = open_storage(storage_url)
        names = [study_name] if study_name else study_names(storage, model)
        if not names:
            print(f"{hide_password(storage_url)} holds no such study")
        for name in names:
            history = StudyHistory(load_study(storage, name))
            with TemporaryDirectory() as folder:
                files = write_study_files(history, history.record(), Path(folder))
                try:
                    n_missing = copy_study(tracking_uri, history, files)
                except StorageError:
                    raise
                except Exception as error:
                    problem = problem_of(tracking_uri, error)
                    print(f"MLflow: {visible(name)} was not written ({problem}); run it again")
                    return 1
            print(f"{visible(name)}: MLflow lacked {n_missing} of {len(history.finished())} trials, and has all now")
    return 0
