"""What a comparison leaves behind: plain values, all that its report and its tracking get to see."""

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

SliceKind = Literal["activity", "popularity", "rarity"]  #: by users' likes, by hidden items', by whether those are cold


@dataclass(frozen=True, kw_only=True)
class EntrantRecord:
    """One algorithm with its best configuration, refitted under several seeds."""

    name: str
    is_floor: bool  #: needs no tuning; what every other must beat
    study: str | None  #: where the configuration comes from
    n_trials: int  #: finished ones of that study
    config: Mapping[str, ParameterValue]
    metrics: Mapping[str, Estimate]  #: on the test; a user's value is the mean over the refits
    by_seed: Mapping[str, tuple[float, ...]]  #: the same means refit by refit
    validation: Mapping[str, Estimate]  #: by which the configuration was chosen; empty where nothing was
    beyond: Mapping[str, float | None]  #: "coverage@10" -> value, of the first refit
    tie_share: float
    fit_seconds: tuple[float, ...]  #: one a refit
    batch_milliseconds: float  #: for each user's ten recommendations when many are asked for at once
    single_milliseconds: float  #: for one user's ten recommendations, the median of many
    megabytes: float  #: arrays of the fitted model
    errors: Mapping[str, Estimate] = field(default_factory=dict)  #: "rmse", "mae" on ratings withheld, of the refits


@dataclass(frozen=True, kw_only=True)
class PairRecord:
    """Two algorithms under the metric of the comparison: difference = a - b, paired by user."""

    a: str
    b: str
    difference: Estimate
    effect_size: float | None  #: Cohen's d_z; None where every user has the same difference
    p: float  #: of the paired randomisation test
    p_adjusted: float  #: Holm's, over all pairs of the comparison
    is_equivalent: bool  #: shown to differ by less than the margin


@dataclass(frozen=True, kw_only=True)
class SliceRecord:
    """The metric of every algorithm among some of the users, or some of the hidden likes."""

    by: SliceKind
    label: str
    n: int  #: users, or hidden likes
    scores: Mapping[str, Estimate]


@dataclass(frozen=True, kw_only=True)
class ConventionRecord:
    """MRR@100 and MAP@30 of the same scores as another library computes them."""

    library: str
    ties: str
    divisor: str
    mrr: Mapping[str, float]
    map: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class HeatmapRecord:
    """How alike the lists of every two algorithms are; on the diagonal an algorithm against its own other seeds."""

    of: Literal["recommendations", "neighbours"]
    measure: str
    k: int
    among: str  #: "all", or the bucket of users or items
    n: int  #: lists compared
    values: tuple[tuple[float | None, ...], ...]  #: in the order of ``ComparisonRecord.order``
    residual: float | None = None  #: of RBO: the most that what lies beyond k could change, averaged over the pairs


@dataclass(frozen=True, kw_only=True)
class BlendRecord:
    """Algorithms together: who finds what, and what their reciprocal rank fusion reaches."""

    members: tuple[str, ...]
    found_by_all: float  #: share of the hidden likes that every member has in its first ten
    found_by_one: Mapping[str, float]  #: share that this member alone has there
    found_by_any: float
    oracle: float  #: the metric if for each user the better member were known
    validation: float  #: the blend on the validation likes
    best_member: str  #: the best one on validation
    best_member_validation: float
    test: Estimate  #: the blend on the test
    gain: Estimate  #: over the best member, on the test, paired by user


@dataclass(frozen=True, kw_only=True)
class NeighboursRecord:
    """The items that each algorithm finds most like one item, by title."""

    item: str
    n_likes: int
    lists: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class SampleUserRecord:
    """One test user: some of the history, what was hidden, and what each algorithm recommends, by title."""

    user: str
    n_history: int
    history: tuple[str, ...]
    hidden: tuple[str, ...]
    ranks: Mapping[str, float]  #: of the best-ranked hidden like
    lists: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class ItemMapRecord:
    """Item vectors of one algorithm in two dimensions; entries belong to ``ComparisonRecord.map_titles``."""

    name: str
    method: str
    explained: float | None  #: share of the variance that two dimensions keep
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
    """One comparison, whole."""

    __pydantic_config__: ClassVar = {"allow_inf_nan": False}  # read by ``as_json``; nested records inherit it

    name: str
    id: str
    metric: str
    margin: float  #: differences below it do not matter to the user
    seeds: tuple[int, ...]
    seed: int  #: of resampling and of what is shown as samples
    command: str
    started: datetime
    seconds: float
    data: DataSummary
    split: SplitSummary
    openings: tuple[OpeningRecord, ...]  #: of this test split, this one included, the earliest first
    entrants: tuple[EntrantRecord, ...]  #: the best first
    pairs: tuple[PairRecord, ...]
    slices: tuple[SliceRecord, ...]
    conventions: tuple[ConventionRecord, ...]
    order: tuple[str, ...]  #: of the heatmaps, alike ones side by side
    merges: tuple[tuple[float, float, float, float], ...]  #: the tree behind the order, as SciPy's linkage has it
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
    failures: Mapping[str, str] = field(default_factory=dict)  #: algorithm that could not be refitted -> its error

    def entrant(self, name: str) -> EntrantRecord:
        return next(entrant for entrant in self.entrants if entrant.name == name)

    @property
    def error_names(self) -> tuple[str, ...]:
        """What is known of the errors of predicted ratings; empty where no algorithm predicts any."""
        return tuple(dict.fromkeys(name for entrant in self.entrants for name in entrant.errors))

    @property
    def tuned(self) -> tuple[EntrantRecord, ...]:
        """All but the floors."""
        return tuple(entrant for entrant in self.entrants if not entrant.is_floor)
