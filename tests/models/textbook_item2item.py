"""A slow, simple implementation of item2item over dense float64 matrices."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from models.item2item import Item2ItemConfig

Matrix = NDArray[np.float64]


def weighted(weights: Matrix, config: Item2ItemConfig) -> Matrix:
    """Return the weight of each like; 0 where there is none."""
    n_users, n_items = weights.shape
    mean_length = weights.sum() / n_items
    result = np.zeros_like(weights)
    for u in range(n_users):
        idf = max(log(n_items / (1 + (weights[u] > 0).sum())), 0)
        for i in np.flatnonzero(weights[u]):
            w = weights[u, i]
            length = weights[:, i].sum() / mean_length
            result[u, i] = {
                "likes": 1,
                "weights": w,
                "log": log(1 + w),
                "tfidf": sqrt(w) * idf,
                "bm25": w * (config.k1 + 1) / (w + config.k1 * (1 - config.b + config.b * length)) * idf,
            }[config.weighting]
    return result


def similarity(a: Matrix, b: Matrix, config: Item2ItemConfig) -> float:
    """Return the similarity of two items' columns."""
    together = float(a @ b)
    if together == 0 or config.similarity == "cooccurrence":
        return together
    if config.similarity == "pearson":
        covariance = together - len(a) * a.mean() * b.mean()
        spread = len(a) * a.std() * b.std()
        return float(covariance / (spread + config.shrinkage)) if spread > 1e-9 else 0.0
    return together / (sqrt(a @ a) * sqrt(b @ b) + config.shrinkage)


def neighbors(weights: Matrix, config: Item2ItemConfig) -> list[list[tuple[int, float]]]:
    """Return for each item at most K others of positive similarity, best first, equal ones by number."""
    likes = weighted(weights, config)
    n_items = likes.shape[1]
    result = []
    for i in range(n_items):
        pairs = [(j, similarity(likes[:, i], likes[:, j], config)) for j in range(n_items) if j != i]
        kept = sorted((pair for pair in pairs if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))
        result.append(kept[: config.n_neighbors])
    return result


def scores(history: list[int], of: list[list[tuple[int, float]]], n_items: int) -> list[float]:
    return [sum(dict(of[item]).get(target, 0.0) for item in history) for target in range(n_items)]
