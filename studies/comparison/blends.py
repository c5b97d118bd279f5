"""Whether algorithms complement each other: the items that each finds, and what a blend of their lists gains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from evaluation.fold import Fold
from evaluation.metrics import Metric
from evaluation.overlap import RankedLists
from evaluation.ranking import rank_held_out
from evaluation.significance import bootstrap_means
from studies.comparison.scores import Refits, per_user
from studies.record.comparison import BlendRecord

__all__ = ["FOUND_AT", "blend_records", "reciprocal_rank_fusion"]

FOUND_AT = 10  #: a held-out item is found if it is among this many recommendations
RANK_OFFSET = 60  #: of reciprocal rank fusion; the constant of the paper


def blend_records(
    names: Sequence[str],
    refits: Refits,
    test: Fold,
    on_validation: Mapping[str, RankedLists],
    validation: Fold,
    metric: Metric,
    *,
    seed: int,
) -> Iterator[BlendRecord]:
    """Yield a blend of every two of ``names`` and, where there are more than two, of all.

    ``on_validation`` has the lists of each model for the users of the fold ``validation``. A blend takes the lists of
    one fit of each member, and is compared with the same fits.
    """
    single = {name: metric.per_user(refits[name][0].ranks) for name in names}
    value = {name: _blend([on_validation[name]], validation, metric).mean() for name in names}
    groups = [*combinations(names, 2), *([tuple(names)] if len(names) > 2 else [])]
    for members in groups:
        best = max(members, key=lambda name: value[name])
        blended = _blend([refits[name][0].lists for name in members], test, metric)
        estimates = bootstrap_means(test.users, {"blend": blended, "gain": blended - single[best]}, seed=seed)
        found = {name: _found(refits, name) for name in members}
        n_finders = np.sum(list(found.values()), axis=0)
        yield BlendRecord(
            members=members,
            found_by_all=float((n_finders == len(members)).mean()),
            found_by_one={name: float((hits & (n_finders == 1)).mean()) for name, hits in found.items()},
            found_by_any=float((n_finders > 0).mean()),
            oracle=float(np.max([per_user(refits[name][:1], metric) for name in members], axis=0).mean()),
            validation=float(_blend([on_validation[name] for name in members], validation, metric).mean()),
            best_member=best,
            best_member_validation=float(value[best]),
            test=estimates["blend"],
            gain=estimates["gain"],
        )


def reciprocal_rank_fusion(lists: Sequence[NDArray[np.int32]], n_items: int) -> NDArray[np.float32]:
    """Fuse the lists (n, k) of several algorithms for the same users into scores of all items, (n, n_items).

    The score is the sum of 1 / (60 + rank) over the lists that contain the item (Cormack, Clarke & Buettcher 2009). A
    list shorter than k is padded with -1.
    """
    fused = np.zeros((len(lists[0]), n_items + 1), np.float32)  # the last column collects the padding
    rows = np.arange(len(fused))[:, None]
    for ranked in lists:
        # a row holds no item twice, so plain indexing adds each rank
        fused[rows, ranked] += 1 / (RANK_OFFSET + 1 + np.arange(ranked.shape[1], dtype=np.float32))
    return fused[:, :n_items]


def _blend(lists: Sequence[RankedLists], fold: Fold, metric: Metric) -> NDArray[np.float64]:
    """Return the metric of each user under the fusion of these lists, which have a row for each user of the fold."""
    by_row = replace(fold, users=np.arange(len(fold.users)), fold_in=False)  # queries are rows of the lists

    def scores(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return reciprocal_rank_fusion([each.items[rows] for each in lists], fold.held_out.shape[1])

    return metric.per_user(rank_held_out(scores, by_row))


def _found(refits: Refits, name: str) -> NDArray[np.bool_]:
    return refits[name][0].ties.ranks("half") <= FOUND_AT
