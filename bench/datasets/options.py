"""Options of loading data, the same in every command."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from bench.datasets.columns import parse_columns
from bench.datasets.errors import DataError, did_you_mean, shown
from evaluation.option_ranges import check_ranges

__all__ = ["FORMATS", "LIKED_FROM", "REPEATS", "DataOptions", "Format", "Repeats"]

Format = Literal["text", "parquet", "sparse", "lists"]
FORMATS: tuple[Format, ...] = get_args(Format)
Repeats = Literal["sum", "last"]
REPEATS: tuple[Repeats, ...] = get_args(Repeats)
LIKED_FROM = 4.0  #: the default of ``positive_from``
READING = "reading the data, where it is not recognised"  #: a group of options


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Which data to load, and what in it counts as a like. Raises DataError.

    The metadata of a field describes the command-line option (``bench.cli.options``).
    """

    data: str = field(
        default="movielens-small",
        metadata={
            "help": "Load a known data set (bench.data list), synthetic:users=...,items=...,pairs=..., or a file, "
            "folder or zip",
            "metavar": "NAME|PATH",
            "path": True,
        },
    )
    items: str | None = field(
        default=None,
        metadata={
            "help": "Read titles and features of items from this file",
            "metavar": "FILE",
            "path": True,
            "default": "a file beside the interactions, if any",
        },
    )
    item_features: str | None = field(
        default=None,
        metadata={
            "help": "Learn from these columns of the items' file (hybrid only); | separates several values, numbers "
            "are cut into ten ranges, none uses no column",
            "metavar": "COLUMN,...",
            "default": "genres or tags, if any",
        },
    )
    users: str | None = field(
        default=None,
        metadata={
            "help": "Read features of users from this file",
            "metavar": "FILE",
            "path": True,
            "default": "a file beside the interactions, if any",
        },
    )
    user_features: str | None = field(
        default=None,
        metadata={
            "help": "Learn from these columns of the users' file (hybrid only)",
            "metavar": "COLUMN,...",
            "default": "none",
        },
    )
    positive_from: float | None = field(
        default=None,
        metadata={
            "help": "Count a rating as a like from this value on",
            "metavar": "RATING",
            "default": f"{LIKED_FROM:g} where there are ratings",
        },
    )
    min_user_likes: int = field(
        default=1, metadata={"help": "Leave out users with fewer likes", "metavar": "N", "min": 1}
    )
    min_item_likes: int = field(
        default=1, metadata={"help": "Leave out items with fewer likes", "metavar": "N", "min": 1}
    )
    top_items: float | None = field(
        default=None,
        metadata={
            "help": "Keep this share of the items, the most popular ones; 0.05 keeps 5 %",
            "metavar": "SHARE",
            "above": 0,
            "max": 1,
            "default": "all",
        },
    )
    sample_users: float | None = field(
        default=None,
        metadata={
            "help": "Keep a random share of the users; 0.05 keeps 5 %",
            "metavar": "SHARE",
            "above": 0,
            "max": 1,
            "default": "all",
        },
    )
    sample_seed: int = field(default=0, metadata={"help": "Draw that sample with seed N", "metavar": "N", "min": 0})
    repeats: Repeats | None = field(
        default=None,
        metadata={
            "help": "Add up the values of a repeated user-item pair, or take the last one",
            "default": "last for ratings, else sum",
        },
    )
    format: Format | None = field(
        default=None, metadata={"help": "Read files of this format", "default": "recognised", "group": READING}
    )
    columns: str | None = field(
        default=None,
        metadata={
            "help": "Take the roles of columns from this list, such as user=uid,item=track,rating=plays,time=ts",
            "metavar": "ROLE=NAME,...",
            "default": "recognised",
            "group": READING,
        },
    )
    separator: str | None = field(
        default=None,
        metadata={
            "help": r"Split the columns of a text table at this character; \t is a tab",
            "metavar": "CHARACTER",
            "default": "recognised",
            "group": READING,
        },
    )
    header: bool | None = field(
        default=None,
        metadata={
            "help": "Read the first line of a text table as column names, or as data",
            "default": "recognised",
            "group": READING,
        },
    )
    trust_pickle: bool = field(
        default=False,
        metadata={"help": "Unpickle the object arrays of an .npz, which can run the file's code", "group": READING},
    )
    use_cache: bool = field(
        default=True,
        metadata={
            "option": "no-cache",
            "help": "Parse large files again, and keep no parsed copy in the user's cache folder",
            "group": READING,
        },
    )
    keep_ratings: bool = False  #: keep ratings beside the likes, for models that learn from them
    keep_features: bool = False  #: read features, for models that learn from them

    def __post_init__(self) -> None:
        check_ranges(self, DataError)
        if self.positive_from is not None and not math.isfinite(self.positive_from):
            raise DataError(f"--positive-from must be a finite number, got {self.positive_from}")
        for option, word, words in (("--format", self.format, FORMATS), ("--repeats", self.repeats, REPEATS)):
            if word is not None and word not in words:
                hint = did_you_mean(word, words)
                raise DataError(f"Unknown {option} '{shown(word)}'. Choose one of: {', '.join(words)}.{hint}")
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
