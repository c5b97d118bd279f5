"""A slow, simple implementation of ALS over dense float64 matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.als import ALSConfig

Matrix = NDArray[np.float64]


def solve(weights: Matrix, fixed: Matrix, config: ALSConfig) -> Matrix:
    """Return a ridge regression of each row's cells on the vectors of their columns."""
    rows = []
    for row in weights:
        observed = np.flatnonzero(row)
        cells = np.arange(len(row)) if config.cells == "all" else observed
        targets = row[cells] if config.targets == "weights" else (row[cells] > 0).astype(float)
        penalty = config.reg * len(observed) ** config.reg_exponent
        y = fixed[cells]
        system = y.T @ y + penalty * np.eye(fixed.shape[1])
        rows.append(np.linalg.solve(system, y.T @ targets) if len(observed) else np.zeros(fixed.shape[1]))
    return np.array(rows)


def loss(weights: Matrix, users: Matrix, items: Matrix, config: ALSConfig) -> float:
    total = 0.0
    for u, row in enumerate(weights):
        for i, weight in enumerate(row):
            if config.cells == "all" or weight:
                target = weight if config.targets == "weights" else float(weight > 0)
                total += (target - users[u] @ items[i]) ** 2
    for matrix, factors in ((weights, users), (weights.T, items)):
        for row, vector in zip(matrix, factors, strict=True):
            total += config.reg * float((row > 0).sum()) ** config.reg_exponent * float(vector @ vector)
    return float(total)
