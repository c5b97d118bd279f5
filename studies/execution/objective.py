"""One trial as the storage sees it: from parameters to a value, and what it leaves behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import StorageInternalError, TrialPruned, UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from evaluation.metrics import Metric
from studies.samplers.pruning import MedianRule
from studies.spec import Searched, StudySpec
from studies.storage.retrying import exclusive_transaction, one_transaction, repeated
from studies.storage.schema import ATTEMPT, DEATHS, ERROR, RESULT, SAME_AS, Attempt, Result, has_entries, write_entries
from studies.trial import TrialResult

__all__ = ["AbandonedError", "Ending", "Objective", "TrialTimeoutError"]

MOST_DEATHS = 3  #: workers that may die while they try one configuration, their command surviving them


class AbandonedError(Exception):
    """The search is to stop, and the trial with it."""


class TrialTimeoutError(Exception):
    """The trial took longer than a trial may."""


class DeadlyTrialError(Exception):
    """Too many workers died while they tried this configuration."""


_NOT_ITS_FAULT = (AbandonedError, StorageInternalError, SQLAlchemyError, UpdateFinishedTrialError)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a trial ended, to be written."""

    state: TrialState
    attrs: Mapping[str, Any]
    values: Sequence[float] | None = None  #: of one that was completed
    last: tuple[float, int] | None = None  #: of one that was pruned its last value and epoch, from which TPE learns

    @classmethod
    def of_error(cls, error: Exception, *, curve: Sequence[float], seconds: float) -> Ending:
        attempt = ATTEMPT.entry(Attempt(curve=tuple(curve), seconds=seconds))
        return cls(state=TrialState.FAIL, attrs=attempt | ERROR.entry(f"{type(error).__name__}: {error}"))

    def write(self, trial: Trial) -> None:
        """UpdateFinishedTrialError, and nothing written, where the trial has been ended by somebody else."""
        repeated(trial, self._write)

    def _write(self, trial: Trial, is_repetition: bool) -> None:
        if is_repetition and self._is_written(trial):
            return
        with exclusive_transaction(trial):
            write_entries(trial, self.attrs)
            if self.last:
                trial.report(*self.last)
            trial.study.tell(trial, self.values, self.state)

    def _is_written(self, trial: Trial) -> bool:
        stored = trial.storage.get_trial(trial._trial_id)
        return stored.state is self.state and has_entries(stored.user_attrs, self.attrs)


class Objective:
    """Tries what the sampler suggests and says what became of it, the error included."""

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
        self._may_prune = spec.max_epochs > 1 and second_metric is None  # with two, no trial is simply the worse

    def __call__(self, trial: Trial) -> Ending:
        """AbandonedError if the search is to stop."""
        start = time.monotonic()
        curve: list[float] = []

        def suggest(trial: Trial, is_repetition: bool) -> tuple[Trial, Any]:
            with one_transaction(trial):
                return trial, self._spec.config(_suggested(trial, self._space))

        def after_epoch(epoch: int, value: float) -> None:
            curve.append(value)
            self._check(epoch, time.monotonic() - start)
            if rule and rule.stops(curve):
                raise TrialPruned

        try:
            trial, config = repeated(trial, suggest)
            if twin := _twin(trial):
                return _ending_of(twin, seconds=time.monotonic() - start)
            _refuse_deadly(trial)
            rule = MedianRule(trial.study) if self._may_prune else None
            result = self._run(config, after_epoch=after_epoch)
        except TrialPruned:
            attempt = Attempt(curve=tuple(curve), seconds=time.monotonic() - start)
            return Ending(state=TrialState.PRUNED, attrs=ATTEMPT.entry(attempt), last=(curve[-1], len(curve)))
        except _NOT_ITS_FAULT:
            raise
        except Exception as error:
            return Ending.of_error(error, curve=curve, seconds=time.monotonic() - start)
        config = self._spec.config(trial.params, n_epochs=result.n_epochs)
        stored = Result.of_trial(result, config, seconds=time.monotonic() - start)
        more = [self._second_metric.over_draws(result.ranks)] if self._second_metric else []
        return Ending(state=TrialState.COMPLETE, attrs=RESULT.entry(stored), values=[result.value, *more])

    def _check(self, epoch: int, seconds: float) -> None:
        if self._should_stop():
            raise AbandonedError
        if self._timeout is not None and seconds > self._timeout:
            raise TrialTimeoutError(f"{seconds:.3g} s gone by the end of epoch {epoch}, of {self._timeout:g} s allowed")


def _twin(trial: Trial) -> FrozenTrial | None:
    """An earlier trial of the same configuration that completed or was pruned, if there is one."""
    states = (TrialState.COMPLETE, TrialState.PRUNED)
    earlier = trial.study.get_trials(deepcopy=False, states=states)
    params = trial.params
    return next((other for other in earlier if other.params == params and ATTEMPT.is_in(other.user_attrs)), None)


def _ending_of(twin: FrozenTrial, *, seconds: float) -> Ending:
    """The same ending for a trial of the same configuration."""
    same_as = SAME_AS.entry(twin.number)
    if twin.state is TrialState.COMPLETE:
        result = RESULT.entry(replace(RESULT.require(twin.user_attrs), seconds=seconds))
        return Ending(state=twin.state, attrs=same_as | result, values=twin.values)
    attempt = ATTEMPT.entry(replace(ATTEMPT.require(twin.user_attrs), seconds=seconds))
    return Ending(state=twin.state, attrs=same_as | attempt)


def _refuse_deadly(trial: Trial) -> None:
    deaths = DEATHS.read(trial.user_attrs) or 0
    if deaths >= MOST_DEATHS:
        raise DeadlyTrialError(f"{deaths} workers died while they tried it; out of memory?")


def _suggested(trial: Trial, space: Mapping[str, Searched]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name, searched in space.items():
        if searched.applies(params):
            params[name] = _suggest(trial, name, searched)
    return params


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
