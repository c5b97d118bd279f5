"""Similarity of the algorithms' lists, against lists of other seeds, and an order with similar ones side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from evaluation.overlap import MEASURES, RankedLists, persistence, rank_biased_overlap
from studies.comparison.scores import CUTS, Refits, quantile_buckets
from studies.record.comparison import HeatmapRecord

__all__ = ["cluster", "heatmaps"]

CLUSTERED_BY = ("rbo", 100)  #: measure and k by which recommendations are clustered
MOST_ROWS = 2000  #: lists that are compared, drawn at random where there are more
N_BUCKETS = 4

Lists = Mapping[str, Sequence[RankedLists]]  #: algorithm -> the lists of the same rows, one a seed


def cluster(
    names: Sequence[str], refits: Refits
) -> tuple[tuple[str, ...], tuple[tuple[float, float, float, float], ...]]:
    """Return the names in an order with similar lists side by side, and the tree of it (average linkage)."""
    if len(names) < 2:
        return tuple(names), ()
    measure, k = CLUSTERED_BY
    lists = [refits[name][0].lists for name in names]
    distances = np.zeros((len(names), len(names)))
    for i, j in combinations(range(len(names)), 2):
        distances[i, j] = distances[j, i] = max(0.0, 1 - float(MEASURES[measure](lists[i], lists[j], k).mean()))
    merges = linkage(squareform(distances), method="average", optimal_ordering=True)
    leaves = leaves_list(merges)
    position = {int(leaf): rank for rank, leaf in enumerate(leaves)}
    renamed = [[position.get(int(a), a), position.get(int(b), b), d, n] for a, b, d, n in merges.tolist()]
    return tuple(names[leaf] for leaf in leaves), tuple((a, b, d, n) for a, b, d, n in renamed)


def heatmaps(
    order: Sequence[str],
    refits: Refits,
    n_history: NDArray[np.int64],
    n_likes: NDArray[np.int64],
    *,
    seed: int,
) -> Iterator[HeatmapRecord]:
    """Compare recommendations by activity of the user and neighbours by popularity of the item, an entry a row."""
    recommendations = {name: [refit.lists for refit in refits[name]] for name in order}
    neighbours = {name: [refit.neighbours for refit in refits[name]] for name in order}
    yield from _family("recommendations", order, recommendations, n_history, seed)
    yield from _family("neighbours", order, neighbours, n_likes, seed)


def _family(
    of: Literal["recommendations", "neighbours"],
    order: Sequence[str],
    lists: Lists,
    sizes: NDArray[np.int64],
    seed: int,
) -> Iterator[HeatmapRecord]:
    chosen = _sampled(len(sizes), seed)
    lists = {name: [each.rows(chosen) for each in seeds] for name, seeds in lists.items()}
    buckets = [("all", np.arange(len(chosen))), *quantile_buckets(sizes[chosen], N_BUCKETS)]
    for measure, compare in MEASURES.items():
        for k in CUTS:
            table = _pairwise(order, lists, compare, k)
            residual = _residual(order, lists, k) if measure == "rbo" else None
            for among, rows in buckets:
                values = tuple(tuple(_mean(cell, rows) for cell in line) for line in table)
                yield HeatmapRecord(
                    of=of,
                    measure=measure,
                    k=k,
                    among=among,
                    n=len(rows),
                    values=values,
                    residual=residual if among == "all" else None,
                )


def _pairwise(
    order: Sequence[str], lists: Lists, compare: Callable[..., NDArray[np.float64]], k: int
) -> list[list[NDArray[np.float64] | None]]:
    """Return the values of each row for every two algorithms; on the diagonal the first seed against the others."""
    table: list[list[NDArray[np.float64] | None]] = [[None] * len(order) for _ in order]
    for i, name in enumerate(order):
        first, *others = lists[name]
        if others:
            table[i][i] = np.mean([compare(first, other, k) for other in others], axis=0)
        for j in range(i):
            table[i][j] = table[j][i] = compare(first, lists[order[j]][0], k)
    return table


def _residual(order: Sequence[str], lists: Lists, k: int) -> float | None:
    pairs = combinations([lists[name][0] for name in order], 2)
    residuals = [
        float(rank_biased_overlap(a, b, k, persistence(k), ties="corrected").residual.mean()) for a, b in pairs
    ]
    return float(np.mean(residuals)) if residuals else None


def _sampled(n: int, seed: int) -> NDArray[np.int64]:
    if n <= MOST_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, MOST_ROWS, replace=False))


def _mean(values: NDArray[np.float64] | None, rows: NDArray[np.int64]) -> float | None:
    return None if values is None else round(float(values[rows].mean()), 4)
