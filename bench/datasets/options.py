"""Options of loading data, the same in every command."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from bench.datasets.columns import parse_columns
from bench.datasets.errors import DataError, shown
from evaluation.option_fields import check_ranges, option
from models.errors import did_you_mean

__all__ = ["FORMATS", "LIKED_FROM", "REPEATS", "DataOptions", "Format", "Repeats"]

Format = Literal["text", "parquet", "sparse", "lists"]
FORMATS: tuple[Format, ...] = get_args(Format)
Repeats = Literal["sum", "last"]
REPEATS: tuple[Repeats, ...] = get_args(Repeats)
LIKED_FROM = 4.0  #: the default of ``positive_from``
_BESIDE = "a file beside the interactions, if any"
_READING: Any = {"group": "reading the data, where it is not recognised", "default_text": "recognised"}


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Which data to load, and what in it counts as a like. Raises DataError."""

    data: str = option(
        "movielens-small",
        "Load a known data set (bench.data list), synthetic:users=...,items=...,pairs=..., or a file, folder or zip",
        "NAME|PATH",
        path=True,
    )
    items: str | None = option(
        None, "Read titles and features of items from this file", "FILE", path=True, default_text=_BESIDE
    )
    item_features: str | None = option(
        None,
        "Learn from these columns of the items' file (hybrid only), or from none; | separates several values, numbers "
        "are cut into ten ranges",
        "COLUMN,...",
        default_text="genres or tags, if any",
    )
    users: str | None = option(None, "Read features of users from this file", "FILE", path=True, default_text=_BESIDE)
    user_features: str | None = option(
        None, "Learn from these columns of the users' file (hybrid only)", "COLUMN,...", default_text="none"
    )
    positive_from: float | None = option(
        None,
        "Count a rating as a like from this value on",
        "RATING",
        default_text=f"{LIKED_FROM:g} where there are ratings",
    )
    min_user_likes: int = option(1, "Leave out users with fewer likes", "N", min=1)
    min_item_likes: int = option(1, "Leave out items with fewer likes", "N", min=1)
    top_items: float | None = option(
        None, "Keep this share of the items, the most popular; 0.05 is 5 %", "SHARE", above=0, max=1, default_text="all"
    )
    sample_users: float | None = option(
        None, "Keep a random share of the users; 0.05 is 5 %", "SHARE", above=0, max=1, default_text="all"
    )
    sample_seed: int = option(0, "Draw that sample with seed N", "N", min=0)
    repeats: Repeats | None = option(
        None,
        "Add up the values of a repeated user-item pair, or take the last one",
        default_text="last for ratings, else sum",
    )
    format: Format | None = option(None, "Read files of this format", **_READING)
    columns: str | None = option(
        None,
        "Take the roles of columns from this list, such as user=uid,item=track,rating=plays,time=ts",
        "ROLE=NAME,...",
        **_READING,
    )
    separator: str | None = option(
        None, r"Split the columns of a text table at this character; \t is a tab", "CHARACTER", **_READING
    )
    header: bool | None = option(None, "Read the first line of a text table as column names, or as data", **_READING)
    trust_pickle: bool = option(
        False, "Unpickle the object arrays of an .npz, which can run the file's code", group=_READING["group"]
    )
    use_cache: bool = option(
        True,
        "Parse large files again, and keep no parsed copy in the user's cache folder",
        name="no-cache",
        group=_READING["group"],
    )
    keep_ratings: bool = False  #: keep ratings beside the likes, for models that learn from them
    keep_features: bool = False  #: read features, for models that learn from them

    def __post_init__(self) -> None:
        check_ranges(self, DataError)
        if self.positive_from is not None and not math.isfinite(self.positive_from):
            raise DataError(f"--positive-from must be a finite number, got {self.positive_from}")
        for flag, word, words in (("--format", self.format, FORMATS), ("--repeats", self.repeats, REPEATS)):
            if word is not None and word not in words:
                hint = did_you_mean(word, words)
                raise DataError(f"Unknown {flag} '{shown(word)}'. Choose one of: {', '.join(words)}.{hint}")
        features = {"item-features": self.item_features, "users": self.users, "user-features": self.user_features}
        if not self.keep_features and (given := [name for name, value in features.items() if value]):
            raise DataError(f"--{given[0]}: nothing here learns from features; leave it out, or take --model hybrid")
        if self.separator is not None and not _can_separate(self.separator):
            raise DataError(f"--separator must be one ASCII character, '::' or '\\t', got {shown(self.separator)!r}")
        if self.columns is not None:
            parse_columns(self.columns)

    @property
    def liked_from(self) -> float:
        """The lowest rating that counts as a like."""
        return LIKED_FROM if self.positive_from is None else self.positive_from


def _can_separate(separator: str) -> bool:
    return separator in ("::", r"\t") or (len(separator.encode()) == 1 and separator not in '"\r\n')
