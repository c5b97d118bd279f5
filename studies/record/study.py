"""The record of a study: plain values, all that its report and its tracking get."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from evaluation.significance import Estimate

__all__ = [
    "DataSummary",
    "Estimate",
    "Gain",
    "ParameterRange",
    "ParameterValue",
    "SplitSummary",
    "StudyRecord",
    "TrialRecord",
]

ParameterValue = bool | int | float | str | None

NEAR_END = 0.05  #: share of a range within which a value is near an end: a wider range may hold a better one


@dataclass(frozen=True, kw_only=True)
class ParameterRange:
    """One searched hyperparameter: its range, and the source of the range."""

    source: str
    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    is_integer: bool = False
    choices: tuple[ParameterValue, ...] = ()  #: of a categorical parameter, which has no low and high

    def is_near_end(self, value: ParameterValue) -> bool:
        """Whether the value is in the first or last 5 % of the range, on its scale; no choice is."""
        if self.low is None or self.high is None or self.low == self.high or value is None or isinstance(value, str):
            return False
        scale = math.log if self.log else float
        low, high = scale(self.low), scale(self.high)
        return not NEAR_END <= (scale(value) - low) / (high - low) <= 1 - NEAR_END


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """The data of a study: counts, hash and terms."""

    name: str
    n_users: int
    n_items: int
    n_likes: int
    rows_read: int
    dropped: Mapping[str, int]  #: reason -> rows
    content_hash: str
    positive_from: float | None = None
    features: str | None = None  #: description of the features the model uses, with a hash
    notes: tuple[str, ...] = ()  #: repairs and decisions made while reading
    terms: str = ""


@dataclass(frozen=True, kw_only=True)
class SplitSummary:
    """How many likes were held out from how many users; it names no held-out item."""

    kind: str
    protocol: str
    holdout: str  #: description, such as ``1 random like a user``
    seed: int
    n_eligible_users: int  #: users with enough likes to hold some out
    n_test_users: int
    n_validation_users: int  #: in each draw
    n_draws: int
    n_train_likes: int  #: in the first draw
    test_hash: str
    validation_hash: str
    n_hidden: int | None = None  #: held-out likes per user; None if users differ
    is_last_by_time: bool = False  #: the held-out likes are the last of a user, not random ones
    seen_may_return: bool = False  #: items of the user's history are ranked, too
    n_unknown: int = 0  #: validation likes of items without training likes, which no model can find


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One trial of a configuration; every metric is the mean over the validation users and draws."""

    number: int
    state: Literal["complete", "pruned", "failed", "running"]
    params: Mapping[str, ParameterValue]
    started: datetime | None = None
    seconds: float | None = None  #: wall time of the trial
    fit_seconds: float | None = None  #: fit time, summed over the draws
    evaluate_seconds: float | None = None
    value: float | None = None  #: the study's metric; of a pruned trial its best value so far
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    curve: tuple[float, ...] = ()  #: the study's metric after epoch 1, 2, ...
    n_epochs: int | None = None  #: the epoch with the best value; a refit uses it
    errors: Mapping[str, Estimate] = field(default_factory=dict)  #: "rmse", "mae" on withheld ratings
    tie_share: float | None = None  #: share of unseen items that tied with a held-out item
    error: str | None = None
    is_default: bool = False
    fresh: Mapping[str, Estimate] = field(default_factory=dict)  #: metrics on fresh draws; only of finalists
    overall: Mapping[str, Estimate] = field(
        default_factory=dict
    )  #: metrics over all draws, by which the winner was chosen
    same_as: int | None = None  #: number of an earlier trial with the same configuration, whose results were copied


@dataclass(frozen=True, kw_only=True)
class Gain:
    """The best trial against another configuration or baseline, paired by user: difference = best - other."""

    over: str  #: "defaults", "popularity", ...
    metric: str
    difference: Estimate
    other: Estimate


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """One study: everything that its report and its tracking show."""

    name: str
    id: str  #: distinguishes studies that had the same name at different times
    model: str
    metric: str
    n_trials: int  #: total number asked for
    seed: int
    command: str
    started: datetime
    seconds: float  #: from the first trial's start to the last one's end
    data: DataSummary
    split: SplitSummary
    space: Mapping[str, ParameterRange]
    notation: str  #: meaning of the letters in the formulas
    formulas: Mapping[str, str]  #: metric -> formula from the docstring of its function
    trials: tuple[TrialRecord, ...]
    floors: Mapping[str, Mapping[str, Estimate]]  #: "popularity" -> metric -> estimate
    gains: tuple[Gain, ...]
    importances: Mapping[str, float]  #: parameter -> share; empty if too few trials completed
    best_config: Mapping[str, ParameterValue]  #: every hyperparameter of the best trial, n_epochs included
    environment: Mapping[str, str]  #: versions, machine, code
    samplers: Mapping[int, str] = field(default_factory=dict)  #: number of a trial -> sampler from this trial on
    configuration: str = ""  #: all options of the command, defaults included, as TOML
    second_metric: str | None = None  #: of a study of two metrics
    front: tuple[int, ...] = ()  #: Pareto front of two metrics: trial numbers, the best in the first metric first
    winner: int | None = None  #: number of the best trial; None: the completed trial with the highest value
    n_rescored: int = 0  #: number of trials to be scored again on fresh draws

    @property
    def complete(self) -> tuple[TrialRecord, ...]:
        return tuple(trial for trial in self.trials if trial.state == "complete")

    @property
    def near_ends(self) -> tuple[str, ...]:
        """Names of the parameters of which the best trial has a value near an end of the range."""
        params = self.best.params if self.best else {}
        return tuple(name for name, of in self.space.items() if name in params and of.is_near_end(params[name]))

    @property
    def best(self) -> TrialRecord | None:
        """The winner; None if no trial completed."""
        if self.winner is not None:
            return next(trial for trial in self.trials if trial.number == self.winner)
        return max(self.complete, key=lambda trial: (trial.value, -trial.number), default=None)

    @property
    def finalists(self) -> tuple[TrialRecord, ...]:
        """The trials that were scored again on fresh draws: the winner, then the others by score over all draws."""
        scored = [trial for trial in self.trials if trial.fresh]
        return tuple(sorted(scored, key=lambda trial: (trial is not self.best, -trial.overall[self.metric].mean)))

    @property
    def error_names(self) -> tuple[str, ...]:
        """Names of the rating errors that were measured; empty for a model of likes."""
        return tuple(dict.fromkeys(name for trial in self.trials for name in trial.errors))

    @property
    def defaults(self) -> TrialRecord | None:
        """The trial that ran the model's default configuration."""
        return next((trial for trial in self.trials if trial.is_default), None)
