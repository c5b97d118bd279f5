"""From options to interactions: finds the data, picks the reader, keeps the likes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.datasets import movielens_small
from bench.datasets.errors import DataError, did_you_mean, shown
from bench.datasets.likes import to_interactions
from bench.datasets.options import DataOptions
from bench.datasets.rows import Rows
from bench.datasets.text import read_text
from bench.datasets.titles import read_titles
from evaluation.interactions import Interactions

__all__ = ["describe", "known_names", "load"]

#: Files of a folder that hold interactions or titles, the likeliest first.
_INTERACTION_FILES = ("interactions", "ratings", "user_artists", "u")
_TITLE_FILES = ("movies", "items", "artists", "titles")


def load(options: DataOptions) -> Interactions:
    """The likes in the data that ``options`` name; raises DataError, in one line, where there are none to be had."""
    name, rows = _read(options)
    if options.items is not None:
        rows = replace(rows, titles=read_titles(Path(options.items)))
    return to_interactions(name, rows, options)


def known_names() -> tuple[str, ...]:
    """The data sets that are loaded by name."""
    return ("movielens-small",)


def describe(interactions: Interactions) -> str:
    """What was kept of what was read, a line for people: the run prints it."""
    source = interactions.source
    if source.positive_from is not None:
        rows, rule = "ratings", f" (rating >= {source.positive_from:g})"
    else:
        rows, rule = "rows", ""
    users = _of(interactions.n_users, source.users_read)
    items = _of(interactions.n_items, source.items_read)
    kept = f"{interactions.n_likes:,} of {source.rows_read:,} {rows}"
    return f"Kept {kept} as likes{rule}; {users} users, {items} items"


def _of(kept: int, read: int | None) -> str:
    return f"{kept:,}" if read is None or read == kept else f"{kept:,} of {read:,}"


def _read(options: DataOptions) -> tuple[str, Rows]:
    if options.data == "movielens-small":
        return options.data, movielens_small.read_rows()
    path = Path(options.data)
    if not path.exists():
        raise _unknown(options.data)
    if path.is_dir():
        rows = read_text(_one_of(path, _INTERACTION_FILES))
        beside = [file for stem in _TITLE_FILES for file in path.glob(f"{stem}.csv*")]
        return path.name, replace(rows, titles=read_titles(beside[0])) if beside else rows
    return path.name, read_text(path)


def _one_of(folder: Path, stems: tuple[str, ...]) -> Path:
    for stem in stems:
        for file in sorted(folder.glob(f"{stem}.*")):
            return file
    raise DataError.at(folder, "no ratings here; expected a file named interactions.*, ratings.* or user_artists.*")


def _unknown(data: str) -> DataError:
    names = known_names()
    return DataError(
        f"Unknown data set '{shown(data, 200)}'. Choose one of: {', '.join(names)}; or give a path."
        f"{did_you_mean(data, names)}"
    )
