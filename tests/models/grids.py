"""Samples of a grid of settings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any


def all_pairs(*choices: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return a few of the combinations of ``choices``, in which any two values of two different parameters meet.

    Each step takes the combination with most pairs that have not met yet, of equals the first.
    """
    grid = list(product(*(range(len(values)) for values in choices)))
    missing = set().union(*map(_pairs, grid))
    sample = []
    while missing:
        best = max(grid, key=lambda row: len(missing & _pairs(row)))
        missing -= _pairs(best)
        sample.append(tuple(values[place] for values, place in zip(choices, best, strict=True)))
    return sample


def _pairs(row: tuple[int, ...]) -> set[Any]:
    return set(combinations(enumerate(row), 2))
