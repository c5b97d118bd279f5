"""A search: a study opened, what differs refused, what was left halfway queued again, and trials run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import optuna
from optuna.pruners import NopPruner

from evaluation.interactions import Interactions
from evaluation.split import Fold, Split
from models.memory import check_memory
from studies.environment import describe_environment
from studies.execution.loop import Limits, run_trials
from studies.execution.objective import Objective
from studies.execution.workers import check_workers, connecting, run_on_workers
from studies.half_life import HALF_LIFE, half_life_space, with_times
from studies.history import StudyHistory
from studies.options import SearchOptions
from studies.registry import load_spec
from studies.rescoring import rescore
from studies.samplers.grid import n_configurations
from studies.samplers.growth import Growth, plan_growth
from studies.samplers.seeded import make_sampler, sampler_in_words
from studies.spec import Searched, StudySpec
from studies.storage.errors import storage_errors_explained
from studies.storage.opening import create_or_resume, open_storage
from studies.storage.requeueing import finished_trials, queue_lost_trials
from studies.storage.schema import EVALUATION_USERS, FLOORS, RUN, SAMPLERS, evaluation_users_as_json, ranks_as_json
from studies.storage.settings import StudySettings, study_settings
from studies.training_data import check_suits
from studies.trial import run_trial, warm_up

__all__ = ["Observer", "SearchOptions", "search"]

FLOOR = "popularity"


class Observer(Protocol):
    """Somebody who is told how a search goes: a progress bar, a tracker."""

    def search_started(self, history: StudyHistory) -> None: ...

    def trial_finished(self, history: StudyHistory, number: int) -> None: ...

    def rescoring(self, done: int, total: int) -> None: ...


def search(
    model: str,
    interactions: Interactions,
    split: Split,
    options: SearchOptions,
    *,
    command: str = "",
    configuration: str = "",
    observers: Sequence[Observer] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> StudyHistory:
    """Tune ``model`` on the validation folds of ``split``, going on where a study of that name left off.

    ``command`` and ``configuration``, all options as TOML, are kept in the record for whoever wants to repeat it.

    ``should_stop`` is asked after every epoch: once true, the trial at hand is abandoned, its configuration queued for
    the next run, and what is there is returned. A trial that raises is recorded as failed and the search goes on,
    until ``options.max_failures`` have. TooLittleMemoryError where no trial could have the memory that it needs.
    """
    spec = load_spec(model)
    check_suits(spec.model, interactions)
    check_workers(spec.model, options.workers, options.scheduler)
    if options.scheduler is None:  # the memory of other machines is known to them alone
        check_memory(
            spec.model.bytes_to_fit(interactions.n_items), model, interactions.n_items, processes=options.workers
        )
    space, growth = _space(spec, interactions, options)
    settings = study_settings(spec, space, interactions, split, options.metrics, options.seed)
    folds = with_times(split.validation, interactions, [spec.config({HALF_LIFE: days}) for days in options.half_life])
    with storage_errors_explained(options.storage):
        study = _open(options, settings, spec, space, growth)
        queue_lost_trials(study)
        n_trials = _n_trials(study, spec, space, options)
        limits = Limits(n_trials=n_trials, timeout=options.timeout, max_failures=options.max_failures)
        said = {
            "command": command,
            "configuration": configuration,
            "sampler": sampler_in_words(options.sampler, growth),
        }
        _write_circumstances(study, said, n_trials, interactions, split.validation, options)
        history = StudyHistory(study)
        for observer in observers:
            observer.search_started(history)

        def trial_finished(number: int) -> None:
            for observer in observers:
                observer.trial_finished(history, number)

        def rescoring(done: int, total: int) -> None:
            for observer in observers:
                observer.rescoring(done, total)

        if n_trials > len(finished_trials(study)) and not should_stop():
            loop = _Loop(spec, space, folds, options, limits, growth)
            if options.is_serial or spec.model.divides_itself:
                _write_floor(study, split.validation, options)
                loop.run(study, options.threads, limits, should_stop, trial_finished)
            else:
                with connecting(options) as client:
                    _write_floor(study, split.validation, options)
                    run_on_workers(loop, study, limits, options, client(), should_stop, trial_finished)
        if not should_stop():
            rescore(
                study,
                spec,
                interactions,
                split,
                n=options.rescore,
                threads=options.own_threads,
                should_stop=should_stop,
                seed=options.seed,
                progress=rescoring,
            )
        return StudyHistory(study, known=history)


def _space(
    spec: StudySpec, interactions: Interactions, options: SearchOptions
) -> tuple[Mapping[str, Searched], Growth | None]:
    """What is searched, and how factors grow, where they are to."""
    if options.half_life:
        space = half_life_space(spec, options.half_life, interactions)
    else:
        space = spec.space_for(is_weighted=interactions.is_weighted)
    if not options.grow_factors:
        return space, None
    growth = plan_growth(spec.model.name, space, options.grow_factors, options.n_trials)
    return growth.space(space), growth


def _n_trials(study: optuna.Study, spec: StudySpec, space: Mapping[str, Searched], options: SearchOptions) -> int:
    """How many trials the study is to have: what was asked for, or as many as there are different ones to have."""
    if not space:
        return 1
    if options.sampler == "grid":
        return min(options.n_trials, n_configurations(study, space, spec.defaults(space)))
    return options.n_trials


@dataclass(frozen=True, repr=False)
class _Loop:
    """The loop of a search, run here or sent to workers; the sealed test is no part of it."""

    spec: StudySpec
    space: Mapping[str, Searched]
    folds: Sequence[Fold]
    options: SearchOptions
    limits: Limits
    growth: Growth | None

    def __call__(self, *, threads: int, timeout: float | None, should_stop: Callable[[], bool]) -> None:
        with storage_errors_explained(self.options.storage):
            study = _join(self.options, self.space, self.growth)
            self.run(study, threads, replace(self.limits, timeout=timeout), should_stop, lambda number: None)

    def run(
        self,
        study: optuna.Study,
        threads: int | None,
        limits: Limits,
        should_stop: Callable[[], bool],
        trial_finished: Callable[[int], None],
    ) -> None:
        options = self.options
        run = partial(run_trial, self.spec, folds=self.folds, metric=options.metric, seed=options.seed, threads=threads)
        objective = Objective(self.spec, self.space, run, options.trial_timeout, should_stop, options.second_metric)
        warm_up(self.spec, threads)
        run_trials(study, objective, limits, should_stop, trial_finished)


def _open(
    options: SearchOptions,
    settings: StudySettings,
    spec: StudySpec,
    space: Mapping[str, Searched],
    growth: Growth | None,
) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = open_storage(options.storage)
    first = spec.defaults(space)
    return create_or_resume(storage, options.study_name, settings, first=first, **_strategy(options, space, growth))


def _join(options: SearchOptions, space: Mapping[str, Searched], growth: Growth | None) -> optuna.Study:
    """The study, in a worker: it is there, and what it holds has been compared."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.load_study(
        study_name=options.study_name, storage=open_storage(options.storage), **_strategy(options, space, growth)
    )


def _strategy(options: SearchOptions, space: Mapping[str, Searched], growth: Growth | None) -> dict[str, Any]:
    return {
        "sampler": make_sampler(options.sampler, options.seed, space, growth),
        "pruner": NopPruner(),  # the objective prunes
    }


def _write_circumstances(
    study: optuna.Study,
    said: Mapping[str, str],
    n_trials: int,
    interactions: Interactions,
    folds: Sequence[Fold],
    options: SearchOptions,
) -> None:
    """What a record needs beside the trials: this run, and whose likes were hidden, by the ids of the data."""
    run = {
        **said,
        "n_trials": max(n_trials, len(finished_trials(study))),
        "rescore": options.rescore,
        "started": datetime.now(UTC).isoformat(),
        "environment": describe_environment(),
    }
    study.set_user_attr(RUN, run)
    samplers, name = study.user_attrs.get(SAMPLERS, {}), said["sampler"]
    if n_trials > len(finished_trials(study)) and name not in list(samplers.values())[-1:]:
        n_before = len(study.get_trials(deepcopy=False)) if samplers else 0
        study.set_user_attr(SAMPLERS, {**samplers, str(n_before): name})
    if EVALUATION_USERS not in study.user_attrs:
        study.set_user_attr(EVALUATION_USERS, evaluation_users_as_json(interactions, folds))


def _write_floor(study: optuna.Study, folds: Sequence[Fold], options: SearchOptions) -> None:
    """Ranks by popularity on the same folds, which every model should beat."""
    if FLOORS in study.user_attrs:
        return
    spec = load_spec(FLOOR)
    result = run_trial(spec, spec.config({}), folds, options.metric, seed=options.seed, threads=options.own_threads)
    study.set_user_attr(FLOORS, {FLOOR: ranks_as_json(result.ranks)})
