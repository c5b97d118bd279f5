"""Which file of a folder, a zip or a known set holds the interactions, which the titles, and which the users."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, files_in

__all__ = ["Place", "find_place"]

#: Names without .gz, the likeliest first.
_INTERACTIONS = ("ratings.*", "interactions.*", "u.data", "user_artists.*", "data_train.npz", "data.npz", "*.parquet")
_TITLED = ("movies", "artists", "items", "titles", "tracks", "books")
_USERS = ("u.user", *(f"users.{kind}" for kind in ("csv", "tsv", "dat", "txt")))
_TITLES = (*(f"{what}.{kind}" for what in _TITLED for kind in ("csv", "tsv", "dat", "txt")), "u.item")


@dataclass(frozen=True, kw_only=True)
class Place:
    """The file of interactions, or the parts of one Parquet table, and the file of titles, if there is one."""

    interactions: tuple[DataFile, ...]
    titles: DataFile | None = None
    users: DataFile | None = None  #: a table of them, if there is one

    @property
    def files(self) -> tuple[DataFile, ...]:
        return self.interactions if self.titles is None else (*self.interactions, self.titles)


def find_place(path: Path, items: str | None) -> Place:
    """Where the interactions at ``path`` are; ``items`` is the file of titles that the user named.

    Titles beside a file of interactions are taken when both go by the names that publishers give them.
    """
    if path.is_dir() or _is_archive(path):
        files = files_in(path)
        found = _interactions(path, files)
    else:
        found = (DataFile(path),)
        files = files_in(path.parent) if _fitting(found, _INTERACTIONS[:4]) else []
    titles = (DataFile(Path(items)),) if items is not None else _fitting(files, _TITLES)
    users = _fitting(files, _USERS)
    return Place(interactions=found, titles=titles[0] if titles else None, users=users[0] if users else None)


def _interactions(path: Path, files: Sequence[DataFile]) -> tuple[DataFile, ...]:
    """The files that hold the interactions; raises DataError where there is none, and where it could be several."""
    found = _fitting(files, _INTERACTIONS)
    if not found:
        names = shown(", ".join(file.name for file in files) or "nothing", 200)
        expected = ", ".join(_INTERACTIONS[:4])
        raise DataError.at(path, f"no ratings here; expected one of {expected}, found {names}; name the file itself")
    if len(found) > 1 and not all(file.name.endswith(".parquet") for file in found):
        names = shown(", ".join(file.member or file.path.name for file in found), 200)
        raise DataError.at(path, f"several files could be the ratings: {names}; name the one you mean")
    return found


def _is_archive(path: Path) -> bool:
    """Whether the file is a zip of files, or says it is; an .npz is a zip of arrays."""
    suffix = path.suffix.lower()
    return suffix == ".zip" or (suffix != ".npz" and zipfile.is_zipfile(path))


def _fitting(files: Sequence[DataFile], patterns: Sequence[str]) -> tuple[DataFile, ...]:
    """The files that fit the first pattern that any fits."""
    for pattern in patterns:
        if fitting := tuple(file for file in files if fnmatch(file.name, pattern)):
            return fitting
    return ()
