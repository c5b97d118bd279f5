"""A slow, simple implementation of the hybrid model in float64, one step after the other, with the kernels' draws."""

from __future__ import annotations

from copy import deepcopy
from math import floor, log
from typing import Any

import numpy as np
import scipy.sparse as sp

from models.kernels.strata import Strata
from tests.models.textbook_sgd import Matrix, Stream, Visit, sigma


class Table:
    """Features of users or items: weights F (n, n_own + n_shared), vectors E and the optimizer's G and D."""

    def __init__(self, F: Matrix, n_own: int, E: Matrix, is_adadelta: bool) -> None:
        self.F, self.n_own, self.E = F, n_own, E
        self.G, self.D = (np.zeros_like(E), np.zeros_like(E)) if is_adadelta else (np.ones_like(E), np.zeros_like(E))
        self.moved: set[int] = set()

    def vector(self, row: int) -> Matrix:
        return self.F[row] @ self.E

    def step(self, feature: int, gradient: Matrix, config: Any) -> None:
        if config.optimizer == "adadelta":
            self.G[feature] = config.rho * self.G[feature] + (1 - config.rho) * gradient**2
            ratio = (self.D[feature] + config.epsilon) / (self.G[feature] + config.epsilon)
            self.D[feature] = config.rho * self.D[feature] + (1 - config.rho) * ratio * gradient**2
            self.E[feature] -= np.sqrt(ratio) * gradient
        else:
            self.G[feature] += gradient**2
            self.E[feature] -= config.learning_rate * gradient / np.sqrt(self.G[feature])
        self.moved.add(feature)


def epoch(strata: Strata, key: int, config: Any, users: Table, items: Table) -> None:
    """Run an epoch; the cells of a stratum start from the same shared features, which then become the mean."""
    n_blocks = len(strata.item_start) - 1
    for stratum in range(n_blocks):
        of_stratum = Stream(key, stratum).state
        outcomes = []
        for block in range(n_blocks):
            cell = deepcopy((users, items))
            item_block = (block + stratum) % n_blocks
            places = range(int(strata.item_start[item_block]), int(strata.item_start[item_block + 1]))
            for user in strata.user_at[strata.user_start[block] : strata.user_start[block + 1]].tolist():
                visit = Visit(strata, user, places, Stream(of_stratum, user))
                learn(visit, config, *cell)
            outcomes.append(cell)
        for side, table in enumerate((users, items)):
            for feature in range(len(table.E)):
                made = [cell[side] for cell in outcomes if feature in cell[side].moved]
                for name in ("E", "G", "D") if made else ():
                    getattr(table, name)[feature] = np.mean([getattr(each, name)[feature] for each in made], axis=0)


def learn(visit: Visit, config: Any, users: Table, items: Table) -> None:
    def scored(item: int) -> float:
        x, y = users.vector(visit.user), items.vector(item)
        return float(x[:-1] @ y[:-1] + y[-1])

    for like in visit.likes:
        i = like
        if config.loss == "logistic":
            bias = users.vector(visit.user)[-1]
            move(visit.user, i, None, 1 - sigma(scored(i) + bias), config, users, items)
            j = visit.unseen()
            if j is not None:
                bias = users.vector(visit.user)[-1]
                move(visit.user, j, None, -sigma(scored(j) + bias), config, users, items)
            continue
        if config.loss == "k-os":
            drawn = [visit.likes[visit.stream.below(len(visit.likes))] for _ in range(config.n_positives)]
            i = sorted(drawn, key=lambda item: -scored(item))[config.kth - 1]
        if config.loss == "bpr":
            j = visit.unseen()
            if j is not None:
                move(visit.user, i, j, sigma(scored(j) - scored(i)), config, users, items)
            continue
        for n_draws in range(1, config.max_sampled + 1):
            j = visit.any_item()
            if scored(j) > scored(i) - 1 and j not in visit.likes:
                weight = log(max(1, floor((len(items.F) - 1) / n_draws)))
                move(visit.user, i, j, weight, config, users, items)
                break


def move(user: int, i: int, j: int | None, pull: float, config: Any, users: Table, items: Table) -> None:
    """Ascend pull times s_ui, or pull times s_ui - s_uj, in all features with a weight in it."""
    x = users.vector(user)
    x[-1] = 1
    in_score = items.F[i] - (0 if j is None else items.F[j])
    difference = in_score @ items.E
    difference[-1] = j is None
    for feature in np.flatnonzero(in_score):
        items.step(feature, config.reg_item * items.E[feature] - pull * in_score[feature] * x, config)
    for feature in np.flatnonzero(users.F[user]):
        gradient = config.reg_user * users.E[feature] - pull * users.F[user, feature] * difference
        users.step(feature, gradient, config)


def table_of(features: sp.csr_array | None, n_rows: int, embeddings: Matrix, is_adadelta: bool) -> Table:
    shared = np.zeros((n_rows, 0)) if features is None else features.toarray().astype(np.float64)
    n_own = len(embeddings) - shared.shape[1]
    F = np.hstack([np.eye(n_rows)[:, :n_own], shared])
    return Table(F, n_own, embeddings.astype(np.float64), is_adadelta)
