"""What a user may say about the data: one dataclass, shared by every command."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from bench.datasets.columns import parse_columns
from bench.datasets.errors import DataError, did_you_mean, shown

__all__ = ["FORMATS", "LIKED_FROM", "REPEATS", "DataOptions", "Format", "Repeats"]

Format = Literal["text", "parquet", "sparse", "lists"]
FORMATS: tuple[Format, ...] = get_args(Format)
Repeats = Literal["sum", "last"]
REPEATS: tuple[Repeats, ...] = get_args(Repeats)
#: A rating from here on is a like when the user does not say otherwise.
LIKED_FROM = 4.0


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Which data to load, and what in it counts as a like; the only place where the defaults are written."""

    data: str = "movielens-small"  #: name of a known set, ``synthetic:...``, or path of a file, folder or zip
    items: str | None = None  #: file of item titles, and of features
    item_features: str | None = None  #: columns of it, ``genres,year``; None takes genres, ``none`` nothing
    users: str | None = None  #: file of users
    user_features: str | None = None  #: columns of it; None takes nothing
    format: Format | None = None  #: None recognises it
    columns: str | None = None  #: ``user=uid,item=track,rating=plays,time=ts``; None recognises them
    separator: str | None = None  #: between the columns of a text table; None recognises it
    header: bool | None = None  #: whether a text table has one; None recognises it
    positive_from: float | None = None  #: a rating from here on is a like; None takes 4 where there are ratings
    repeats: Repeats | None = None  #: of a repeated pair; None takes the last rating, and sums all else
    min_user_likes: int = 1  #: users with fewer are left out
    min_item_likes: int = 1  #: items with fewer are left out
    top_items: float | None = None  #: share of the items to keep, the most popular ones
    sample_users: float | None = None  #: share of the users to keep, at random
    sample_seed: int = 0  #: seed of that sample
    trust_pickle: bool = False  #: whether object arrays may be unpickled, which can run code of the file
    keep_ratings: bool = False  #: whether ratings are kept beside the likes, for models that learn from them
    keep_features: bool = False  #: whether features are read, for models that learn from them
    use_cache: bool = True  #: whether parsed data may be kept in, and taken from, the user's cache folder

    def __post_init__(self) -> None:
        if self.positive_from is not None and not math.isfinite(self.positive_from):
            raise DataError(f"--positive-from must be a finite number, got {self.positive_from}")
        for option, count in (("--min-user-likes", self.min_user_likes), ("--min-item-likes", self.min_item_likes)):
            if count < 1:
                raise DataError(f"{option} must be at least 1, got {count}")
        for option, share in (("--top-items", self.top_items), ("--sample-users", self.sample_users)):
            if share is not None and not 0 < share <= 1:
                raise DataError(f"{option} is a share above 0 and up to 1, got {share}; 0.05 keeps 5 %")
        for option, word, words in (("--format", self.format, FORMATS), ("--repeats", self.repeats, REPEATS)):
            if word is not None and word not in words:
                hint = did_you_mean(word, words)
                raise DataError(f"Unknown {option} '{shown(word)}'. Choose one of: {', '.join(words)}.{hint}")
        features = {"item-features": self.item_features, "users": self.users, "user-features": self.user_features}
        if not self.keep_features and (asked := [name for name, value in features.items() if value]):
            raise DataError(f"--{asked[0]}: nothing here learns from features; leave it out, or take --model hybrid")
        if self.sample_seed < 0:
            raise DataError(f"--sample-seed must not be negative, got {self.sample_seed}")
        if self.separator is not None and not _can_separate(self.separator):
            raise DataError(f"--separator must be one ASCII character, '::' or '\\t', got {shown(self.separator)!r}")
        if self.columns is not None:
            parse_columns(self.columns)

    @property
    def liked_from(self) -> float:
        """From where on a rating is a like."""
        return LIKED_FROM if self.positive_from is None else self.positive_from


def _can_separate(separator: str) -> bool:
    return separator in ("::", r"\t") or (len(separator.encode()) == 1 and separator not in '"\r\n')
