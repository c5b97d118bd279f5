"""A data set in numbers and as text: what was kept, dropped and repaired, distributions, the most popular items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.errors import shown
from evaluation.interactions import Interactions

__all__ = ["Distribution", "Summary", "describe", "summarise", "to_text"]

_QUANTILES = (0, 0.1, 0.25, 0.5, 0.75, 0.9, 1)
_QUANTILE_NAMES = ("min", "10 %", "25 %", "median", "75 %", "90 %", "max")
_N_POPULAR = 10
_BAR_WIDTH = 40


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Likes per user or per item: ascending ``quantiles``, and the number with 1, 2-3, 4-7, ... likes."""

    quantiles: tuple[float, ...]
    mean: float
    bins: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """``account`` holds the lines of :func:`describe`; the titles in ``popular`` are untrusted text."""

    name: str
    account: tuple[str, ...]
    terms: str
    n_users: int
    n_items: int
    n_likes: int
    weights: tuple[float, float] | None  #: smallest and largest, where likes have different weights
    likes_a_user: Distribution
    likes_an_item: Distribution
    time_span: tuple[str, str] | None
    popular: tuple[tuple[str, int], ...]
    n_bytes: int

    @property
    def density(self) -> float:
        return self.n_likes / (self.n_users * self.n_items)

    def facts(self) -> list[tuple[str, str]]:
        """Name and value of each single number."""
        facts = [
            ("Users", f"{self.n_users:,}"),
            ("Items", f"{self.n_items:,}"),
            ("Likes", f"{self.n_likes:,}"),
            ("Density", f"{self.density:.4%}"),
            ("Memory", f"{self.n_bytes / 1e6:,.1f} MB"),
        ]
        if self.weights is not None:
            facts.append(("Weights", f"{self.weights[0]:g} to {self.weights[1]:g}"))
        if self.time_span is not None:
            facts.append(("Time", f"{self.time_span[0]} to {self.time_span[1]}"))
        return facts


def describe(interactions: Interactions) -> str:
    """Lines on what was kept, what was dropped and why, and what was repaired; only the first is always there."""
    source = interactions.source
    rule = "" if source.positive_from is None else f" ({source.value_name} >= {source.positive_from:g})"
    users = _of(interactions.n_users, source.users_read)
    items = _of(interactions.n_items, source.items_read)
    kept = f"{interactions.n_likes:,} of {source.rows_read:,} {f'{source.value_name}s' if rule else 'rows'}"
    lines = [f"Kept {kept} as likes{rule}; {users} users, {items} items"]
    if any(not reason.startswith(f"{source.value_name} below ") for reason in source.dropped):
        lines += [f"Dropped {count:,}: {reason}" for reason, count in source.dropped.items()]
    return "\n".join([*lines, *(f"Note: {note}" for note in source.notes)])


def summarise(interactions: Interactions) -> Summary:
    """Compute the summary of a data set."""
    matrix = interactions.matrix
    likes_an_item = np.bincount(matrix.indices, minlength=interactions.n_items)
    names = interactions.item_ids if interactions.item_titles is None else interactions.item_titles
    top = np.argsort(-likes_an_item, kind="stable")[:_N_POPULAR]
    arrays = (matrix.data, matrix.indices, matrix.indptr, interactions.user_ids, interactions.item_ids)
    optional = (interactions.timestamps, interactions.item_titles)
    return Summary(
        name=interactions.name,
        account=tuple(describe(interactions).split("\n")),
        terms=interactions.source.terms,
        n_users=interactions.n_users,
        n_items=interactions.n_items,
        n_likes=interactions.n_likes,
        weights=(float(matrix.data.min()), float(matrix.data.max())) if interactions.is_weighted else None,
        likes_a_user=_distribution(np.diff(matrix.indptr)),
        likes_an_item=_distribution(likes_an_item),
        time_span=None if interactions.timestamps is None else _span(interactions.timestamps),
        popular=tuple((str(names[item]), int(likes_an_item[item])) for item in top),
        n_bytes=sum(array.nbytes for array in (*arrays, *optional) if array is not None),
    )


def to_text(summary: Summary) -> str:
    """The summary for a terminal, with control characters in titles escaped."""
    width = max(len(name) for name, _ in summary.facts())
    lines = [shown(summary.name, 100), *summary.account, ""]
    lines += [f"{name:<{width}}  {value}" for name, value in summary.facts()]
    for title, distribution in (("user", summary.likes_a_user), ("item", summary.likes_an_item)):
        lines += ["", f"Likes a{'n' if title == 'item' else ''} {title}", *_histogram(distribution)]
    lines += ["", "Most popular", *(f"{likes:>10,}  {shown(title)}" for title, likes in summary.popular)]
    return "\n".join([*lines, "", summary.terms] if summary.terms else lines)


def _of(kept: int, read: int | None) -> str:
    return f"{kept:,}" if read is None or read == kept else f"{kept:,} of {read:,}"


def _distribution(counts: NDArray[Any]) -> Distribution:
    powers = np.frexp(counts.astype(np.float64))[1] - 1
    return Distribution(
        quantiles=tuple(float(value) for value in np.quantile(counts, _QUANTILES)),
        mean=float(counts.mean()),
        bins=tuple(
            (f"{2**power:,}" if power == 0 else f"{2**power:,}-{2 ** (power + 1) - 1:,}", int((powers == power).sum()))
            for power in range(int(powers.max()) + 1)
        ),
    )


def _histogram(distribution: Distribution) -> Sequence[str]:
    quantiles = ", ".join(
        f"{name} {value:,.0f}" for name, value in zip(_QUANTILE_NAMES, distribution.quantiles, strict=True)
    )
    label_width = max(len(label) for label, _ in distribution.bins)
    most = max(count for _, count in distribution.bins)
    bars = [
        f"  {label:>{label_width}}  {'█' * round(count / most * _BAR_WIDTH):<{_BAR_WIDTH}}  {count:,}"
        for label, count in distribution.bins
    ]
    return [f"  {quantiles}; mean {distribution.mean:,.1f}", *bars]


def _span(timestamps: NDArray[np.int64]) -> tuple[str, str]:
    first, last = int(timestamps.min()), int(timestamps.max())
    return _date(first), _date(last)


def _date(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return f"{seconds:,} s"
