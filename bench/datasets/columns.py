"""Assigns roles to the columns of a table: by name, by position where there is no header, or as the user says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, cast, get_args

from bench.datasets.errors import DataError, shown
from models.errors import did_you_mean

__all__ = [
    "ROLES",
    "Role",
    "by_name",
    "by_position",
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
    """The column of every role that a header names, from 0; the first of several columns with a name of the role."""
    found: dict[Role, int] = {}
    for role in ROLES:
        for index, name in enumerate(header):
            if role not in found and _plain(name) in _NAMES[role]:
                found[role] = index
    if "rating" in found:
        found.pop("weight", None)
    return found


def by_position(n_columns: int, third: Sequence[str]) -> dict[Role, int]:
    """The usual order of a file without a header: user, item, rating, time.

    A third column is one of weights where its values are too large for ratings, and of times where they are too large
    for weights.
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
    """The column of the items' titles, from 0."""
    return next((index for index, name in enumerate(header) if _plain(name) in _TITLES), None)


def parse_columns(text: str) -> dict[Role, str]:
    """``user=uid,item=track`` as a mapping from role to column; raises DataError for any other form."""
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
    columns = {role: index for role, index in recognised.items() if role not in asked}
    indices = {role: column_index(column, header, n_columns, file) for role, column in asked.items()}
    for rival, other in (("rating", "weight"), ("weight", "rating")):
        if rival in indices:
            columns.pop(cast(Role, other), None)
    kept = {role: index for role, index in columns.items() if index not in indices.values()}
    return {**kept, **indices}


def column_index(column: str, header: Sequence[str], n_columns: int, file: object, option: str = "--columns") -> int:
    """The column, from 0, that the user gave with ``option``: by name, or by number from 1 where there is no header."""
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
