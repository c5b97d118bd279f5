"""Metrics of the refits with intervals, pairwise tests, slices, and the conventions of other libraries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation import beyond_accuracy
from evaluation.conventions import CONVENTIONS
from evaluation.fold import Fold
from evaluation.metrics import Metric
from evaluation.ranking import HeldOutRanks
from evaluation.rating_errors import error_estimates
from evaluation.significance import (
    Estimate,
    bootstrap_means,
    effect_size,
    holm,
    is_equivalent,
    paired_difference,
    paired_randomisation,
    randomisations_for,
)
from studies.comparison.entrants import Entrant
from studies.comparison.refit import Refit
from studies.record.comparison import ConventionRecord, EntrantRecord, PairRecord, SliceKind, SliceRecord

__all__ = ["CUTS", "Refits", "convention_records", "entrant_records", "pair_records", "per_user", "slice_records"]

Refits = Mapping[str, Sequence[Refit]]  #: model -> its refits, one a seed
Bucket = tuple[str, NDArray[np.int64]]  #: name and rows

CUTS = (10, 30, 100)
METRICS = (
    Metric("mrr", 100),
    Metric("map", 30),
    *(Metric(name, k) for name in ("hr", "ndcg", "recall") for k in CUTS),
)
MOST_DIVERSE_LISTS = 1000  #: lists whose diversity is measured, as it adds up the likes of every item in them
N_ACTIVITY_SLICES = 4
N_POPULARITY_SLICES = 10
RARITY_BOUNDS = (10, 100)  #: likes from which an item is not cold, and from which it is well known


def per_user(refits: Sequence[Refit], metric: Metric) -> NDArray[np.float64]:
    """Return the (n_users,) values of the metric, averaged over the refits."""
    values: NDArray[np.float64] = np.mean([metric.per_user(refit.ranks) for refit in refits], axis=0)
    return values


def entrant_records(
    entrants: Sequence[Entrant], refits: Refits, fold: Fold, metric: Metric, *, seed: int
) -> tuple[EntrantRecord, ...]:
    """Return every entrant with every metric, the best first."""
    metrics = tuple(dict.fromkeys([metric, *METRICS]))
    columns = {(e.name, m): per_user(refits[e.name], m) for e in entrants for m in metrics}
    estimates = bootstrap_means(fold.users, columns, seed=seed)
    records = []
    for entrant in entrants:
        done = refits[entrant.name]
        records.append(
            EntrantRecord(
                name=entrant.name,
                is_floor=entrant.is_floor,
                study=entrant.study,
                n_trials=entrant.n_trials,
                config=asdict(entrant.config),
                metrics={str(m): estimates[entrant.name, m] for m in metrics},
                by_seed={str(m): tuple(float(m.per_user(r.ranks).mean()) for r in done) for m in metrics},
                validation=entrant.validation,
                beyond=dict(_beyond(done[0].lists.items, fold.train)),
                tie_share=float(np.mean([r.ranks.tie_share for r in done])),
                fit_seconds=tuple(r.fit_seconds for r in done),
                batch_milliseconds=float(np.median([r.batch_milliseconds for r in done])),
                single_milliseconds=float(np.median([r.single_milliseconds for r in done])),
                megabytes=done[0].megabytes,
                errors=_errors(done, seed=seed),
            )
        )
    return tuple(sorted(records, key=lambda record: -record.metrics[str(metric)].mean))


def _errors(refits: Sequence[Refit], *, seed: int) -> dict[str, Estimate]:
    found = [refit.errors for refit in refits if refit.errors is not None]
    return error_estimates(found, seed=seed) if found else {}


def pair_records(
    names: Sequence[str], refits: Refits, fold: Fold, metric: Metric, *, margin: float, seed: int
) -> tuple[PairRecord, ...]:
    """Compare every two of ``names``, with Holm's correction over all pairs."""
    values = {name: per_user(refits[name], metric) for name in names}
    pairs = list(combinations(names, 2))
    n_draws = randomisations_for(len(pairs))
    p = {(a, b): paired_randomisation(fold.users, values[a], values[b], seed=seed, n_draws=n_draws) for a, b in pairs}
    adjusted = holm(p)
    records = []
    for a, b in pairs:
        effect = effect_size(fold.users, values[a], values[b])
        records.append(
            PairRecord(
                a=a,
                b=b,
                difference=paired_difference(fold.users, values[a], values[b], seed=seed),
                effect_size=effect if np.isfinite(effect) else None,
                p=p[a, b],
                p_adjusted=adjusted[a, b],
                is_equivalent=is_equivalent(fold.users, values[a], values[b], margin=margin, seed=seed),
            )
        )
    return tuple(records)


def slice_records(names: Sequence[str], refits: Refits, fold: Fold, metric: Metric, *, seed: int) -> list[SliceRecord]:
    """Return the metric by activity of the user, and by popularity and rarity of the held-out item."""
    by_user = {name: per_user(refits[name], metric) for name in names}
    owners = np.repeat(fold.users, np.diff(fold.held_out.indptr))
    by_like = {name: _per_held_out_item(refits[name], owners, metric) for name in names}
    n_history = np.diff(fold.histories.indptr)
    n_likes = np.bincount(fold.train.indices, minlength=fold.train.shape[1])[fold.held_out.indices]
    return [
        *_slices("activity", quantile_buckets(n_history, N_ACTIVITY_SLICES), fold.users, by_user, seed=seed),
        *_slices("popularity", quantile_buckets(n_likes, N_POPULARITY_SLICES), owners, by_like, seed=seed),
        *_slices("rarity", _rarity_buckets(n_likes), owners, by_like, seed=seed),
    ]


def _slices(
    by: SliceKind,
    buckets: Sequence[Bucket],
    users: NDArray[np.int64],
    values: Mapping[str, NDArray[np.float64]],
    *,
    seed: int,
) -> Iterator[SliceRecord]:
    """Yield the means of each bucket of rows; ``users`` has the user of every row."""
    for label, rows in buckets:
        scores = bootstrap_means(users[rows], {name: column[rows] for name, column in values.items()}, seed=seed)
        yield SliceRecord(by=by, label=label, n=len(rows), scores=scores)


def quantile_buckets(values: NDArray[np.int64], n: int) -> list[Bucket]:
    """Divide the rows by value into at most ``n`` buckets of about equal size; equal values stay together."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, n + 1), method="inverted_cdf"))
    bucket = np.searchsorted(edges[1:-1], values, side="left")
    found = [np.flatnonzero(bucket == i) for i in range(max(1, len(edges) - 1))]
    return [(_range(values[rows]), rows) for rows in found if len(rows)]


def _rarity_buckets(n_likes: NDArray[np.int64]) -> list[Bucket]:
    """Divide the rows into those of items with few, some and many likes, without empty buckets."""
    low, high = RARITY_BOUNDS
    labels = (f"fewer than {low}", f"{low} to {high - 1}", f"{high} or more")
    bucket = np.searchsorted(RARITY_BOUNDS, n_likes, side="right")
    found = [(label, np.flatnonzero(bucket == number)) for number, label in enumerate(labels)]
    return [(label, rows) for label, rows in found if len(rows)]


def convention_records(names: Sequence[str], refits: Refits) -> tuple[ConventionRecord, ...]:
    """Score the first refit of each algorithm by the conventions of other libraries."""
    counts = {name: refits[name][0].ties for name in names}
    return tuple(
        ConventionRecord(
            library=convention.library,
            ties=convention.ties,
            divisor=convention.divisor,
            mrr={name: convention.mean_reciprocal_rank(c, 100) for name, c in counts.items()},
            map={name: convention.mean_average_precision(c, 30) for name, c in counts.items()},
        )
        for convention in CONVENTIONS
    )


def _per_held_out_item(refits: Sequence[Refit], owners: NDArray[np.int64], metric: Metric) -> NDArray[np.float64]:
    """Return the metric of each held-out item as if it were the only one of its user, averaged over the refits."""
    one_each = np.arange(len(owners) + 1)
    ranks = [refit.ties.ranks("half") for refit in refits]
    each = [HeldOutRanks(users=owners, indptr=one_each, ranks=r, tie_share=0.0) for r in ranks]
    values: NDArray[np.float64] = np.mean([metric.per_user(ranks) for ranks in each], axis=0)
    return values


def _beyond(lists: NDArray[np.int32], train: sp.csr_array) -> Iterator[tuple[str, float | None]]:
    n_users, n_items = train.shape
    n_likes = np.bincount(train.indices, minlength=n_items)
    for k in CUTS:
        first = lists[:, :k]
        yield f"coverage@{k}", beyond_accuracy.coverage(first, n_items)
        yield f"gini@{k}", beyond_accuracy.gini(first, n_items)
        yield f"popularity@{k}", float(beyond_accuracy.popularity(first, n_likes, n_users).mean())
        yield f"novelty@{k}", float(beyond_accuracy.novelty(first, n_likes, n_users).mean())
        diversity = beyond_accuracy.intra_list_diversity(first[:: 1 + len(first) // MOST_DIVERSE_LISTS], train)
        yield f"diversity@{k}", float(np.nanmean(diversity)) if np.isfinite(diversity).any() else None


def _range(values: NDArray[np.int64]) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
