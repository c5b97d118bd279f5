"""Lists of titles side by side in the terminal."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets import DataError
from evaluation.interactions import Interactions
from models.base import Recommender
from reports.charts import shorten
from reports.formats import visible

__all__ = ["UserNotFoundError", "print_item", "print_user", "table_lines", "user_number"]

SHOWN_HISTORY = 10
NARROWEST = 16  #: columns of the terminal that a list gets at least
GAP = "  "


class UserNotFoundError(DataError):
    """No user has that id; the message says what ids look like."""


def user_number(interactions: Interactions, user: str) -> int:
    """The row of the user whose id reads ``user``."""
    found = np.flatnonzero(interactions.user_ids.astype(np.str_) == user)
    if not len(found):
        some = ", ".join(visible(str(each)) for each in interactions.user_ids[:3])
        raise UserNotFoundError(f"{interactions.name} has no user {user!r}; ids look like {some}")
    return int(found[0])


def print_item(
    models: Mapping[str, Recommender[Any]], interactions: Interactions, items: Sequence[int], k: int, width: int
) -> None:
    """The neighbours of the first of ``items``, and what else was found."""
    item, *others = items
    titles = _titles(interactions)
    n_likes = np.bincount(interactions.matrix.indices, minlength=interactions.n_items)
    print(f"{titles[item]} (liked by {n_likes[item]:,}): what each model finds most like it")
    lists = {name: _named(model.similar_items(item, k).items[0], titles) for name, model in models.items()}
    print("\n".join(table_lines(lists, width)))
    if others:
        print("\nMore titles match; name one of them for its own neighbours:")
        for other in others:
            print(f"{GAP}{titles[other]} (id {visible(str(interactions.item_ids[other]))}, {n_likes[other]:,} likes)")


def print_user(
    models: Mapping[str, Recommender[Any]], interactions: Interactions, user: int, k: int, width: int
) -> None:
    """What the user liked, the latest or else the most popular first, and what each model recommends."""
    titles, matrix = _titles(interactions), interactions.matrix
    entries = np.arange(matrix.indptr[user], matrix.indptr[user + 1])
    n_likes = np.bincount(matrix.indices, minlength=interactions.n_items)
    times = interactions.timestamps
    importance = n_likes[matrix.indices[entries]] if times is None else times[entries]
    latest = matrix.indices[entries[np.argsort(-importance, kind="stable")]][:SHOWN_HISTORY]
    order = "the most popular" if times is None else "the latest"
    print(f"User {visible(str(interactions.user_ids[user]))} likes {len(entries):,} items, {order} first:")
    for item in latest:
        print(f"{GAP}{titles[item]}")
    print("\nRecommended:")
    lists = {name: _named(model.recommend([user], k).items[0], titles) for name, model in models.items()}
    print("\n".join(table_lines(lists, width)))


def table_lines(lists: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """A column a list, cut to ``width``; a star marks what several lists hold."""
    counts = Counter(title for titles in lists.values() for title in dict.fromkeys(titles))
    room = max(NARROWEST, (width - 4) // len(lists) - len(GAP))
    depth = max(map(len, lists.values()))
    columns = [[_fitted(name, room) for name in lists]]
    for place in range(depth):
        row = [titles[place] if place < len(titles) else "" for titles in lists.values()]
        columns.append([_fitted(f"{'*' if counts[title] > 1 else ' '} {title}", room) for title in row])
    numbers = ["", *map(str, range(1, depth + 1))]
    lines = [f"{number:>3} {GAP.join(row)}".rstrip() for number, row in zip(numbers, columns, strict=True)]
    return [*lines, "* in several lists"] if any(count > 1 for count in counts.values()) else lines


def _titles(interactions: Interactions) -> list[str]:
    """Titles, or ids where there are none; on one line each, with nothing that acts on a terminal."""
    titles = interactions.item_titles if interactions.item_titles is not None else interactions.item_ids
    return [visible(" ".join(str(title).split())) for title in titles.tolist()]


def _named(items: NDArray[np.int32], titles: Sequence[str]) -> list[str]:
    return [titles[item] for item in items if item >= 0]


def _fitted(text: str, room: int) -> str:
    """``text`` in exactly ``room`` columns of a terminal, where letters of East Asia take two."""
    while _columns(text) > room:
        text = shorten(text, max(2, len(text) - 1 - (_columns(text) - room) // 2))
    return text + " " * (room - _columns(text))


def _columns(text: str) -> int:
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
