"""The record of a comparison: plain values, all that its report and its tracking get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from studies.record.study import DataSummary, Estimate, ParameterValue, SplitSummary

__all__ = [
    "BlendRecord",
    "ComparisonRecord",
    "ConventionRecord",
    "EntrantRecord",
    "HeatmapRecord",
    "ItemMapRecord",
    "NeighboursRecord",
    "OpeningRecord",
    "PairRecord",
    "SampleUserRecord",
    "SliceKind",
    "SliceRecord",
]

SliceKind = Literal["activity", "popularity", "rarity"]  #: likes of the user, of the held-out item, cold items


@dataclass(frozen=True, kw_only=True)
class EntrantRecord:
    """One algorithm with its best configuration, fitted with several seeds."""

    name: str
    is_floor: bool  #: a baseline without hyperparameters, which every other algorithm must beat
    study: str | None  #: source of the configuration
    n_trials: int  #: finished trials of that study
    config: Mapping[str, ParameterValue]
    metrics: Mapping[str, Estimate]  #: on the test; the value of a user is the mean over the refits
    by_seed: Mapping[str, tuple[float, ...]]  #: the mean of each refit
    validation: Mapping[str, Estimate]  #: scores by which the configuration was chosen; empty for baselines
    beyond: Mapping[str, float | None]  #: "coverage@10" -> value of the first refit
    tie_share: float
    fit_seconds: tuple[float, ...]  #: of each refit
    batch_milliseconds: float  #: per user, for ten recommendations of many users in one call
    single_milliseconds: float  #: for ten recommendations of one user, median of many calls
    megabytes: float  #: size of the arrays of the fitted model
    errors: Mapping[str, Estimate] = field(default_factory=dict)  #: "rmse", "mae" of the refits on withheld ratings


@dataclass(frozen=True, kw_only=True)
class PairRecord:
    """Two algorithms compared by the metric of the comparison: difference = a - b, paired by user."""

    a: str
    b: str
    difference: Estimate
    effect_size: float | None  #: Cohen's d_z; None if every user has the same difference
    p: float  #: of the paired randomisation test
    p_adjusted: float  #: with Holm's correction over all pairs of the comparison
    is_equivalent: bool  #: the difference is shown to be below the margin


@dataclass(frozen=True, kw_only=True)
class SliceRecord:
    """The metric of each algorithm on some of the users, or on some of the held-out items."""

    by: SliceKind
    label: str
    n: int  #: number of users or of held-out items
    scores: Mapping[str, Estimate]


@dataclass(frozen=True, kw_only=True)
class ConventionRecord:
    """MRR@100 and MAP@30 of the same scores, computed as another library does."""

    library: str
    ties: str
    divisor: str
    mrr: Mapping[str, float]
    map: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class HeatmapRecord:
    """Similarity of the lists of each pair of algorithms; on the diagonal, of fits with different seeds."""

    of: Literal["recommendations", "neighbours"]
    measure: str
    k: int
    among: str  #: "all", or a group of users or items
    n: int  #: number of lists compared
    values: tuple[tuple[float | None, ...], ...]  #: rows and columns as in ``ComparisonRecord.order``
    residual: float | None = None  #: of RBO: largest possible change by items beyond k, mean over pairs


@dataclass(frozen=True, kw_only=True)
class BlendRecord:
    """A group of algorithms: what each of them finds, and the scores of their reciprocal rank fusion."""

    members: tuple[str, ...]
    found_by_all: float  #: share of the held-out items that all members have in their first ten
    found_by_one: Mapping[str, float]  #: share that only this member has there
    found_by_any: float
    oracle: float  #: the metric if the best member were used for each user
    validation: float  #: metric of the fusion on the validation likes
    best_member: str  #: by the metric on the validation likes
    best_member_validation: float
    test: Estimate  #: metric of the fusion on the test likes
    gain: Estimate  #: of the fusion over the best member on the test likes, paired by user


@dataclass(frozen=True, kw_only=True)
class NeighboursRecord:
    """The titles of the items that each algorithm finds most similar to one item."""

    item: str
    n_likes: int
    lists: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class SampleUserRecord:
    """One test user: titles of the history, of the held-out items, and of what each algorithm recommends."""

    user: str
    n_history: int
    history: tuple[str, ...]
    hidden: tuple[str, ...]
    ranks: Mapping[str, float]  #: of the held-out item with the best rank
    lists: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class ItemMapRecord:
    """Item vectors of one algorithm in two dimensions, in the order of ``ComparisonRecord.map_titles``."""

    name: str
    method: str
    explained: float | None  #: share of the variance in the two dimensions
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class OpeningRecord:
    """One opening of the sealed test."""

    id: str
    when: datetime
    command: str


@dataclass(frozen=True, kw_only=True)
class ComparisonRecord:
    """One comparison."""

    __pydantic_config__: ClassVar = {"allow_inf_nan": False}  # read by ``as_json``; nested records inherit it

    name: str
    id: str
    metric: str
    margin: float  #: a smaller difference does not matter
    seeds: tuple[int, ...]
    seed: int  #: of resampling and of the samples that are shown
    command: str
    started: datetime
    seconds: float
    data: DataSummary
    split: SplitSummary
    openings: tuple[OpeningRecord, ...]  #: of this test split, the earliest first, this opening included
    entrants: tuple[EntrantRecord, ...]  #: the best algorithm first
    pairs: tuple[PairRecord, ...]
    slices: tuple[SliceRecord, ...]
    conventions: tuple[ConventionRecord, ...]
    order: tuple[str, ...]  #: of the heatmaps; similar algorithms are side by side
    merges: tuple[tuple[float, float, float, float], ...]  #: the tree of that order, in the format of SciPy's linkage
    heatmaps: tuple[HeatmapRecord, ...]
    blends: tuple[BlendRecord, ...]
    neighbours: tuple[NeighboursRecord, ...]
    sample_users: tuple[SampleUserRecord, ...]
    map_titles: tuple[str, ...]
    map_likes: tuple[int, ...]
    maps: tuple[ItemMapRecord, ...]
    notation: str
    formulas: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)  #: algorithm that could not be fitted -> its error

    def entrant(self, name: str) -> EntrantRecord:
        return next(entrant for entrant in self.entrants if entrant.name == name)

    @property
    def error_names(self) -> tuple[str, ...]:
        """Names of the rating errors that were measured; empty if no algorithm predicts ratings."""
        return tuple(dict.fromkeys(name for entrant in self.entrants for name in entrant.errors))

    @property
    def tuned(self) -> tuple[EntrantRecord, ...]:
        """All algorithms except the baselines."""
        return tuple(entrant for entrant in self.entrants if not entrant.is_floor)
