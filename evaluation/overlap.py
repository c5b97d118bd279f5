"""Similarity of ranked lists: from the lists of two algorithms to one value per row.

Every measure is symmetric, 1 for equal lists and 0 for lists without a common item. Lists of different lengths are
normalised by the longer one. Two empty lists are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MEASURES",
    "RankBiasedOverlap",
    "RankedLists",
    "jaccard",
    "kendall_similarity",
    "overlap",
    "persistence",
    "rank_biased_overlap",
    "rank_biased_similarity",
]


@dataclass(frozen=True)
class RankedLists:
    """Ranked lists with ties.

    ``items`` (n, k) int32 are best first, without duplicates in a row; a row shorter than k is padded with -1. ``tops``
    and ``bottoms`` (n, k) int32 are the first and the last rank of the group of items that each item ties with.
    """

    items: NDArray[np.int32]
    tops: NDArray[np.int32]
    bottoms: NDArray[np.int32]

    @classmethod
    def from_scores(cls, items: ArrayLike, scores: ArrayLike) -> RankedLists:
        """Build lists in which items with equal ``scores`` (n, k) tie."""
        from evaluation.overlap_kernels import find_groups, list_lengths  # numba takes long to import

        ranked = np.ascontiguousarray(items, np.int32)
        values = np.ascontiguousarray(scores, np.float32)
        if ranked.ndim != 2 or ranked.shape != values.shape:
            raise ValueError(f"items and scores must be two tables of one shape, got {ranked.shape} and {values.shape}")
        lengths = np.empty(len(ranked), np.int64)
        list_lengths(ranked, lengths)
        tops, bottoms = np.zeros(ranked.shape, np.int32), np.zeros(ranked.shape, np.int32)
        find_groups(values, lengths, tops, bottoms)
        return cls(ranked, tops, bottoms)

    @classmethod
    def without_ties(cls, items: ArrayLike) -> RankedLists:
        """Build lists without ties."""
        ranked = np.ascontiguousarray(items, np.int32)
        return cls.from_scores(ranked, np.broadcast_to(-np.arange(ranked.shape[1]), ranked.shape))

    def first(self, k: int) -> RankedLists:
        """Return the first ``k`` items of each list; a tie group that is cut ends at rank ``k``."""
        tops, bottoms = self.tops[:, :k], np.minimum(self.bottoms[:, :k], k)
        return RankedLists(*map(np.ascontiguousarray, (self.items[:, :k], tops, bottoms)))

    def rows(self, chosen: NDArray[np.int64]) -> RankedLists:
        """Return the lists at the indices ``chosen``."""
        return RankedLists(self.items[chosen], self.tops[chosen], self.bottoms[chosen])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of items in each list, (n,)."""
        return (self.items >= 0).sum(axis=1)


class RankBiasedOverlap(NamedTuple):
    """Extrapolated RBO, and the residual: how much items beyond the lists could change it; (n,) each."""

    extrapolated: NDArray[np.float64]
    residual: NDArray[np.float64]


def overlap(a: RankedLists, b: RankedLists, k: int) -> NDArray[np.float64]:
    """Share of common items.

    Formula: overlap@k = |A and B| / max(|A|, |B|), of the first k of each
    """
    shared, n_a, n_b = _shared(a.first(k), b.first(k))
    return _ratio(shared, np.maximum(n_a, n_b))


def jaccard(a: RankedLists, b: RankedLists, k: int) -> NDArray[np.float64]:
    """Share of the items of both lists that they have in common.

    Formula: Jaccard@k = |A and B| / |A or B|, of the first k of each
    """
    shared, n_a, n_b = _shared(a.first(k), b.first(k))
    return _ratio(shared, n_a + n_b - shared)


def rank_biased_overlap(
    a: RankedLists, b: RankedLists, k: int, p: float, *, ties: Literal["averaged", "corrected"] = "averaged"
) -> RankBiasedOverlap:
    """Rank-biased overlap of the first k items: agreement at each depth d, weighted by p^d (Webber et al. 2010).

    The value is RBO_ext, which assumes that the agreement continues beyond k; the residual is RBO_max - RBO_min. Ties
    follow Corsi & Urbano 2024 (arXiv:2406.07121). "averaged" is RBO^a, the mean over all ways to break the ties; a list
    with ties has less than 1 with itself. "corrected" is RBO^b, which corrects for the information that ties lack;
    every list has 1 with itself.

    Formula: RBO = (1 - p) / p * (sum over depths d of p^d A_d), A_d the share of the first d that both hold
    """
    from evaluation.overlap_kernels import rank_biased_overlaps

    if not 0 < p < 1:
        raise ValueError(f"p must be between 0 and 1, got {p}")
    a, b = _paired(a.first(k), b.first(k))
    extrapolated, residual = np.empty(len(a.items)), np.empty(len(a.items))
    rank_biased_overlaps(
        a.items, a.tops, a.bottoms, b.items, b.tops, b.bottoms, p, ties == "corrected", extrapolated, residual
    )
    return RankBiasedOverlap(extrapolated, residual)


def persistence(k: int) -> float:
    """Return the p that gives the first k ranks 86 % of the weight: .9 for 10, .98 for 50 (Webber et al., eq. 21)."""
    return 1 - 1 / max(k, 2)


def rank_biased_similarity(a: RankedLists, b: RankedLists, k: int) -> NDArray[np.float64]:
    """Extrapolated RBO, corrected for ties, with the p of ``persistence(k)``.

    Formula: RBO@k = (1 - p) / p * (sum over depths d of p^d A_d), p = 1 - 1/k, extrapolated beyond k, ties corrected
    """
    return rank_biased_overlap(a, b, k, persistence(k), ties="corrected").extrapolated


def kendall_similarity(a: RankedLists, b: RankedLists, k: int) -> NDArray[np.float64]:
    """Kendall's tau for top-k lists (Fagin, Kumar & Sivakumar 2003, K with penalty 1/2), from 0 to 1.

    Items that are missing from a list tie at its end. Equal lists have 1, disjoint lists 0, and a list and its reverse
    about 2/3.

    Formula: tau@k = 1 - K / max K, K the pairs in opposite order + half of the pairs that only one list orders
    """
    from evaluation.overlap_kernels import kendall_distances

    a, b = _paired(a.first(k), b.first(k))
    distance = np.empty(len(a.items))
    kendall_distances(a.items, a.tops, b.items, b.tops, distance)
    n_a, n_b = a.lengths, b.lengths
    most = n_a * n_b + (n_a * (n_a - 1) + n_b * (n_b - 1)) / 4
    farthest = (n_a != n_b).astype(np.float64)  # no pair can differ between an empty list and one of one item
    return 1 - np.divide(distance, most, out=farthest, where=n_a * n_b > 0)


MEASURES: dict[str, Callable[[RankedLists, RankedLists, int], NDArray[np.float64]]] = {
    "overlap": overlap,
    "jaccard": jaccard,
    "rbo": rank_biased_similarity,
    "tau": kendall_similarity,
}


def _shared(a: RankedLists, b: RankedLists) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Number of common items, and the lengths of both lists; (n,) each."""
    from evaluation.overlap_kernels import count_shared

    a, b = _paired(a, b)
    shared = np.empty(len(a.items), np.int64)
    count_shared(a.items, b.items, shared)
    return shared, a.lengths, b.lengths


def _paired(a: RankedLists, b: RankedLists) -> tuple[RankedLists, RankedLists]:
    if len(a.items) != len(b.items):
        raise ValueError(f"lists are compared row by row, got {len(a.items)} and {len(b.items)} of them")
    return a, b


def _ratio(shared: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(shared, of, out=np.ones(len(of)), where=of > 0)
