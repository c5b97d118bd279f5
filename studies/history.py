"""From the storage back to a record: nothing is fitted again, everything follows from the stored ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, Literal

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from evaluation.metrics import NOTATION, REPORTED, Metric, formula
from evaluation.ranking import HeldOutRanks, pool_draws
from evaluation.rating_errors import FORMULAS
from evaluation.significance import bootstrap_means
from studies.record.study import Estimate, Gain, StudyRecord, TrialRecord
from studies.rescoring import Rescored, candidates, finalists
from studies.storage.locks import exclusive_lock
from studies.storage.requeueing import finished_trials, is_abandoned
from studies.storage.schema import (
    ATTEMPT,
    DEFAULTS,
    ERROR,
    EVALUATION_USERS,
    FLOORS,
    ID,
    RESULT,
    RUN,
    SAME_AS,
    SAMPLERS,
    SETTINGS,
    Attempt,
    EvaluationUsers,
)

__all__ = ["StudyHistory"]

_STATES: dict[TrialState, Literal["complete", "pruned", "failed", "running"]] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}
MIN_TRIALS_FOR_IMPORTANCE = 20  #: of fewer, fANOVA finds shares that change from one estimator to another
MOST_TRIALS_FOR_IMPORTANCE = 300  #: a random sample of more: 1,000 trials take half a minute, 300 a few seconds
TRIALS_AT_ONCE = 64  #: trials whose intervals are computed together: bounds the per-user values held in memory


class StudyHistory:
    """Reads one study: its attributes once, its trials whenever a method is called."""

    def __init__(self, study: optuna.Study, known: StudyHistory | None = None) -> None:
        """``known`` is an earlier history of the study, whose intervals of completed trials are used again."""
        attrs = study.user_attrs
        self._study = study
        self._known: dict[int, dict[str, Estimate]] = known._known if known else {}  # number -> metric -> estimate
        self._id = ID.require(attrs)
        self._settings = SETTINGS.require(attrs)
        self._run = RUN.require(attrs)
        self._samplers = SAMPLERS.read(attrs) or {}
        self._floors = FLOORS.read(attrs) or {}
        self._users = EVALUATION_USERS.read(attrs) or EvaluationUsers()
        self.metric = Metric.parse(self._settings.metric)
        second = self._settings.second_metric
        self.metrics = tuple(dict.fromkeys([self.metric, *([Metric.parse(second)] if second else []), *REPORTED]))
        self._rescored = Rescored(study, attrs, self.metric)

    def exclusive_lock(self) -> AbstractContextManager[None]:
        """Wait until no other process holds this lock; for processes that copy the study to the same place."""
        storage: Any = self._study._storage
        return exclusive_lock(storage._backend.url, waits_for_server=True)

    @property
    def n_trials(self) -> int:
        """Finished trials that the study is to have."""
        return self._run.n_trials

    def finished(self) -> list[FrozenTrial]:
        """Return the trials that ended by themselves: none that run, wait or were abandoned."""
        return finished_trials(self._study)

    def error(self, number: int) -> str | None:
        """Return the error of a failed trial, None of any other."""
        return ERROR.read(self._trials()[number].user_attrs)

    def trial_records(self, numbers: Sequence[int]) -> tuple[TrialRecord, ...]:
        """Return these trials, the completed ones with every metric and its interval."""
        everything = self._trials()
        trials = [everything[number] for number in numbers]
        records = []
        for start in range(0, len(trials), TRIALS_AT_ONCE):
            some = trials[start : start + TRIALS_AT_ONCE]
            new = [t for t in some if t.state is TrialState.COMPLETE and t.number not in self._known]
            self._known |= self._estimates({t.number: pool_draws(self._draws(t)) for t in new})
            records += [_trial_record(trial, self._known.get(trial.number, {})) for trial in some]
        return self._with_fresh(records)

    def record(self) -> StudyRecord:
        """Return the whole study as plain values."""
        settings, run, best = self._settings, self._run, self.best()
        shown = [n for n, t in self._trials().items() if t.state in _STATES and not is_abandoned(t)]
        trials = self.trial_records(shown)
        started, seconds = _span(trials, run.started)
        return StudyRecord(
            name=self._study.study_name,
            id=self._id,
            model=settings.model,
            metric=str(self.metric),
            second_metric=settings.second_metric,
            seed=settings.seed,
            data=settings.data,
            split=settings.split,
            space=settings.space,
            n_trials=run.n_trials,
            n_rescored=run.rescore,
            command=run.command,
            configuration=run.configuration,
            environment=run.environment,
            samplers=self._samplers,
            started=started,
            seconds=seconds,
            notation=NOTATION,
            formulas=self._formulas(trials),
            trials=trials,
            winner=best.number if best else None,
            best_config=RESULT.require(best.user_attrs).config if best else {},
            front=self._front(),
            floors=self._estimates({name: self._users.pooled(stored) for name, stored in self._floors.items()}),
            gains=tuple(self._gains(best)) if best else (),
            importances=self._importances(),
        )

    @property
    def storage_url(self) -> str:
        """URL of the study's database; it may contain a password."""
        storage: Any = self._study._storage
        return str(storage._backend.url)

    def best(self) -> FrozenTrial | None:
        """Return the best finalist where all are re-scored, else the completed trial with the highest value."""
        return next(iter(self._rescored.finalists() or finalists(self._study, 1)), None)

    def per_user_ranks(self) -> Iterator[dict[str, Any]]:
        """Yield for every held-out item its draw, its user, and its rank by the best trial, the defaults, baselines."""
        contenders = self._contenders(self.best())
        for draw, owners in enumerate(self._users.owners()):
            columns = [ranks[draw].ranks for ranks in contenders.values()]
            for user, *row in zip(owners, *columns, strict=True):
                yield {"draw": draw, "user": user, **dict(zip(contenders, row, strict=True))}

    def _trials(self) -> dict[int, FrozenTrial]:
        """Number -> trial."""
        return {trial.number: trial for trial in self._study.get_trials(deepcopy=False)}

    def _draws(self, trial: FrozenTrial) -> list[HeldOutRanks]:
        """Ranks of a completed trial, one object a draw."""
        return self._users.draws(RESULT.require(trial.user_attrs))

    def _formulas(self, trials: Sequence[TrialRecord]) -> dict[str, str]:
        errors = dict.fromkeys(error for trial in trials for error in trial.errors)
        return {metric.label: formula(metric.name) for metric in self.metrics} | {
            name.upper(): FORMULAS[name] for name in errors
        }

    def _front(self) -> tuple[int, ...]:
        """Numbers of the trials on the front of two metrics, the best in the first metric first."""
        if len(self._study.directions) == 1:
            return ()
        return tuple(trial.number for trial in finalists(self._study, len(candidates(self._study))))

    def _contenders(self, best: FrozenTrial | None) -> dict[str, list[HeldOutRanks]]:
        """Ranks of the best trial, and of what it is compared with."""
        default = next((t for t in self.finished() if _is_default(t) and t.state is TrialState.COMPLETE), None)
        tried = {name: self._draws(trial) for name, trial in (("best", best), ("defaults", default)) if trial}
        return tried | {name: self._users.draws(stored) for name, stored in self._floors.items()}

    def _gains(self, best: FrozenTrial) -> Iterator[Gain]:
        contenders = {name: pool_draws(draws) for name, draws in self._contenders(best).items()}
        winner = contenders.pop("best")
        if not contenders:
            return
        columns: dict[tuple[Metric, str, str], NDArray[np.float64]] = {}
        for metric in self.metrics:
            values = metric.per_user(winner)
            for over, ranks in contenders.items():
                others = metric.per_user(ranks)
                columns |= {(metric, over, "difference"): values - others, (metric, over, "other"): others}
        estimates = bootstrap_means(winner.users, columns, seed=self._settings.seed)  # all from one set of resamples
        for metric, over in product(self.metrics, contenders):
            difference, other = (estimates[metric, over, part] for part in ("difference", "other"))
            yield Gain(over=over, metric=str(metric), difference=difference, other=other)

    def _with_fresh(self, records: Sequence[TrialRecord]) -> tuple[TrialRecord, ...]:
        """Add to the records of finalists their scores on the fresh draws and over all draws."""
        numbers = {record.number for record in records}
        fresh, all_draws = {}, {}
        for trial in (trial for trial in self._rescored.finalists() if trial.number in numbers):
            draws = self._rescored.ranks(trial.number)
            fresh[trial.number] = pool_draws(draws)
            all_draws[trial.number] = pool_draws([*self._draws(trial), *draws])
        on_fresh, overall = self._estimates(fresh), self._estimates(all_draws)
        return tuple(
            replace(record, fresh=on_fresh[record.number], overall=overall[record.number])
            if record.number in fresh
            else record
            for record in records
        )

    def _estimates(self, contenders: Mapping[Any, HeldOutRanks]) -> dict[Any, dict[str, Estimate]]:
        """Return every metric of every contender, all from one set of resampled users."""
        if not contenders:
            return {}
        columns = {(who, m): m.per_user(ranks) for who, ranks in contenders.items() for m in self.metrics}
        users = next(iter(contenders.values())).users
        estimates = bootstrap_means(users, columns, seed=self._settings.seed)
        return {who: {str(m): estimates[who, m] for m in self.metrics} for who in contenders}

    def _importances(self) -> dict[str, float]:
        complete = [trial for trial in self.finished() if trial.state is TrialState.COMPLETE]
        if len(complete) < MIN_TRIALS_FOR_IMPORTANCE or len({trial.values[0] for trial in complete}) < 2:
            return {}
        study = self._study
        if len(complete) > MOST_TRIALS_FOR_IMPORTANCE:
            chosen = np.random.default_rng(self._settings.seed).permutation(len(complete))[:MOST_TRIALS_FOR_IMPORTANCE]
            study = optuna.create_study(directions=study.directions)
            study.add_trials([complete[index] for index in sorted(chosen)])
        from optuna.importance import FanovaImportanceEvaluator, get_param_importances  # imports scikit-learn

        evaluator = FanovaImportanceEvaluator(seed=self._settings.seed)
        try:
            shares = get_param_importances(study, evaluator=evaluator, target=lambda trial: trial.values[0])
        except RuntimeError:  # where so few values differ that every tree may see equal ones
            return {}
        return {name: float(share) for name, share in shares.items()}


def _is_default(trial: FrozenTrial) -> bool:
    return DEFAULTS.read(trial.user_attrs) or False


def _span(trials: Sequence[TrialRecord], otherwise: datetime) -> tuple[datetime, float]:
    """Start of the first trial, and seconds from there to the end of the last one."""
    started = min((t.started for t in trials if t.started), default=otherwise)
    ended = max((t.started.timestamp() + t.seconds for t in trials if t.started and t.seconds), default=None)
    return started, ended - started.timestamp() if ended else 0.0


def _trial_record(trial: FrozenTrial, metrics: Mapping[str, Estimate]) -> TrialRecord:
    result = RESULT.require(trial.user_attrs) if trial.state is TrialState.COMPLETE else None
    attempt = result or ATTEMPT.read(trial.user_attrs) or Attempt()
    best_so_far = max(attempt.curve, default=None) if trial.state is TrialState.PRUNED else None
    duration = trial.duration.total_seconds() if trial.duration else None
    return TrialRecord(
        number=trial.number,
        state=_STATES[trial.state],
        params=trial.params,
        started=trial.datetime_start.astimezone(UTC) if trial.datetime_start else None,
        seconds=attempt.seconds if attempt.seconds is not None else duration,
        fit_seconds=result.fit_seconds if result else None,
        evaluate_seconds=result.evaluate_seconds if result else None,
        value=trial.values[0] if result else best_so_far,
        metrics=metrics,
        errors=result.errors if result else {},
        curve=attempt.curve,
        n_epochs=result.n_epochs if result else None,
        tie_share=float(np.mean(result.tie_shares)) if result else None,
        error=ERROR.read(trial.user_attrs),
        is_default=_is_default(trial),
        same_as=SAME_AS.read(trial.user_attrs),
    )
