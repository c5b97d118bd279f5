"""Slow textbook versions of the ranking and the metrics, on ranked lists and sets of relevant items."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence


def unseen_best_first(scores: Sequence[float], seen: Collection[int]) -> list[int]:
    """Unseen items by descending score."""
    return sorted((item for item in range(len(scores)) if item not in seen), key=lambda item: -scores[item])


def average_rank(scores: Sequence[float], seen: Collection[int], target: int) -> float:
    """Mean position of the items with the score of ``target``."""
    order = unseen_best_first(scores, seen)
    positions = [position for position, item in enumerate(order, start=1) if scores[item] == scores[target]]
    return sum(positions) / len(positions)


def held_out_ranks(scores: Sequence[float], seen: Collection[int], held_out: Collection[int]) -> list[float]:
    """Ascending ranks; held-out items that tie get adjacent ranks in the middle of their tie."""
    ranks = []
    for level in {scores[item] for item in held_out}:
        tied = [item for item in held_out if scores[item] == level]
        first = average_rank(scores, seen, tied[0]) - (len(tied) - 1) / 2
        ranks += [first + i for i in range(len(tied))]
    return sorted(ranks)


def tie_share(scores: Sequence[float], seen: Collection[int], target: int) -> float:
    """Share of the other unseen items with the score of ``target``."""
    others = [item for item in unseen_best_first(scores, seen) if item != target]
    return sum(scores[item] == scores[target] for item in others) / max(len(others), 1)


def reciprocal_rank(ranked: Sequence[int], relevant: set[int], k: int) -> float:
    return next((1 / position for position, item in enumerate(ranked[:k], start=1) if item in relevant), 0.0)


def average_precision(ranked: Sequence[int], relevant: set[int], k: int) -> float:
    hits = [position for position, item in enumerate(ranked[:k], start=1) if item in relevant]
    return sum(precision(ranked, relevant, position) for position in hits) / min(k, len(relevant))


def hit_rate(ranked: Sequence[int], relevant: set[int], k: int) -> float:
    return float(bool(set(ranked[:k]) & relevant))


def ndcg(ranked: Sequence[int], relevant: set[int], k: int) -> float:
    def dcg(gains: list[bool]) -> float:
        return sum(gain / math.log2(1 + position) for position, gain in enumerate(gains[:k], start=1))

    gains = [item in relevant for item in ranked]
    return dcg(gains) / dcg(sorted(gains, reverse=True))


def recall(ranked: Sequence[int], relevant: set[int], k: int) -> float:
    return len(set(ranked[:k]) & relevant) / len(relevant)


def precision(ranked: Sequence[int], relevant: set[int], k: int) -> float:
    return len(set(ranked[:k]) & relevant) / k
