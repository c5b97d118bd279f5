"""A slow, simple implementation of logistic MF in float64, one term after the other, with the kernel's draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.models.textbook_sgd import Stream, sigma

Matrix = NDArray[np.float64]


def unseen(stream: Stream, liked: list[int], pool: list[int]) -> int | None:
    for _ in range(32):
        drawn = pool[stream.below(len(pool))]
        if drawn not in liked:
            return drawn
    return None


def sweep(weights: Matrix, Y: Matrix, X: Matrix, key: int, config: Any, rate: float, *, side: str) -> None:
    """Pass over all rows of ``weights`` (dense, 0 is no like) and update ``X``; ``side`` is "users" or "items"."""
    n_rows, n_fixed = weights.shape
    n_likes = (weights > 0).sum(axis=1)
    by_likes = (side, config.negatives) == ("items", "sampled")
    pool = np.nonzero(weights)[1].tolist() if by_likes else list(range(n_fixed))
    for row in range(n_rows):
        likes = np.flatnonzero(weights[row]).tolist()
        n_drawn, weight = round(config.n_negatives * n_likes.mean()), 1.0
        if config.negatives == "weighted":
            share = config.unobserved_mass * (weights > 0).sum() / (weights == 0).sum()
            weight = share * (n_fixed - len(likes)) / n_drawn
        elif side == "users":
            n_drawn = config.n_negatives * len(likes)
        stream = Stream(key, row)
        turn = stream.below(max(len(likes), 1))
        n_terms = len(likes) + n_drawn
        for t in range(n_terms):
            x = X[row].copy()
            if (t + 1) * len(likes) // n_terms > t * len(likes) // n_terms:
                i = likes[turn % len(likes)]
                turn += 1
                r = weights[row, i]
                c = config.alpha * (np.log2(1 + r) if config.confidence == "log" else r)
                gradient = (c - (1 + c) * sigma(x @ Y[i])) * Y[i]
            else:
                j = unseen(stream, likes, pool)
                if j is None:
                    continue
                gradient = -weight * sigma(x @ Y[j]) * Y[j]
            X[row] += rate * (gradient - config.reg * x)
            X[row, -1 if side == "users" else -2] = 1
