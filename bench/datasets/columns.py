"""Which column of a table is what, by its name or, in a file without a header, by its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

__all__ = ["ROLES", "Role", "by_name", "by_place"]

Role = Literal["user", "item", "rating", "weight", "time"]
ROLES: tuple[Role, ...] = get_args(Role)

#: Names as :func:`_plain` leaves them: lower case, letters and digits only.
_NAMES: Mapping[Role, tuple[str, ...]] = {
    "user": ("user", "userid", "uid", "userno", "customer", "customerid", "visitorid", "reviewerid"),
    "item": (
        *("item", "itemid", "iid", "movie", "movieid", "artist", "artistid", "track", "trackid", "song", "songid"),
        *("book", "bookid", "isbn", "product", "productid", "asin", "business", "businessid"),
    ),
    "rating": ("rating", "ratings", "stars", "score", "bookrating", "overall"),
    "weight": ("weight", "count", "plays", "playcount", "listens", "quantity", "freq", "frequency"),
    "time": ("timestamp", "time", "ts", "unixtime", "unixreviewtime"),
}


def by_name(header: Sequence[str]) -> dict[Role, int]:
    """The place of every role that a header names; the first column that fits a role takes it."""
    found: dict[Role, int] = {}
    for role in ROLES:
        for place, name in enumerate(header):
            if role not in found and _plain(name) in _NAMES[role]:
                found[role] = place
    return found


def by_place(n_columns: int) -> dict[Role, int]:
    """The usual order of a file without a header: user, item, rating, time."""
    return dict(zip(("user", "item", "rating", "time"), range(n_columns), strict=False))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
