"""What a study leaves behind: plain values, all that reports and trackers get to see."""

from __future__ import annotations

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


@dataclass(frozen=True, kw_only=True)
class ParameterRange:
    """One searched hyperparameter: its range, and where the range comes from."""

    source: str
    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    is_integer: bool = False
    choices: tuple[ParameterValue, ...] = ()  #: set for categorical parameters, which have no low and high


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """The data of a study, in numbers."""

    name: str
    n_users: int
    n_items: int
    n_likes: int
    rows_read: int
    dropped: Mapping[str, int]  #: reason -> rows
    content_hash: str
    positive_from: float | None = None
    features: str | None = None  #: what was learnt from beside likes, in words, with a hash
    notes: tuple[str, ...] = ()  #: what was repaired or decided while reading
    terms: str = ""


@dataclass(frozen=True, kw_only=True)
class SplitSummary:
    """What was hidden from whom, in numbers; it names no hidden like."""

    kind: str
    protocol: str
    holdout: str  #: in words
    seed: int
    n_eligible_users: int  #: users with enough likes to hide some
    n_test_users: int
    n_validation_users: int  #: in each draw
    n_draws: int
    n_train_likes: int  #: in the first draw
    test_hash: str
    validation_hash: str
    n_hidden: int | None = None  #: likes hidden from each user; None where users differ, as in a split by time
    is_last_by_time: bool = False  #: the hidden likes are a user's last, not random ones
    seen_may_return: bool = False  #: items of a user's history are ranked like all others
    n_unknown: int = 0  #: validation likes of items that nobody likes in training: asked for, and never found


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One configuration, tried: every metric is the mean over the validation users and draws."""

    number: int
    state: Literal["complete", "pruned", "failed", "running"]
    params: Mapping[str, ParameterValue]
    started: datetime | None = None
    seconds: float | None = None  #: wall time of the trial
    fit_seconds: float | None = None  #: of it, fitting, summed over the draws
    evaluate_seconds: float | None = None
    value: float | None = None  #: the study's metric; of a pruned trial the best it had reached
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    curve: tuple[float, ...] = ()  #: the study's metric after epoch 1, 2, ...
    n_epochs: int | None = None  #: the epoch with the best value; what a refit uses
    errors: Mapping[str, Estimate] = field(default_factory=dict)  #: "rmse", "mae" on ratings withheld; lower is better
    tie_share: float | None = None  #: share of unseen items that tied with a hidden like
    error: str | None = None
    is_default: bool = False
    fresh: Mapping[str, Estimate] = field(default_factory=dict)  #: metrics on fresh draws; of the finalists alone
    overall: Mapping[str, Estimate] = field(default_factory=dict)  #: over all draws, by which the winner was named
    same_as: int | None = None  #: the earlier trial of the same configuration, whose results these are


@dataclass(frozen=True, kw_only=True)
class Gain:
    """The best trial against something else, paired by user: difference = best - other."""

    over: str  #: "defaults", "popularity", ...
    metric: str
    difference: Estimate
    other: Estimate


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """One study, whole: everything its report and its tracking show."""

    name: str
    id: str  #: tells apart studies that bore one name at different times
    model: str
    metric: str
    n_trials: int  #: asked for, in total
    seed: int
    command: str
    started: datetime
    seconds: float  #: from the first trial's start to the last one's end
    data: DataSummary
    split: SplitSummary
    space: Mapping[str, ParameterRange]
    notation: str  #: what the letters of the formulas mean
    formulas: Mapping[str, str]  #: metric -> its formula, as its function's docstring has it
    trials: tuple[TrialRecord, ...]
    floors: Mapping[str, Mapping[str, Estimate]]  #: "popularity" -> metric -> estimate
    gains: tuple[Gain, ...]
    importances: Mapping[str, float]  #: parameter -> share; empty where too few trials completed
    best_config: Mapping[str, ParameterValue]  #: every hyperparameter of the best trial, n_epochs included
    environment: Mapping[str, str]  #: versions, machine, code
    samplers: Mapping[int, str] = field(default_factory=dict)  #: number of a trial -> what proposed from it on
    configuration: str = ""  #: every option of the command as it was resolved, as TOML
    second_metric: str | None = None  #: of a study of two metrics
    front: tuple[int, ...] = ()  #: of two metrics: trials that none beats in both, the best in the first one first
    winner: int | None = None  #: number of the best trial; None: the completed one with the highest value
    n_rescored: int = 0  #: how many of the best were to be scored again on fresh draws

    @property
    def complete(self) -> tuple[TrialRecord, ...]:
        return tuple(trial for trial in self.trials if trial.state == "complete")

    @property
    def best(self) -> TrialRecord | None:
        """The winner; None where no trial completed."""
        if self.winner is not None:
            return next(trial for trial in self.trials if trial.number == self.winner)
        return max(self.complete, key=lambda trial: (trial.value, -trial.number), default=None)

    @property
    def finalists(self) -> tuple[TrialRecord, ...]:
        """The trials that were scored again on fresh draws, by what they reach over all draws, the winner first."""
        scored = [trial for trial in self.trials if trial.fresh]
        return tuple(sorted(scored, key=lambda trial: (trial is not self.best, -trial.overall[self.metric].mean)))

    @property
    def error_names(self) -> tuple[str, ...]:
        """What is known of the errors of predicted ratings; empty for a model of likes."""
        return tuple(dict.fromkeys(name for trial in self.trials for name in trial.errors))

    @property
    def defaults(self) -> TrialRecord | None:
        """The trial that ran the model's default configuration."""
        return next((trial for trial in self.trials if trial.is_default), None)
