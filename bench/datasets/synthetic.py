"""Synthetic likes of any size, with planted tastes that a good model finds and popularity does not.

Users' activity is log-normal, items' popularity follows Zipf's law. Items belong to groups, and every user prefers a
few groups: most likes go to items of these groups, the others to items of any group.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bench.datasets.errors import DataError, shown
from bench.datasets.rows import Ids, Rows
from models.errors import did_you_mean

__all__ = ["PREFIX", "SyntheticOptions", "make_rows", "parse_synthetic"]

PREFIX = "synthetic:"
_N_GROUPS = 32
_GROUPS_A_USER = 3
_SHARE_OF_TASTE = 0.8
#: After so many draws the items of a user's groups are nearly used up; missing likes are then drawn from all items.
_MAX_TASTE_DRAWS = 8
_ZIPF_EXPONENT = 0.8
_ACTIVITY_SPREAD = 1.0
#: No user likes more than this share of the items; a denser matrix takes too many draws to fill.
_MAX_DENSITY = 0.25
_BLOCK = 256


@dataclass(frozen=True, kw_only=True)
class SyntheticOptions:
    """The size and the seed of a synthetic set."""

    users: int = 1_000
    items: int = 500
    pairs: int = 20_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.users < 2 or self.items < 2 * _N_GROUPS:
            raise DataError(
                f"{PREFIX}... needs 2 users and {2 * _N_GROUPS} items or more, got {self.users}, {self.items}"
            )
        if max(self.users, self.items, self.pairs) >= 2**31 or self.seed < 0:
            raise DataError(f"{PREFIX}... users, items and pairs must be below 2,147,483,648, and seed 0 or more")
        most = int(self.users * self.items * _MAX_DENSITY / 2)
        if not self.users <= self.pairs <= most:
            raise DataError(f"{PREFIX}... pairs must be from {self.users:,} to {most:,} here, got {self.pairs:,}")


def parse_synthetic(data: str) -> SyntheticOptions:
    """``synthetic:users=138000,items=27000,pairs=20000000,seed=1`` as options; omitted ones keep their default."""
    known = [field.name for field in fields(SyntheticOptions)]
    chosen: dict[str, int] = {}
    for part in data.removeprefix(PREFIX).split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if not name and not number:
            continue
        if name not in known:
            hint = did_you_mean(name, known)
            raise DataError(f"{PREFIX}... has no '{shown(name)}'. Choose from: {', '.join(known)}.{hint}")
        plain = number.replace("_", "")
        if not (plain.isascii() and plain.isdecimal()) or len(plain) > 12:
            raise DataError(f"{PREFIX}... {name} must be a whole number, got {shown(number)!r}")
        chosen[name] = int(plain)
    return SyntheticOptions(**chosen)


def make_rows(options: SyntheticOptions) -> Rows:
    """Rows of pairs, sorted by user; the same options make the same rows."""
    rng = np.random.default_rng(options.seed)
    counts = _activity(options, rng)
    groups = _Groups(options.items, rng)
    favourites = rng.integers(0, _N_GROUPS, (options.users, _GROUPS_A_USER), dtype=np.int32)
    items = np.empty(int(counts.sum()), np.int32)
    ends = np.cumsum(counts)
    for start in range(0, options.users, _BLOCK):
        block = slice(start, min(start + _BLOCK, options.users))
        liked = _likes(counts[block], favourites[block], groups, options.items, rng)
        items[ends[block][-1] - len(liked) : ends[block][-1]] = liked
    users = np.repeat(np.arange(options.users, dtype=np.int32), counts)
    return Rows(
        users=Ids(values=np.arange(options.users), codes=users),
        items=Ids(values=np.arange(options.items), codes=items),
        notes=("synthetic data: figures on it say nothing about real users",),
    )


def _activity(options: SyntheticOptions, rng: np.random.Generator) -> NDArray[np.int64]:
    """(users,) likes of each user: at least one, ``options.pairs`` in total."""
    most = int(options.items * _MAX_DENSITY)
    weights = rng.lognormal(0, _ACTIVITY_SPREAD, options.users)
    counts = np.ones(options.users, np.int64)
    while (missing := options.pairs - int(counts.sum())) > 0:
        room = counts < most
        share = np.where(room, weights, 0)
        added = np.floor(missing * share / share.sum()).astype(np.int64)
        if not added.any():
            added[np.flatnonzero(room)[:missing]] = 1
        counts = np.minimum(counts + added, most)
    return counts


class _Groups:
    """Items shuffled into groups of nearly equal size; popularity in each follows Zipf's law."""

    def __init__(self, n_items: int, rng: np.random.Generator) -> None:
        self._items = rng.permutation(n_items).astype(np.int32)
        self._starts = np.arange(_N_GROUPS + 1) * n_items // _N_GROUPS
        sizes = np.diff(self._starts)
        self._cumulated = np.cumsum(np.arange(1, int(sizes.max()) + 1, dtype=np.float64) ** -_ZIPF_EXPONENT)
        self._sizes = sizes

    def draw(self, groups: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int32]:
        """Draw one item from each of ``groups``."""
        totals = self._cumulated[self._sizes - 1]
        ranks = np.searchsorted(self._cumulated, rng.random(len(groups)) * totals[groups])
        return self._items[self._starts[groups] + np.minimum(ranks, self._sizes[groups] - 1)]


def _likes(
    counts: NDArray[np.int64],
    favourites: NDArray[np.int32],
    groups: _Groups,
    n_items: int,
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """``counts[u]`` different items for each user of a block, by user and item."""
    is_liked = np.zeros(len(counts) * n_items, np.bool_)
    missing = counts.copy()
    n_draws = 0
    while missing.any():
        users = np.repeat(np.arange(len(counts)), missing)
        if n_draws < _MAX_TASTE_DRAWS:
            picks = favourites[users, rng.integers(0, _GROUPS_A_USER, len(users))]
            anything = rng.random(len(users)) >= _SHARE_OF_TASTE
            picks[anything] = rng.integers(0, _N_GROUPS, int(anything.sum()), dtype=np.int32)
            items = groups.draw(picks, rng)
        else:
            items = rng.integers(0, n_items, len(users), dtype=np.int32)
        cells = users * n_items + items
        new = np.unique(cells[~is_liked[cells]])
        is_liked[new] = True
        missing -= np.bincount(new // n_items, minlength=len(counts))
        n_draws += 1
    return (np.flatnonzero(is_liked) % n_items).astype(np.int32)
