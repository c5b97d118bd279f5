"""The trial loop: ask, try, tell, until the study has as many trials as were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import TrialPruned
from optuna.pruners import MedianPruner
from optuna.trial import FrozenTrial, Trial

from evaluation.interactions import Interactions
from evaluation.metrics import DEFAULT, Metric
from evaluation.split import Fold, Split
from studies.asked import asked_as_json
from studies.environment import describe_environment
from studies.grid import n_configurations
from studies.history import StudyHistory
from studies.registry import load_spec
from studies.rescoring import rescore
from studies.sampler import N_STARTUP_TRIALS, SamplerName, make_sampler, sampler_in_words
from studies.settings import StudySettings, study_settings
from studies.spec import Searched, StudySpec
from studies.storage import (
    ASKED,
    DEFAULTS,
    ERROR,
    FLOORS,
    RESULT,
    RUN,
    SAMPLERS,
    create_or_resume,
    finished_trials,
    open_storage,
    queue_again,
    ranks_as_json,
    result_as_json,
    storage_errors_explained,
)
from studies.trial import TrialResult, run_trial, warm_up

__all__ = ["Observer", "SearchOptions", "search"]

FLOOR = "popularity"
FIRST_PRUNED_EPOCH = 4  #: earlier, curves have not yet taken their order
PRUNE_EVERY = 2  #: epochs between two looks of the pruner, each of which writes to the storage


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How to search."""

    study_name: str
    storage: str = "sqlite:///mfbench.db"
    metric: Metric = DEFAULT
    n_trials: int = 30  #: in total: a resumed study is topped up to it
    timeout: float | None = None  #: seconds after which no new trial is started
    sampler: SamplerName = "tpe"  #: a resumed study may go on with another
    seed: int = 0
    threads: int | None = None
    rescore: int = 5  #: how many of the best are scored again on fresh draws before a winner is named

    def __post_init__(self) -> None:
        if self.n_trials < 1:
            raise ValueError(f"the number of trials must be at least 1, got {self.n_trials}")


class Observer(Protocol):
    """Somebody who is told how a search goes: a progress bar, a tracker."""

    def search_started(self, history: StudyHistory) -> None: ...

    def trial_finished(self, history: StudyHistory, number: int) -> None: ...

    def rescoring(self, done: int, total: int) -> None: ...


class _AbandonedError(Exception):
    """The search is to stop, and the trial with it."""


def search(
    model: str,
    interactions: Interactions,
    split: Split,
    options: SearchOptions,
    *,
    command: str = "",
    observers: Sequence[Observer] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> StudyHistory:
    """Tune ``model`` on the validation folds of ``split``, going on where a study of that name left off.

    ``should_stop`` is asked after every epoch: once true, the trial at hand is abandoned, its configuration queued for
    the next run, and what is there is returned. A trial that raises is recorded as failed and the search goes on.
    """
    spec = load_spec(model)
    space = spec.space_for(is_weighted=interactions.is_weighted)
    settings = study_settings(spec, space, interactions, split, options.metric, options.seed)
    with storage_errors_explained(options.storage):
        study = _open(options, settings, space)
        n_missing = _n_trials(study, spec, space, options) - len(finished_trials(study))
        _write_circumstances(study, command, n_missing, interactions, split.validation, options)
        history = StudyHistory(study)
        for observer in observers:
            observer.search_started(history)

        def trial_finished(study: optuna.Study, trial: FrozenTrial) -> None:
            for observer in observers:
                observer.trial_finished(history, trial.number)

        def rescoring(done: int, total: int) -> None:
            for observer in observers:
                observer.rescoring(done, total)

        if n_missing > 0 and not should_stop():
            warm_up(spec, options.threads)
            _write_floor(study, split.validation, options)
            if not study.get_trials(deepcopy=False):
                study.enqueue_trial(spec.defaults(space), user_attrs={DEFAULTS: True})
            objective = _Objective(spec, space, split.validation, options, should_stop)
            study.optimize(
                objective, n_trials=n_missing, timeout=options.timeout, catch=(Exception,), callbacks=[trial_finished]
            )
        if not should_stop():
            rescore(
                study,
                spec,
                interactions,
                split,
                n=options.rescore,
                threads=options.threads,
                should_stop=should_stop,
                seed=options.seed,
                progress=rescoring,
            )
        return StudyHistory(study)


class _Objective:
    """A trial as Optuna sees it: from parameters to a value, with what it leaves behind written to the storage."""

    def __init__(
        self,
        spec: StudySpec,
        space: Mapping[str, Searched],
        folds: Sequence[Fold],
        options: SearchOptions,
        should_stop: Callable[[], bool],
    ) -> None:
        self._spec = spec
        self._space = space
        self._folds = folds
        self._options = options
        self._should_stop = should_stop

    def __call__(self, trial: Trial) -> float:
        curve: list[float] = []

        def after_epoch(epoch: int, value: float) -> None:
            curve.append(value)
            self._check(trial, epoch, value)

        try:
            config = self._spec.config({name: _suggest(trial, name, s) for name, s in self._space.items()})
            result = self._try(config, after_epoch)
        except TrialPruned:
            trial.set_user_attr(RESULT, {"curve": curve})
            raise
        except (_AbandonedError, KeyboardInterrupt):
            queue_again(trial.study, trial)
            trial.study.stop()
            raise
        except Exception as error:
            trial.set_user_attr(ERROR, f"{type(error).__name__}: {error}")
            raise
        trial.set_user_attr(RESULT, result_as_json(result, self._spec.config(trial.params, n_epochs=result.n_epochs)))
        return result.value

    def _try(self, config: Any, after_epoch: Callable[[int, float], None]) -> TrialResult:
        options = self._options
        return run_trial(
            self._spec,
            config,
            self._folds,
            options.metric,
            seed=options.seed,
            threads=options.threads,
            after_epoch=after_epoch,
        )

    def _check(self, trial: Trial, epoch: int, value: float) -> None:
        if self._should_stop():
            raise _AbandonedError
        if self._spec.max_epochs > 1 and epoch % PRUNE_EVERY == 0:
            trial.report(value, epoch)
            if trial.should_prune():
                raise TrialPruned


def _n_trials(study: optuna.Study, spec: StudySpec, space: Mapping[str, Searched], options: SearchOptions) -> int:
    """How many trials the study is to have: what was asked for, or as many as there are different ones to have."""
    if not space:
        return 1
    if options.sampler == "grid":
        return min(options.n_trials, n_configurations(study, space, spec.defaults(space)))
    return options.n_trials


def _open(options: SearchOptions, settings: StudySettings, space: Mapping[str, Searched]) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return create_or_resume(
        open_storage(options.storage),
        options.study_name,
        settings,
        sampler=make_sampler(options.sampler, options.seed, space),
        pruner=MedianPruner(n_startup_trials=N_STARTUP_TRIALS, n_warmup_steps=FIRST_PRUNED_EPOCH),
    )


def _suggest(trial: Trial, name: str, searched: Searched) -> Any:
    distribution = searched.distribution
    match distribution:
        case CategoricalDistribution():
            return trial.suggest_categorical(name, distribution.choices)
        case IntDistribution():
            return trial.suggest_int(name, distribution.low, distribution.high, log=distribution.log)
        case FloatDistribution():
            return trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
    raise TypeError(f"{name}: no way to search a {type(distribution).__name__}")


def _write_circumstances(
    study: optuna.Study,
    command: str,
    n_missing: int,
    interactions: Interactions,
    folds: Sequence[Fold],
    options: SearchOptions,
) -> None:
    """What a record needs beside the trials: this run, and whose likes were hidden, by the ids of the data."""
    run = {
        "command": command,
        "n_trials": len(finished_trials(study)) + max(n_missing, 0),
        "rescore": options.rescore,
        "started": datetime.now(UTC).isoformat(),
        "environment": describe_environment(),
    }
    study.set_user_attr(RUN, run)
    samplers, name = study.user_attrs.get(SAMPLERS, {}), sampler_in_words(options.sampler)
    if n_missing > 0 and name not in list(samplers.values())[-1:]:
        study.set_user_attr(SAMPLERS, {**samplers, str(len(study.get_trials(deepcopy=False))): name})
    if ASKED not in study.user_attrs:
        study.set_user_attr(ASKED, asked_as_json(interactions, folds))


def _write_floor(study: optuna.Study, folds: Sequence[Fold], options: SearchOptions) -> None:
    """Ranks by popularity on the same folds, which every model should beat."""
    if FLOORS in study.user_attrs:
        return
    spec = load_spec(FLOOR)
    result = run_trial(spec, spec.config({}), folds, options.metric, seed=options.seed, threads=options.threads)
    study.set_user_attr(FLOORS, {FLOOR: ranks_as_json(result.ranks)})
