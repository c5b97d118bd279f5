"""The best of a search scored once more, on fresh draws of the validation likes, before a winner is named.

The best of many noisy scores is partly lucky (Smith & Winkler 2006, "The optimizer's curse", Management Science 52).
So the best few are refitted, each with the number of epochs that the search found, on as many draws as the search had,
and the winner is the one with the highest mean over all draws, the search's and the fresh ones. Over both, not over the
fresh ones alone: those would throw half of the evidence away, and the right one would be found less often (Skol et al.
2006, "Joint analysis is more efficient than replication-based analysis", Nature Genetics 38, of the same two stages).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from evaluation.interactions import Interactions
from evaluation.metrics import Metric
from evaluation.ranking import HeldOutRanks
from evaluation.split import Split, fresh_folds
from studies.half_life import with_times
from studies.spec import StudySpec
from studies.storage.requeueing import finished_trials
from studies.storage.schema import (
    FRESH_EVALUATION_USERS,
    FRESH_RANKS,
    RESULT,
    RUN,
    SAME_AS,
    EvaluationUsers,
    evaluation_users_as_json,
    ranks_as_json,
)
from studies.trial import StoppedError, fit_and_rank

__all__ = ["Rescored", "candidates", "finalists", "rescore"]


def finalists(study: optuna.Study, n: int) -> list[FrozenTrial]:
    """The ``n`` configurations with the highest values, the best first; of equals the earlier.

    Of a study of two metrics those of its front, by the first metric.
    """
    return sorted(candidates(study), key=lambda trial: (*(-value for value in trial.values), trial.number))[:n]


def candidates(study: optuna.Study) -> list[FrozenTrial]:
    """The configurations that may win: all that completed; with two metrics those that none beats in both."""
    tried = [trial for trial in finished_trials(study) if SAME_AS not in trial.user_attrs]
    complete = [trial for trial in tried if trial.state is TrialState.COMPLETE]
    if len(study.directions) == 1:
        return complete
    front = {trial.number for trial in study.best_trials}
    return [trial for trial in complete if trial.number in front]


def rescore(
    study: optuna.Study,
    spec: StudySpec,
    interactions: Interactions,
    split: Split,
    *,
    n: int,
    seed: int,
    threads: int | None,
    should_stop: Callable[[], bool],
    progress: Callable[[int, int], None],
) -> None:
    """Score the best ``n`` trials on fresh draws and write their ranks to the study, but for those it has already.

    ``progress(done, total)`` is told. A fit that fails is recorded with its error, and its trial cannot win.
    """
    waiting = [trial for trial in finalists(study, n) if f"{FRESH_RANKS}{trial.number}" not in study.user_attrs]
    folds = fresh_folds(interactions, split) if waiting and len(finalists(study, 2)) > 1 else ()
    if not folds:
        return
    if FRESH_EVALUATION_USERS not in study.user_attrs:
        study.set_user_attr(FRESH_EVALUATION_USERS, evaluation_users_as_json(interactions, folds))
    for done, trial in enumerate(waiting):
        progress(done, len(waiting))
        config = spec.model.config_type(**trial.user_attrs[RESULT]["config"])
        timed = with_times(folds, interactions, [config])
        try:
            ranks = fit_and_rank(spec, config, timed, seed=seed, threads=threads, should_stop=should_stop)
            outcome = ranks_as_json(ranks)
        except StoppedError:
            return
        except Exception as error:
            outcome = {"error": f"{type(error).__name__}: {error}"}
        study.set_user_attr(f"{FRESH_RANKS}{trial.number}", outcome)
    progress(len(waiting), len(waiting))


class Rescored:
    """What the fresh draws of a study say, read from its attributes."""

    def __init__(self, study: optuna.Study, metric: Metric) -> None:
        self._study = study
        self._metric = metric
        self._attrs: Mapping[str, Any] = study.user_attrs
        self._evaluation_users = EvaluationUsers(self._attrs.get(FRESH_EVALUATION_USERS))
        self._values: dict[int, float] = {}

    def ranks(self, number: int) -> list[HeldOutRanks]:
        """The trial's ranks on the fresh draws; none where it has not been scored there."""
        stored = self._attrs.get(f"{FRESH_RANKS}{number}", {})
        return self._evaluation_users.draws(stored) if "ranks" in stored else []

    def finalists(self) -> list[FrozenTrial]:
        """The trials that the winner is chosen from, the winner first; none until every one has its fresh score."""
        if FRESH_EVALUATION_USERS not in self._attrs:
            return []
        found = finalists(self._study, self._attrs[RUN].get("rescore", 0))
        if any(f"{FRESH_RANKS}{trial.number}" not in self._attrs for trial in found):
            return []
        scored = [trial for trial in found if "ranks" in self._attrs[f"{FRESH_RANKS}{trial.number}"]]
        return sorted(scored, key=lambda trial: (-self._mean(trial), trial.number))

    def _mean(self, trial: FrozenTrial) -> float:
        """Over all draws: there are as many fresh ones as the search had."""
        if trial.number not in self._values:
            self._values[trial.number] = self._metric.over_draws(self.ranks(trial.number))
        return (trial.values[0] + self._values[trial.number]) / 2
