"""Ranking metrics: ranks of hidden likes in, one value per user out.

Each formula stands once, in the ``Formula:`` line of its function, where ``formula`` finds it; its letters
are those of ``NOTATION``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.ranking import HeldOutRanks
from models.errors import UserError

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
    "A user has n hidden likes with ranks rank_1 < rank_2 < ...; hit i is the i-th of them where rank_i <= k. "
    "A metric is the mean over all users who were asked, found or not."
)


class InvalidMetricError(UserError):
    """No such metric; the message says what there is."""


def reciprocal_rank(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """How early the first hidden like comes.

    Formula: RR@k = 1 / rank_1 if rank_1 <= k, else 0
    """
    best = ranks.ranks[ranks.indptr[:-1]]
    return np.where(best <= k, 1 / best, 0.0)


def average_precision(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """Precision at each hidden like, averaged over those that a list of k can hold.

    Formula: AP@k = (sum over hits i of i / rank_i) / min(k, n)
    """
    return _sum_over_hits(ranks, k, ranks.positions / ranks.ranks) / np.minimum(k, ranks.n_held_out)


def hit_rate(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """Whether any hidden like is found.

    Formula: HR@k = 1 if rank_1 <= k, else 0
    """
    return (ranks.ranks[ranks.indptr[:-1]] <= k).astype(np.float64)


def ndcg(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """Hits discounted by the logarithm of their rank, over what the best possible list scores.

    Formula: NDCG@k = (sum over hits i of 1 / log2(1 + rank_i)) / (sum over i = 1 to min(k, n) of 1 / log2(1 + i))
    """
    n_ideal = np.minimum(k, ranks.n_held_out)
    places = np.arange(1, np.max(n_ideal, initial=0) + 1)
    ideal: NDArray[np.float64] = np.cumsum(1 / np.log2(1 + places))[n_ideal - 1]
    return _sum_over_hits(ranks, k, 1 / np.log2(1 + ranks.ranks)) / ideal


def recall(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """The share of the hidden likes that is found.

    Formula: Recall@k = hits / n
    """
    return _sum_over_hits(ranks, k, np.ones(len(ranks.ranks))) / ranks.n_held_out


def precision(ranks: HeldOutRanks, k: int) -> NDArray[np.float64]:
    """The share of a list of k that is hidden likes; at most n / k.

    Formula: Precision@k = hits / k
    """
    return _sum_over_hits(ranks, k, np.ones(len(ranks.ranks))) / k


def _sum_over_hits(ranks: HeldOutRanks, k: int, gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) sums of ``gains``, one for each rank, over the ranks of a row that are at most k."""
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
    """The formula of metric ``name`` (such as "mrr"), read from its function's docstring."""
    doc = PER_USER[name].__doc__ or ""
    return doc.partition("Formula: ")[2].partition("\n")[0].strip()


@dataclass(frozen=True)
class Metric:
    """A metric of the first ``k`` of a list; larger is better."""

    name: str  #: a key of ``PER_USER``
    k: int

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.k < 1:
            raise InvalidMetricError(f"The k of a metric must be at least 1, got {self}")

    @classmethod
    def parse(cls, text: str) -> Metric:
        """The metric written as ``text``, such as "mrr@100" or "MAP@30"."""
        name, _, k = text.strip().lower().partition("@")
        _check_name(name)
        if not re.fullmatch("[0-9]{1,9}", k):
            raise InvalidMetricError(f"Metric {text!r} needs a whole number after an @, such as {name}@10")
        return cls(name, int(k))

    def __str__(self) -> str:
        return f"{self.name}@{self.k}"

    @property
    def key(self) -> str:
        """The name where an @ is not allowed, as in MLflow."""
        return f"{self.name}_at_{self.k}"

    @property
    def label(self) -> str:
        """The name as a reader expects it."""
        name = self.name.title() if self.name in ("recall", "precision") else self.name.upper()
        return f"{name}@{self.k}"

    def per_user(self, ranks: HeldOutRanks) -> NDArray[np.float64]:
        """(n,) values in [0, 1], one for each row of ``ranks``."""
        return PER_USER[self.name](ranks, self.k)

    def over_draws(self, draws: Sequence[HeldOutRanks]) -> float:
        """The mean over users, averaged over draws: a trial's value."""
        return float(np.mean([self.per_user(draw).mean() for draw in draws]))


def _check_name(name: str) -> None:
    if name not in PER_USER:
        nearest = difflib.get_close_matches(name, PER_USER, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise InvalidMetricError(f"Unknown metric {name!r}. Choose one of: {', '.join(PER_USER)}.{hint}")


DEFAULT = Metric("mrr", 100)  #: what is maximised and compared unless somebody says otherwise
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
