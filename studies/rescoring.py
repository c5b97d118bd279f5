"""Score the best trials of a search again, on fresh draws of the validation set, before a winner is named.

The best of many noisy scores is partly lucky (Smith & Winkler 2006, "The optimizer's curse", Management Science 52).
So the best trials are refitted with the number of epochs that the search found, on as many fresh draws as the search
had. The winner has the highest mean over all draws, those of the search and the fresh ones. The fresh draws alone would
ignore half of the evidence and find the best configuration less often (Skol et al. 2006, "Joint analysis is more
efficient than replication-based analysis", Nature Genetics 38, on the same two stages).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import optuna
from optuna.trial import FrozenTrial, TrialState

from evaluation.interactions import Interactions
from evaluation.metrics import Metric
from evaluation.ranking import HeldOutRanks
from evaluation.split import Split, fresh_folds
from studies.half_life import with_times
from studies.spec import StudySpec
from studies.storage.errors import StorageError
from studies.storage.requeueing import finished_trials
from studies.storage.schema import (
    FRESH_EVALUATION_USERS,
    FRESH_RANKS,
    RESULT,
    RUN,
    SAME_AS,
    EvaluationUsers,
    Failure,
    StoredRanks,
)
from studies.trial import StoppedError, fit_and_rank

__all__ = ["Rescored", "candidates", "finalists", "rescore"]


def finalists(study: optuna.Study, n: int) -> list[FrozenTrial]:
    """Return the ``n`` candidates with the highest values, the best first; of equal ones the earlier first."""
    return sorted(candidates(study), key=lambda trial: (*(-value for value in trial.values), trial.number))[:n]


def candidates(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that may win: each completed configuration once; with two metrics those on their front."""
    tried = [trial for trial in finished_trials(study) if not SAME_AS.is_in(trial.user_attrs)]
    complete = [trial for trial in tried if trial.state is TrialState.COMPLETE]
    if any(trial.values is None for trial in complete):
        raise StorageError(f"The study {study.study_name!r} is damaged: a completed trial has no value")
    if len(study.directions) == 1:
        return complete
    front = {trial.number for trial in study.best_trials}
    return [trial for trial in complete if trial.number in front]


class RescoreOptions(Protocol):
    """The options of a search that concern fresh draws."""

    @property
    def rescore(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def own_threads(self) -> int | None: ...


def rescore(
    study: optuna.Study,
    spec: StudySpec,
    interactions: Interactions,
    split: Split,
    options: RescoreOptions,
    should_stop: Callable[[], bool],
) -> Iterator[tuple[int, int]]:
    """Score the best ``options.rescore`` trials on fresh draws and write their ranks, unless that was done before.

    Yields how many are done and how many there are: before each fit, and at the end. A fit that raises is written with
    its error, and its trial cannot win. Nothing is scored where there are no fresh draws, or no choice.
    """
    done = FRESH_RANKS.read(study.user_attrs)
    waiting = [trial for trial in finalists(study, options.rescore) if str(trial.number) not in done]
    folds = fresh_folds(interactions, split) if waiting and len(finalists(study, 2)) > 1 else ()
    if not folds:
        return
    if not FRESH_EVALUATION_USERS.is_in(study.user_attrs):
        FRESH_EVALUATION_USERS.write(study, EvaluationUsers.of(interactions, folds))
    for n_done, trial in enumerate(waiting):
        yield n_done, len(waiting)
        config = RESULT.require(trial.user_attrs).refit_config(spec)
        timed = with_times(folds, interactions, [config])
        outcome: StoredRanks | Failure
        try:
            seed, threads = options.seed, options.own_threads
            ranks = fit_and_rank(spec, config, timed, seed=seed, threads=threads, should_stop=should_stop)
            outcome = StoredRanks.of(ranks)
        except StoppedError:
            return
        except Exception as error:
            outcome = Failure(error=f"{type(error).__name__}: {error}")
        FRESH_RANKS.write(study, str(trial.number), outcome)
    yield len(waiting), len(waiting)


class Rescored:
    """Scores of the best trials of a study on fresh draws, read from the attributes of the study."""

    def __init__(self, study: optuna.Study, attrs: Mapping[str, Any], metric: Metric) -> None:
        self._study = study
        self._metric = metric
        self._n = RUN.require(attrs).rescore
        self._users = FRESH_EVALUATION_USERS.read(attrs)
        self._outcomes = FRESH_RANKS.read(attrs)

    def ranks(self, number: int) -> list[HeldOutRanks]:
        """Return the ranks of the trial on the fresh draws; an empty list where it was not scored on any."""
        stored = self._outcomes.get(str(number))
        return self._users.draws(stored) if self._users and isinstance(stored, StoredRanks) else []

    def finalists(self) -> list[FrozenTrial]:
        """Return the trials that may win, the winner first; an empty list until all of them were scored."""
        if self._users is None:
            return []
        found = finalists(self._study, self._n)
        if any(str(trial.number) not in self._outcomes for trial in found):
            return []
        scored = [trial for trial in found if isinstance(self._outcomes[str(trial.number)], StoredRanks)]
        return sorted(scored, key=lambda trial: (-self._mean(trial), trial.number))

    def _mean(self, trial: FrozenTrial) -> float:
        """Mean over all draws: there are as many fresh ones as the search had."""
        return (trial.values[0] + self._metric.over_draws(self.ranks(trial.number))) / 2
