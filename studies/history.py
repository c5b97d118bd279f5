"""From Optuna's storage back to a record: nothing is rerun, everything follows from the stored ranks."""

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
from studies.record.study import DataSummary, Estimate, Gain, ParameterRange, SplitSummary, StudyRecord, TrialRecord
from studies.rescoring import Rescored, candidates, finalists
from studies.storage.locks import exclusive_lock
from studies.storage.requeueing import finished_trials, is_abandoned
from studies.storage.schema import (
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
    EvaluationUsers,
)

__all__ = ["StudyHistory"]

_STATES: dict[TrialState, Literal["complete", "pruned", "failed", "running"]] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}
MIN_TRIALS_FOR_IMPORTANCE = 5
TRIALS_AT_ONCE = 64  #: while intervals are computed: bounds the per-user values held in memory


class StudyHistory:
    """Reads one study: what is fixed once, trials as often as asked."""

    def __init__(self, study: optuna.Study, known: StudyHistory | None = None) -> None:
        """``known``, an earlier history of the study, spares what it has computed of finished trials."""
        self._study = study
        self._known: dict[int, dict[str, Estimate]] = known._known if known else {}
        attrs = study.user_attrs
        self._attrs = attrs
        self._settings: dict[str, Any] = attrs[SETTINGS]
        self.metric = Metric.parse(self._settings["metric"])
        second = self._settings.get("second_metric")
        self.metrics = tuple(dict.fromkeys([self.metric, *([Metric.parse(second)] if second else []), *REPORTED]))
        self._evaluation_users = EvaluationUsers(attrs.get(EVALUATION_USERS))
        self._rescored = Rescored(study, self.metric)

    def exclusive_lock(self) -> AbstractContextManager[None]:
        """One after the other, those who write about this study elsewhere, and would not see each other there."""
        storage: Any = self._study._storage
        return exclusive_lock(storage._backend.url)

    @property
    def n_trials(self) -> int:
        """Asked for, in total."""
        return int(self._attrs[RUN]["n_trials"])

    def finished(self) -> list[FrozenTrial]:
        """The trials that ended by themselves: not those running, waiting, or abandoned."""
        return finished_trials(self._study)

    def error(self, number: int) -> str | None:
        """Why the trial failed, if it did."""
        return self._study.get_trials(deepcopy=False)[number].user_attrs.get(ERROR)

    def trial_records(self, numbers: Sequence[int]) -> tuple[TrialRecord, ...]:
        """The trials of these numbers, those that completed with every metric and its interval."""
        everything = self._study.get_trials(deepcopy=False)
        trials = [everything[number] for number in numbers]
        records = []
        for start in range(0, len(trials), TRIALS_AT_ONCE):
            some = trials[start : start + TRIALS_AT_ONCE]
            new = [t for t in some if t.state is TrialState.COMPLETE and t.number not in self._known]
            self._known |= self._estimates({t.number: self._evaluation_users.pooled(t.user_attrs[RESULT]) for t in new})
            records += [_trial_record(trial, self._known.get(trial.number, {})) for trial in some]
        return self._with_fresh(records)

    def record(self) -> StudyRecord:
        """The whole study as plain values."""
        shown = [t for t in self._study.get_trials(deepcopy=False) if t.state in _STATES and not is_abandoned(t)]
        trials = self.trial_records([trial.number for trial in shown])
        run = self._attrs[RUN]
        started = min((t.started for t in trials if t.started), default=datetime.fromisoformat(run["started"]))
        ended = max((t.started.timestamp() + t.seconds for t in trials if t.started and t.seconds), default=None)
        best = self.best()
        return StudyRecord(
            name=self._study.study_name,
            id=self._attrs[ID],
            model=self._settings["model"],
            metric=str(self.metric),
            n_trials=run["n_trials"],
            seed=self._settings["seed"],
            command=run["command"],
            configuration=run.get("configuration", ""),
            started=started,
            seconds=ended - started.timestamp() if ended else 0.0,
            data=DataSummary(**{**self._settings["data"], "notes": tuple(self._settings["data"]["notes"])}),
            split=SplitSummary(**self._settings["split"]),
            space={name: ParameterRange(**searched) for name, searched in self._settings["space"].items()},
            notation=NOTATION,
            formulas={metric.label: formula(metric.name) for metric in self.metrics}
            | {
                name.upper(): FORMULAS[name]
                for name in dict.fromkeys(error for trial in trials for error in trial.errors)
            },
            trials=trials,
            floors=self._estimates(self._floors()),
            gains=tuple(self._gains(best)) if best else (),
            importances=self._importances(),
            samplers={int(number): name for number, name in self._attrs.get(SAMPLERS, {}).items()},
            second_metric=self._settings.get("second_metric"),
            front=self._front(),
            winner=best.number if best else None,
            n_rescored=run.get("rescore", 0),
            best_config=best.user_attrs[RESULT]["config"] if best else {},
            environment=run["environment"],
        )

    def best(self) -> FrozenTrial | None:
        """The winner among the finalists where all are re-scored, else the completed trial with the highest value."""
        return next(iter(self._rescored.finalists() or finalists(self._study, 1)), None)

    def _front(self) -> tuple[int, ...]:
        """Numbers of the trials on the front of two metrics, the best in the first one first."""
        if len(self._study.directions) == 1:
            return ()
        return tuple(trial.number for trial in finalists(self._study, len(candidates(self._study))))

    def per_user_ranks(self) -> Iterator[dict[str, Any]]:
        """A row a hidden like: draw, user, and its rank under the best trial, the defaults and the floors."""
        contenders = self._contenders(self.best())
        for draw, (users, indptr) in enumerate(
            zip(self._evaluation_users.users, self._evaluation_users.indptrs, strict=True)
        ):
            owners = np.repeat(users, np.diff(indptr))
            columns = [ranks[draw].ranks for ranks in contenders.values()]
            for user, *row in zip(owners.tolist(), *columns, strict=True):
                yield {"draw": draw, "user": user, **dict(zip(contenders, row, strict=True))}

    def _contenders(self, best: FrozenTrial | None) -> dict[str, list[HeldOutRanks]]:
        """What the best trial is held against, the best itself included."""
        default = next((t for t in self.finished() if _is_default(t) and t.state is TrialState.COMPLETE), None)
        trials = {"best": best, "defaults": default}
        draws = {
            name: self._evaluation_users.draws(trial.user_attrs[RESULT]) for name, trial in trials.items() if trial
        }
        return draws | {
            name: self._evaluation_users.draws(stored) for name, stored in self._attrs.get(FLOORS, {}).items()
        }

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
        estimates = bootstrap_means(winner.users, columns, seed=self._settings["seed"])  # all from one set of resamples
        for metric, over in product(self.metrics, contenders):
            difference, other = (estimates[metric, over, part] for part in ("difference", "other"))
            yield Gain(over=over, metric=str(metric), difference=difference, other=other)

    def _floors(self) -> dict[str, HeldOutRanks]:
        return {name: self._evaluation_users.pooled(stored) for name, stored in self._attrs.get(FLOORS, {}).items()}

    def _with_fresh(self, records: Sequence[TrialRecord]) -> tuple[TrialRecord, ...]:
        """The records, those of finalists with their scores on fresh draws and over all draws."""
        numbers = {record.number for record in records}
        fresh, all_draws = {}, {}
        for trial in (trial for trial in self._rescored.finalists() if trial.number in numbers):
            draws = self._rescored.ranks(trial.number)
            fresh[trial.number] = pool_draws(draws)
            all_draws[trial.number] = pool_draws([*self._evaluation_users.draws(trial.user_attrs[RESULT]), *draws])
        on_fresh, overall = self._estimates(fresh), self._estimates(all_draws)
        return tuple(
            replace(record, fresh=on_fresh[record.number], overall=overall[record.number])
            if record.number in fresh
            else record
            for record in records
        )

    def _estimates(self, contenders: Mapping[Any, HeldOutRanks]) -> dict[Any, dict[str, Estimate]]:
        """Every metric of every contender, all from one set of resampled users."""
        if not contenders:
            return {}
        columns = {(who, m): m.per_user(ranks) for who, ranks in contenders.items() for m in self.metrics}
        users = next(iter(contenders.values())).users
        estimates = bootstrap_means(users, columns, seed=self._settings["seed"])
        return {who: {str(m): estimates[who, m] for m in self.metrics} for who in contenders}

    def _importances(self) -> dict[str, float]:
        complete = [trial for trial in self.finished() if trial.state is TrialState.COMPLETE]
        if len(complete) < MIN_TRIALS_FOR_IMPORTANCE or len({trial.values[0] for trial in complete}) < 2:
            return {}
        from optuna.importance import FanovaImportanceEvaluator, get_param_importances  # it imports scikit-learn

        evaluator = FanovaImportanceEvaluator(seed=self._settings["seed"])
        shares = get_param_importances(self._study, evaluator=evaluator, target=lambda trial: trial.values[0])
        return {name: float(share) for name, share in shares.items()}


def _is_default(trial: FrozenTrial) -> bool:
    return trial.user_attrs.get(DEFAULTS, False)


def _trial_record(trial: FrozenTrial, metrics: Mapping[str, Estimate]) -> TrialRecord:
    result = trial.user_attrs.get(RESULT, {})
    curve = tuple(result.get("curve", ()))
    best_so_far = max(curve, default=None) if trial.state is TrialState.PRUNED else None
    return TrialRecord(
        number=trial.number,
        state=_STATES[trial.state],
        params=trial.params,
        started=trial.datetime_start.astimezone(UTC) if trial.datetime_start else None,
        seconds=result.get("seconds", trial.duration.total_seconds() if trial.duration else None),
        fit_seconds=result.get("fit_seconds"),
        evaluate_seconds=result.get("evaluate_seconds"),
        value=trial.values[0] if trial.state is TrialState.COMPLETE else best_so_far,
        metrics=metrics,
        errors={name: Estimate(**estimate) for name, estimate in result.get("errors", {}).items()},
        curve=curve,
        n_epochs=result.get("n_epochs"),
        tie_share=float(np.mean(result["tie_shares"])) if "tie_shares" in result else None,
        error=trial.user_attrs.get(ERROR),
        is_default=_is_default(trial),
        same_as=trial.user_attrs.get(SAME_AS),
    )
