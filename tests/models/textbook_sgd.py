"""Slow, simple implementations of BPR and WARP in float64, one step after the other, with the kernels' draws."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, floor, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.kernels.strata import Strata

Matrix = NDArray[np.float64]
MASK = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15


class Stream:
    """splitmix64 with Python's integers."""

    def __init__(self, key: int, number: int) -> None:
        self.state = mixed((key + GAMMA * (number + 1)) & MASK)

    def bits(self) -> int:
        bits = mixed(self.state)
        self.state = (self.state + GAMMA) & MASK
        return bits

    def below(self, n: int) -> int:
        return ((self.bits() >> 32) * n) >> 32

    def fraction(self) -> float:
        return (self.bits() >> 11) / 2**53


def mixed(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Visit:
    """A user's likes in one block of items, and draws from the block."""

    def __init__(self, strata: Strata, user: int, block: range, stream: Stream) -> None:
        places = strata.place[strata.indptr[user] : strata.indptr[user + 1]]
        self.user = user
        self.likes = [int(strata.item_at[p]) for p in places if p in block]
        self.block = [int(strata.item_at[p]) for p in block]
        self.stream = stream

    def any_item(self) -> int:
        return self.block[self.stream.below(len(self.block))]

    def unseen(self, weights: NDArray[np.float64] | None = None) -> int | None:
        for _ in range(32):
            if weights is None:
                item = self.any_item()
            else:
                cumulative = np.cumsum(weights[self.block])
                item = self.block[int(np.searchsorted(cumulative, self.stream.fraction() * cumulative[-1]))]
            if item not in self.likes:
                return item
        return None

    def hardest(self, n: int, x: Matrix, Y: Matrix, weights: NDArray[np.float64] | None = None) -> int | None:
        drawn = [item for item in (self.unseen(weights) for _ in range(n)) if item is not None]
        return max(drawn, key=lambda item: x @ Y[item], default=None)


def visits(strata: Strata, key: int) -> Iterator[Visit]:
    """Yield the visits stratum by stratum, cell by cell, user by user."""
    n_blocks = len(strata.item_start) - 1
    for stratum in range(n_blocks):
        of_stratum = Stream(key, stratum).state
        for b in range(n_blocks):
            at = (b + stratum) % n_blocks
            block = range(strata.item_start[at], strata.item_start[at + 1])
            for user in strata.user_at[strata.user_start[b] : strata.user_start[b + 1]].tolist():
                yield Visit(strata, user, block, Stream(of_stratum, user))


def sigma(x: float) -> float:
    return 1 / (1 + exp(-x))


def bpr_epoch(
    strata: Strata, key: int, config: Any, rate: float, X: Matrix, Y: Matrix, weights: NDArray[np.float64] | None = None
) -> None:
    """Rendle et al. 2009, figure 4, with a penalty for each vector; ``weights`` (n_items,) are those of the draws."""
    n_candidates = config.n_candidates if config.negatives == "adaptive" else 1
    for visit in visits(strata, key):
        for i in visit.likes:
            x = X[visit.user].copy()
            j = visit.hardest(n_candidates, x, Y, weights)
            if j is None:
                continue
            y_i, y_j = Y[i].copy(), Y[j].copy()
            pull = sigma(-x @ (y_i - y_j))
            X[visit.user] += rate * (pull * (y_i - y_j) - config.reg_user * x)
            Y[i] += rate * (pull * x - config.reg_positive * y_i)
            Y[j] += rate * (-pull * x - config.reg_negative * y_j)
            X[visit.user, -1] = 1


def warp_epoch(strata: Strata, key: int, config: Any, X: Matrix, Y: Matrix, GX: Matrix, GY: Matrix) -> None:
    """Weston et al. 2011, algorithm 1, with Adagrad."""
    for visit in visits(strata, key):
        for like in visit.likes:
            x = X[visit.user].copy()
            i = kth_best(visit, x, Y, config) if config.variant == "k-os" else like
            j, weight = (
                hard_pair(visit, x, Y, i, config) if config.variant == "hardest" else violator(visit, x, Y, i, config)
            )
            if j is None:
                continue
            y_i, y_j = Y[i].copy(), Y[j].copy()
            gradient = config.reg_user * x - weight * (y_i - y_j)
            gradient[-1] = 0
            adagrad(X, GX, visit.user, gradient, config.learning_rate)
            adagrad(Y, GY, i, config.reg_item * y_i - weight * x, config.learning_rate)
            adagrad(Y, GY, j, config.reg_item * y_j + weight * x, config.learning_rate)


def kth_best(visit: Visit, x: Matrix, Y: Matrix, config: Any) -> int:
    drawn = [visit.likes[visit.stream.below(len(visit.likes))] for _ in range(config.n_positives)]
    return sorted(drawn, key=lambda item: -(x @ Y[item]))[config.kth - 1]


def violator(visit: Visit, x: Matrix, Y: Matrix, i: int, config: Any) -> tuple[int | None, float]:
    for n_draws in range(1, config.max_sampled + 1):
        j = visit.any_item()
        if x @ Y[j] > x @ Y[i] - 1 and j not in visit.likes:
            return j, log(max(1, floor((len(Y) - 1) / n_draws)))
    return None, 0.0


def hard_pair(visit: Visit, x: Matrix, Y: Matrix, i: int, config: Any) -> tuple[int | None, float]:
    j = visit.hardest(config.max_sampled, x, Y)
    return j, 0.0 if j is None else sigma(-x @ (Y[i] - Y[j]))


def adagrad(factors: Matrix, sums: Matrix, row: int, gradient: Matrix, rate: float) -> None:
    sums[row] += gradient**2
    factors[row] -= rate * gradient / np.sqrt(sums[row])
