"""Slow, plain twins of item2item over dense float64 matrices."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def cooccurrence(likes: Matrix, i: int, j: int, shrinkage: float) -> float:
    return float((likes[:, i] * likes[:, j]).sum())


def cosine(likes: Matrix, i: int, j: int, shrinkage: float) -> float:
    together = (likes[:, i] * likes[:, j]).sum()
    return float(together / (sqrt(likes[:, i].sum()) * sqrt(likes[:, j].sum()) + shrinkage)) if together else 0.0


SIMILARITIES = {"cooccurrence": cooccurrence, "cosine": cosine}


def neighbors(likes: Matrix, name: str, k: int, shrinkage: float) -> list[list[tuple[int, float]]]:
    """Of each item up to k others of positive similarity, best first, of equals the lower number."""
    n_items = likes.shape[1]
    result = []
    for i in range(n_items):
        pairs = [(j, SIMILARITIES[name](likes, i, j, shrinkage)) for j in range(n_items) if j != i]
        result.append(sorted((pair for pair in pairs if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))[:k])
    return result


def scores(history: list[int], of: list[list[tuple[int, float]]], n_items: int) -> list[float]:
    return [sum(dict(of[item]).get(target, 0.0) for item in history) for target in range(n_items)]
