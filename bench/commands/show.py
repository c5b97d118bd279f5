"""The work of ``bench.show``: lists of titles side by side in the terminal."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cli.options import Arguments
from bench.cli.tables import GAP, aligned, display_width
from bench.commands.best_fit import best_fit
from bench.commands.inputs import load_for, named_or_usable
from bench.commands.options import ShowCommand
from bench.commands.title_search import find_items
from bench.datasets import DataError
from evaluation.interactions import Interactions
from models.base import Recommender
from reports.formats import shorten, visible

__all__ = ["UserNotFoundError", "show", "table_lines"]

SHOWN_HISTORY = 10
NARROWEST = 16  #: least width of a list in columns of the terminal


class UserNotFoundError(DataError):
    """No user has that id; the message shows what ids look like."""


def show(arguments: Arguments) -> int:
    """Print the lists of each model and return the exit code."""
    options = arguments.build(ShowCommand)
    interactions = load_for(arguments, named_or_usable(options.model))
    items = find_items(interactions, options.item) if options.item is not None else []
    user = _user_number(interactions, options.user) if options.user is not None else None
    models = {
        name: best_fit(name, interactions, arguments["storage"], seed=options.seed, threads=options.threads)
        for name in dict.fromkeys(options.model)
    }
    width = shutil.get_terminal_size((120, 24)).columns
    if user is None:
        _print_item(models, interactions, items, options.k, width)
    else:
        _print_user(models, interactions, user, options.k, width)
    return 0


def _user_number(interactions: Interactions, user: str) -> int:
    """Row of the user with the id ``user``, compared as text."""
    found = np.flatnonzero(interactions.user_ids.astype(np.str_) == user)
    if not len(found):
        some = ", ".join(visible(str(each)) for each in interactions.user_ids[:3])
        raise UserNotFoundError(f"{interactions.name} has no user {user!r}; ids look like {some}")
    return int(found[0])


def _print_item(
    models: Mapping[str, Recommender[Any]], interactions: Interactions, items: Sequence[int], k: int, width: int
) -> None:
    """Print the neighbours of the first of ``items``, and the other items that match."""
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


def _print_user(
    models: Mapping[str, Recommender[Any]], interactions: Interactions, user: int, k: int, width: int
) -> None:
    """Print the user's history, the latest or else the most popular items first, and each model's recommendations."""
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
    if len(entries) > SHOWN_HISTORY:
        print(f"{GAP}and {len(entries) - SHOWN_HISTORY:,} more")
    print("\nRecommended:")
    lists = {name: _named(model.recommend([user], k).items[0], titles) for name, model in models.items()}
    print("\n".join(table_lines(lists, width)))


def table_lines(lists: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """Return a table with a column for each list, cut to ``width``; a star marks titles in several lists."""
    counts = Counter(title for titles in lists.values() for title in dict.fromkeys(titles))
    room = max(NARROWEST, (width - len("  1")) // len(lists) - len(GAP))
    rows = [["", *(_fitted(name, room) for name in lists)]]
    for rank, titles in enumerate(zip_longest(*lists.values()), start=1):
        cells = ("" if each is None else f"{'*' if counts[each] > 1 else ' '} {each}" for each in titles)
        rows.append([f"{rank:>3}", *(_fitted(cell, room) for cell in cells)])
    return [*aligned(rows, width=width), *(["* in several lists"] if max(counts.values(), default=0) > 1 else [])]


def _titles(interactions: Interactions) -> list[str]:
    """Titles, or ids where there are none, without line breaks and control characters."""
    titles = interactions.item_titles if interactions.item_titles is not None else interactions.item_ids
    return [visible(" ".join(str(title).split())) for title in titles.tolist()]


def _named(items: NDArray[np.int32], titles: Sequence[str]) -> list[str]:
    return [titles[item] for item in items if item >= 0]


def _fitted(text: str, room: int) -> str:
    """Shorten ``text`` to ``room`` columns of a terminal."""
    while (excess := display_width(text) - room) > 0:
        text = shorten(text, max(2, len(text) - 1 - excess // 2))
    return text
