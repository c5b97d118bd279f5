"""A search: open the study or resume it, run trials until it has enough, and score the best again on fresh draws."""

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
from studies.samplers.seeded import describe_sampler, make_sampler
from studies.spec import DataShape, Searched, StudySpec
from studies.storage.errors import storage_errors_explained
from studies.storage.opening import create_or_resume, open_storage
from studies.storage.requeueing import finished_trials, queue_lost_trials
from studies.storage.retrying import RetryingStorage
from studies.storage.schema import EVALUATION_USERS, FLOORS, RUN, SAMPLERS, EvaluationUsers, Run, StoredRanks
from studies.storage.settings import study_settings
from studies.training_data import check_suits
from studies.trial import run_trial, warm_up

__all__ = ["Observer", "SearchOptions", "search"]

BASELINE = "popularity"


class Observer(Protocol):
    """Is told how a search goes, as a progress bar or a tracker is."""

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
    """Tune ``model`` on the validation folds of ``split``; a study that exists under the name is resumed.

    ``command`` and ``configuration`` (all options as TOML) are kept in the record, so that the study can be repeated.

    ``should_stop`` is called after every epoch. Once it returns True, the running trial is abandoned, its configuration
    is queued for the next run, and the study is returned as it is. A trial that raises is recorded as failed, and the
    search goes on until ``options.max_failures`` trials have failed. Raises TooLittleMemoryError where no trial can
    get the memory that it needs.
    """
    plan = _Plan.of(model, interactions, split, options)
    settings = study_settings(plan.spec, plan.space, interactions, split, options)
    with storage_errors_explained(options.storage):
        study = create_or_resume(
            _open_storage(options), options.study_name, settings, first=plan.spec.defaults(plan.space), **plan.strategy
        )
        queue_lost_trials(study)
        n_trials = plan.n_trials(study)
        has_enough = len(finished_trials(study)) >= n_trials
        if not EVALUATION_USERS.is_in(study.user_attrs):
            EVALUATION_USERS.write(study, EvaluationUsers.of(interactions, split.validation))
        _write_run(study, plan, n_trials, command, configuration)
        history = StudyHistory(study)
        for observer in observers:
            observer.search_started(history)
        if not has_enough and not should_stop():
            limits = Limits(n_trials=n_trials, timeout=options.timeout, max_failures=options.max_failures)
            _run_trials(study, plan, limits, should_stop, partial(_trial_finished, observers, history))
        if not should_stop():
            for n_done, n in rescore(study, plan.spec, interactions, split, options, should_stop):
                for observer in observers:
                    observer.rescoring(n_done, n)
        return StudyHistory(study, known=history)


@dataclass(frozen=True, repr=False)
class _Plan:
    """What a search tries and on which folds; it travels to workers, and holds nothing of the sealed test."""

    spec: StudySpec
    space: Mapping[str, Searched]
    growth: Growth | None
    folds: Sequence[Fold]
    options: SearchOptions

    @classmethod
    def of(cls, model: str, interactions: Interactions, split: Split, options: SearchOptions) -> _Plan:
        """Check that the model can be searched on the data by these options, and plan it."""
        spec = load_spec(model)
        check_suits(spec.model, interactions)
        check_workers(spec.model, options.workers, options.scheduler)
        if options.scheduler is None:  # only a cluster's own machines know their memory
            n_items = interactions.n_items
            check_memory(spec.model.bytes_to_fit(n_items), model, n_items, processes=options.workers)
        space, growth = _space(
            spec, DataShape.of(split.validation[0], is_weighted=interactions.is_weighted), interactions, options
        )
        half_lives = [spec.config({HALF_LIFE: days}) for days in options.half_life]
        return cls(spec, space, growth, with_times(split.validation, interactions, half_lives), options)

    @property
    def strategy(self) -> dict[str, Any]:
        """Arguments of Optuna's for a study: the objective prunes, not Optuna."""
        first = self.spec.defaults(self.space)
        sampler = make_sampler(self.options.sampler, self.options.sampler_seed, self.space, self.growth, first=first)
        return {"sampler": sampler, "pruner": NopPruner()}

    def n_trials(self, study: optuna.Study) -> int:
        """Trials that the study is to have: as many as the options say, or as there are different configurations."""
        if not self.space:
            return 1
        if self.options.sampler == "grid":
            return min(self.options.n_trials, n_configurations(study, self.space, self.spec.defaults(self.space)))
        return self.options.n_trials

    def run(
        self,
        study: optuna.Study,
        threads: int | None,
        limits: Limits,
        should_stop: Callable[[], bool],
        trial_finished: Callable[[int], None],
    ) -> None:
        """Run trials in this process."""
        how = self.options
        run = partial(run_trial, self.spec, folds=self.folds, metric=how.metric, seed=how.seed, threads=threads)
        objective = Objective(self.spec, self.space, run, how.trial_timeout, should_stop, how.second_metric)
        warm_up(self.spec, threads)
        run_trials(study, objective, limits, should_stop, trial_finished)


@dataclass(frozen=True, repr=False)
class _Job:
    """What each worker does: join the study and run trials."""

    plan: _Plan
    limits: Limits

    def __call__(self, *, threads: int, timeout: float | None, should_stop: Callable[[], bool], command: str) -> None:
        options = self.plan.options
        with storage_errors_explained(options.storage):
            storage = _open_storage(options, command=command)
            study = optuna.load_study(study_name=options.study_name, storage=storage, **self.plan.strategy)
            self.plan.run(study, threads, replace(self.limits, timeout=timeout), should_stop, lambda number: None)


def _space(
    spec: StudySpec, shape: DataShape, interactions: Interactions, options: SearchOptions
) -> tuple[Mapping[str, Searched], Growth | None]:
    """Return what is searched, and how the number of factors grows where it does."""
    if options.half_life:
        space = half_life_space(spec, options.half_life, interactions, shape)
    else:
        space = spec.space_for(shape)
    if not options.grow_factors:
        return space, None
    growth = plan_growth(spec.model.name, space, options.grow_factors, options.n_trials)
    return growth.space(space), growth


def _open_storage(options: SearchOptions, *, command: str | None = None) -> RetryingStorage:
    """Open the storage without Optuna's log; a worker names the process of its ``command``."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return open_storage(options.storage, command=command)


def _run_trials(
    study: optuna.Study,
    plan: _Plan,
    limits: Limits,
    should_stop: Callable[[], bool],
    trial_finished: Callable[[int], None],
) -> None:
    """Run trials in this process or on workers; the baseline is ranked first, while workers start."""
    options = plan.options
    if options.is_serial or plan.spec.model.divides_itself:
        _write_baseline(study, plan)
        plan.run(study, options.threads, limits, should_stop, trial_finished)
    else:
        with connecting(options) as client:
            _write_baseline(study, plan)
            run_on_workers(_Job(plan, limits), study, limits, options, client(), should_stop, trial_finished)


def _trial_finished(observers: Sequence[Observer], history: StudyHistory, number: int) -> None:
    for observer in observers:
        observer.trial_finished(history, number)


def _write_run(study: optuna.Study, plan: _Plan, n_trials: int, command: str, configuration: str) -> None:
    """Write this run, and its sampler where that is another one than before and has trials to propose."""
    n_finished = len(finished_trials(study))
    sampler = describe_sampler(plan.options.sampler, plan.growth, plan.options.search_seed)
    run = Run(
        command=command,
        configuration=configuration,
        sampler=sampler,
        n_trials=max(n_trials, n_finished),
        rescore=plan.options.rescore,
        started=datetime.now(UTC),
        environment=describe_environment(),
    )
    RUN.write(study, run)
    samplers = SAMPLERS.read(study.user_attrs) or {}
    if n_trials > n_finished and sampler not in list(samplers.values())[-1:]:
        n_before = len(study.get_trials(deepcopy=False)) if samplers else 0
        SAMPLERS.write(study, {**samplers, n_before: sampler})


def _write_baseline(study: optuna.Study, plan: _Plan) -> None:
    """Rank by popularity on the same folds, which every model should beat."""
    if FLOORS.is_in(study.user_attrs):
        return
    spec, how = load_spec(BASELINE), plan.options
    result = run_trial(spec, spec.config({}), plan.folds, how.metric, seed=how.seed, threads=how.own_threads)
    FLOORS.write(study, {BASELINE: StoredRanks.of(result.ranks)})
