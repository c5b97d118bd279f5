"""Search for items by id or by a part of the title, which may have typing errors."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

from bench.datasets import DataError
from evaluation.interactions import Interactions

__all__ = ["ItemNotFoundError", "find_items", "one_item_each"]

MOST_FOUND = 20
LEAST_SIMILARITY = 0.6  #: of a title to the query, where no title contains it


class ItemNotFoundError(DataError):
    """No item matches the query; the message says what to try."""


def find_items(interactions: Interactions, query: str, most: int = MOST_FOUND) -> list[int]:
    """Indices of the items that match ``query``, the best match first. Raises ItemNotFoundError.

    An id matches that item alone. Otherwise come the title equal to the query, titles that contain it, and titles that
    contain all of its words, each the most popular first; if there are none, the most similar titles. Case, accents and
    punctuation do not count.
    """
    with_id = np.flatnonzero(interactions.item_ids.astype(np.str_) == query)
    if len(with_id):
        return [int(item) for item in with_id]
    titles = interactions.item_titles if interactions.item_titles is not None else interactions.item_ids
    plain, wanted = [_plain(str(title)) for title in titles.tolist()], _plain(query)
    if not wanted:
        raise ItemNotFoundError(f"{query!r} names no item; give a part of a title, or an id")
    n_likes = np.bincount(interactions.matrix.indices, minlength=interactions.n_items)
    words = wanted.split()
    matching = [item for item, title in enumerate(plain) if all(word in title for word in words)]
    matching.sort(key=lambda item: (plain[item] != wanted, wanted not in plain[item], -n_likes[item], item))
    found = matching or _alike(plain, wanted)
    if not found:
        raise ItemNotFoundError(f"No item of {interactions.name} is like {query!r}; try a shorter part of its title")
    return found[:most]


def one_item_each(interactions: Interactions, queries: Sequence[str]) -> Iterator[int]:
    """The best match of each query. Raises ItemNotFoundError."""
    for query in queries:
        yield find_items(interactions, query, most=1)[0]


def _alike(plain: Sequence[str], wanted: str) -> list[int]:
    """Items whose titles, or their beginnings, are most similar to the query."""
    beginnings = [title[: len(wanted) + 2] for title in plain]
    close = difflib.get_close_matches(wanted, sorted(set(beginnings)), n=MOST_FOUND, cutoff=LEAST_SIMILARITY)
    rank = {title: position for position, title in enumerate(close)}
    found = [item for item, title in enumerate(beginnings) if title in rank]
    return sorted(found, key=lambda item: rank[beginnings[item]])


def _plain(text: str) -> str:
    """Lower-case letters and digits, with single blanks between words."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in folded if not unicodedata.combining(c))))
