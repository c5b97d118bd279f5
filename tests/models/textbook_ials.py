"""A slow, simple implementation of iALS over dense float64 matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.ials import IALSConfig

Matrix = NDArray[np.float64]


def confidences(weights: Matrix, config: IALSConfig) -> Matrix:
    """Return the confidences of all pairs: c of a like, w0 of any other pair."""
    grown = np.log(1 + weights / config.epsilon) if config.confidence == "log" else weights
    return np.where(weights > 0, 1 + config.alpha * grown, config.unobserved_weight)


def penalties(weights: Matrix, config: IALSConfig) -> tuple[Matrix, Matrix]:
    """Return lambda_u and lambda_i, arXiv:2110.14037 section 3.2 with nu* = 1."""
    n_users, n_items = weights.shape
    of_users = (weights > 0).sum(axis=1) + config.unobserved_weight * n_items
    of_items = (weights > 0).sum(axis=0) + config.unobserved_weight * n_users

    def total(nu: float) -> float:
        return float((of_users**nu).sum() + (of_items**nu).sum())

    nu = config.reg_exponent
    scale = config.reg * total(1) / total(nu)
    return scale * of_users**nu, scale * of_items**nu


def solve(weights: Matrix, fixed: Matrix, row_penalties: Matrix, config: IALSConfig) -> Matrix:
    """Return (Y^T C_u Y + lambda_u I)^-1 Y^T C_u p_u for each row, Hu, Koren & Volinsky 2008, equation 4."""
    c = confidences(weights, config)
    identity = np.eye(fixed.shape[1])
    rows = []
    for u in range(len(weights)):
        system = fixed.T @ np.diag(c[u]) @ fixed + row_penalties[u] * identity
        rows.append(np.linalg.solve(system, fixed.T @ np.diag(c[u]) @ (weights[u] > 0)))
    return np.array(rows)


def loss(weights: Matrix, users: Matrix, items: Matrix, config: IALSConfig) -> float:
    c = confidences(weights, config)
    of_users, of_items = penalties(weights, config)
    total = 0.0
    for u in range(weights.shape[0]):
        for i in range(weights.shape[1]):
            total += c[u, i] * (float(weights[u, i] > 0) - users[u] @ items[i]) ** 2
    total += sum(of_users[u] * users[u] @ users[u] for u in range(len(users)))
    return float(total + sum(of_items[i] * items[i] @ items[i] for i in range(len(items))))
