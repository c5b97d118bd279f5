"""Which column of a table is what: by its name, by its place in a file without a header, or as the user says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, cast, get_args

from bench.datasets.errors import DataError, did_you_mean, shown

__all__ = [
    "ROLES",
    "Role",
    "by_name",
    "by_place",
    "chosen",
    "column_index",
    "is_number",
    "parse_columns",
    "title_column",
]

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
    "time": ("timestamp", "time", "ts", "unixtime", "unixreviewtime", "datetime", "date"),
}
_LARGEST_RATING = 10
_FIRST_MOMENT = 10**8  #: seconds since 1970, in 1973
_TITLES = ("title", "name", "itemname", "itemtitle", "movietitle", "moviename", "artistname", "trackname", "booktitle")


def by_name(header: Sequence[str]) -> dict[Role, int]:
    """The place of every role that a header names; of several columns that fit a role the first takes it."""
    found: dict[Role, int] = {}
    for role in ROLES:
        for place, name in enumerate(header):
            if role not in found and _plain(name) in _NAMES[role]:
                found[role] = place
    if "rating" in found:
        found.pop("weight", None)
    return found


def by_place(n_columns: int, third: Sequence[str]) -> dict[Role, int]:
    """The usual order of a file without a header: user, item, rating, time.

    A third column whose values are too large for ratings, or for counts, is taken for weights, or for times.
    """
    roles: list[Role] = ["user", "item", "rating", "time"]
    largest = max((float(field) for field in third if is_number(field)), default=0)
    if largest > _LARGEST_RATING:
        roles[2:] = ["weight", "time"] if largest < _FIRST_MOMENT or n_columns > 3 else ["time"]
    return dict(zip(roles, range(n_columns), strict=False))


def is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def title_column(header: Sequence[str]) -> int | None:
    """The place of the items' titles."""
    return next((place for place, name in enumerate(header) if _plain(name) in _TITLES), None)


def parse_columns(text: str) -> dict[Role, str]:
    """``user=uid,item=track`` as a mapping from role to column; raises DataError for what is not of that form."""
    pairs: dict[Role, str] = {}
    for part in text.split(","):
        role, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column:
            raise DataError(f"--columns: {shown(part)!r} is not ROLE=COLUMN; write for instance user=uid,item=track")
        if role not in ROLES:
            hint = did_you_mean(role, ROLES)
            raise DataError(f"--columns: unknown role '{shown(role)}'. Choose one of: {', '.join(ROLES)}.{hint}")
        if role in pairs:
            raise DataError(f"--columns: {role} is named twice; name it once")
        pairs[role] = column
    if "rating" in pairs and "weight" in pairs:
        raise DataError("--columns: name either a rating or a weight, not both")
    return pairs


def chosen(
    asked: Mapping[Role, str], recognised: Mapping[Role, int], header: Sequence[str], n_columns: int, file: object
) -> dict[Role, int]:
    """``recognised`` with the columns that the user asked for: by name, or from 1 where there is no header."""
    columns = {role: place for role, place in recognised.items() if role not in asked}
    places = {role: column_index(column, header, n_columns, file) for role, column in asked.items()}
    for rival, other in (("rating", "weight"), ("weight", "rating")):
        if rival in places:
            columns.pop(cast(Role, other), None)
    kept = {role: place for role, place in columns.items() if place not in places.values()}
    return {**kept, **places}


def column_index(column: str, header: Sequence[str], n_columns: int, file: object, option: str = "--columns") -> int:
    """The place of a column that the user named with ``option``: by name, or from 1 where there is no header."""
    if header:
        if column in header:
            return header.index(column)
        names = shown(", ".join(header), 200)
        hint = did_you_mean(column, header)
        raise DataError.at(file, f"{option}: no column '{shown(column)}'. Choose one of: {names}.{hint}", line=1)
    if not column.isdecimal() or not 1 <= int(column) <= n_columns:
        raise DataError.at(file, f"{option}: no header here, so name a column by its number, 1 to {n_columns}", line=1)
    return int(column) - 1


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
