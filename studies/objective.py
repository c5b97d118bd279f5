"""One trial as the storage sees it: from parameters to a value, with what it leaves behind written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import StorageInternalError, TrialPruned, UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from evaluation.metrics import Metric
from studies.spec import Searched, StudySpec
from studies.storage import DEATHS, ERROR, RESULT, SAME_AS, result_as_json
from studies.trial import TrialResult

__all__ = ["AbandonedError", "Objective", "TrialTimeoutError"]

PRUNE_EVERY = 2  #: epochs between two looks of the pruner, each of which writes to the storage
MOST_DEATHS = 3  #: processes that may be killed while they try one configuration


class AbandonedError(Exception):
    """The search is to stop, and the trial with it."""


class TrialTimeoutError(Exception):
    """The trial took longer than a trial may."""


class DeadlyTrialError(Exception):
    """Too many processes were killed while they tried this configuration."""


_NOT_ITS_FAULT = (AbandonedError, StorageInternalError, SQLAlchemyError, UpdateFinishedTrialError)


class Objective:
    """Tries what the sampler suggests and writes what became of it, the error included."""

    def __init__(
        self,
        spec: StudySpec,
        space: Mapping[str, Searched],
        run: Callable[..., TrialResult],
        timeout: float | None,
        should_stop: Callable[[], bool],
        second_metric: Metric | None = None,
    ) -> None:
        self._spec = spec
        self._space = space
        self._run = run
        self._timeout = timeout
        self._should_stop = should_stop
        self._second_metric = second_metric

    def __call__(self, trial: Trial) -> tuple[TrialState, list[float] | None]:
        """How the trial ended, and its values if it was completed; AbandonedError if the search is to stop."""
        start = time.monotonic()
        curve: list[float] = []

        def after_epoch(epoch: int, value: float) -> None:
            curve.append(value)
            self._check(trial, epoch, value, time.monotonic() - start)

        def leave(result: Mapping[str, Any]) -> None:
            trial.set_user_attr(RESULT, {**result, "seconds": time.monotonic() - start})

        try:
            config = self._spec.config({name: _suggest(trial, name, s) for name, s in self._space.items()})
            if twin := _twin(trial):
                trial.set_user_attr(SAME_AS, twin.number)
                leave(twin.user_attrs[RESULT])
                return twin.state, twin.values if twin.state is TrialState.COMPLETE else None
            _refuse_deadly(trial)
            result = self._run(config, after_epoch=after_epoch)
        except TrialPruned:
            leave({"curve": curve})
            return TrialState.PRUNED, None
        except _NOT_ITS_FAULT:
            raise
        except Exception as error:
            leave({"curve": curve})
            trial.set_user_attr(ERROR, f"{type(error).__name__}: {error}")
            return TrialState.FAIL, None
        leave(result_as_json(result, self._spec.config(trial.params, n_epochs=result.n_epochs)))
        more = [self._second_metric.over_draws(result.ranks)] if self._second_metric else []
        return TrialState.COMPLETE, [result.value, *more]

    def _check(self, trial: Trial, epoch: int, value: float, seconds: float) -> None:
        if self._should_stop():
            raise AbandonedError
        if self._timeout is not None and seconds > self._timeout:
            raise TrialTimeoutError(f"{seconds:.3g} s gone by the end of epoch {epoch}, of {self._timeout:g} s allowed")
        may_prune = self._second_metric is None  # with two, Optuna has no pruner
        if may_prune and self._spec.max_epochs > 1 and epoch % PRUNE_EVERY == 0:
            trial.report(value, epoch)
            if trial.should_prune():
                raise TrialPruned


def _twin(trial: Trial) -> FrozenTrial | None:
    """An earlier trial of the same configuration that completed or was pruned, if there is one."""
    states = (TrialState.COMPLETE, TrialState.PRUNED)
    earlier = trial.study.get_trials(deepcopy=False, states=states)
    params = trial.params
    return next((other for other in earlier if other.params == params and RESULT in other.user_attrs), None)


def _refuse_deadly(trial: Trial) -> None:
    deaths = trial.user_attrs.get(DEATHS, 0)
    if deaths >= MOST_DEATHS:
        raise DeadlyTrialError(f"{deaths} processes were killed while they tried it; out of memory?")


def _suggest(trial: Trial, name: str, searched: Searched) -> Any:
    distribution = searched.distribution
    match distribution:
        case CategoricalDistribution():
            return trial.suggest_categorical(name, distribution.choices)
        case IntDistribution():
            return trial.suggest_int(
                name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
            )
        case FloatDistribution():
            return trial.suggest_float(
                name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
            )
    raise TypeError(f"{name}: no way to search a {type(distribution).__name__}")
