"""Ranking metrics: from the ranks of held-out items to one value per user.

The ``Formula:`` line of each function holds its formula, in the symbols of ``NOTATION``; ``formula`` returns it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.ranking import HeldOutRanks
from models.errors import UserError, did_you_mean

__all__ = [
    "DEFAULT",
    "NOTATION",
    "REPORTED",
    "InvalidMetricError",
    "Metric",
    "average_precision",
    "formula",
    "hit_rate",
    "ndcg",
    "precision",
    "recall",
    "reciprocal_rank",
]

NOTATION = (
    "A user has n held-out items with ranks rank_1 < rank_2 < ...; hit i is the i-th of them if rank_i <= k. "
    "A metric is the mean over all evaluation users, with and without hits."
)


class InvalidMetricError(UserError):
    """The metric does not exist; the message lists those that do."""


def reciprocal_rank(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """Reciprocal rank of the best-ranked held-out item.

    Formula: RR@k = 1 / rank_1 if rank_1 <= k, else 0
    """
    best = ranks.ranks[ranks.indptr[:-1]]
    return np.where(best <= k, 1 / best, 0.0)


def average_precision(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """Precision at the rank of each hit, averaged over the held-out items that fit into k positions.

    Formula: AP@k = (sum over hits i of i / rank_i) / min(k, n)
    """
    return _sum_over_hits(ranks, k, ranks.positions / ranks.ranks) / np.minimum(k, ranks.n_held_out)


def hit_rate(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """1 if any held-out item is among the first k, else 0.

    Formula: HR@k = 1 if rank_1 <= k, else 0
    """
    return (ranks.ranks[ranks.indptr[:-1]] <= k).astype(np.float64)


def ndcg(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """Discounted cumulative gain of the hits, relative to that of an ideal list.

    Formula: NDCG@k = (sum over hits i of 1 / log2(1 + rank_i)) / (sum over i = 1 to min(k, n) of 1 / log2(1 + i))
    """
    n_ideal = np.minimum(k, ranks.n_held_out)
    positions = np.arange(1, np.max(n_ideal, initial=0) + 1)
    ideal: NDArray[np.float64] = np.cumsum(1 / np.log2(1 + positions))[n_ideal - 1]
    return _sum_over_hits(ranks, k, 1 / np.log2(1 + ranks.ranks)) / ideal


def recall(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """Share of the held-out items that are among the first k.

    Formula: Recall@k = hits / n
    """
    return _sum_over_hits(ranks, k, np.ones(len(ranks.ranks))) / ranks.n_held_out


def precision(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """Share of the first k items that are held out; at most n / k.

    Formula: Precision@k = hits / k
    """
    return _sum_over_hits(ranks, k, np.ones(len(ranks.ranks))) / k


def _sum_over_hits(ranks: HeldOutRanks, k: int, gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum ``gains``, one per rank, over the ranks of each row that are at most k; (n,)."""
    sums: NDArray[np.float64] = np.add.reduceat(np.where(ranks.ranks <= k, gains, 0.0), ranks.indptr[:-1])
    return sums


PER_USER: dict[str, Callable[[HeldOutRanks, int], NDArray[np.float64]]] = {
    "mrr": reciprocal_rank,
    "map": average_precision,
    "hr": hit_rate,
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
}


def formula(name: str) -> str:
    """Return the formula of metric ``name``, such as "mrr", from the docstring of its function."""
    doc = PER_USER[name].__doc__ or ""
    return doc.partition("Formula: ")[2].partition("\n")[0].strip()


@dataclass(frozen=True)
class Metric:
    """A metric of the first ``k`` items of a list; larger is better."""

    name: str  #: a key of ``PER_USER``
    k: int

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.k < 1:
            raise InvalidMetricError(f"The k of a metric must be at least 1, got {self}")

    @classmethod
    def parse(cls, text: str) -> Metric:
        """Parse a metric such as "mrr@100" or "MAP@30"."""
        name, _, k = text.strip().lower().partition("@")
        _check_name(name)
        if not re.fullmatch("[0-9]{1,9}", k):
            raise InvalidMetricError(f"Metric {text!r} needs a whole number after an @, such as {name}@10")
        return cls(name, int(k))

    def __str__(self) -> str:
        return f"{self.name}@{self.k}"

    @property
    def key(self) -> str:
        """Name without an @, for MLflow."""
        return f"{self.name}_at_{self.k}"

    @property
    def label(self) -> str:
        """Name for display, such as "NDCG@10"."""
        name = self.name.title() if self.name in ("recall", "precision") else self.name.upper()
        return f"{name}@{self.k}"

    def per_user(self, ranks: HeldOutRanks) -> NDArray[np.float64]:
        """Value in [0, 1] of each row of ``ranks``, (n,)."""
        return PER_USER[self.name](ranks, self.k)

    def over_draws(self, draws: Sequence[HeldOutRanks]) -> float:
        """Mean over users, averaged over ``draws``: the value of a trial."""
        return float(np.mean([self.per_user(draw).mean() for draw in draws]))


def _check_name(name: str) -> None:
    if name not in PER_USER:
        hint = did_you_mean(name, PER_USER)
        raise InvalidMetricError(f"Unknown metric {name!r}. Choose one of: {', '.join(PER_USER)}.{hint}")


DEFAULT = Metric("mrr", 100)  #: the default of searches and comparisons
REPORTED = (
    DEFAULT,
    Metric("map", 30),
    Metric("hr", 10),
    Metric("ndcg", 10),
    Metric("ndcg", 100),
    Metric("recall", 10),
    Metric("recall", 100),
    Metric("precision", 10),
)
