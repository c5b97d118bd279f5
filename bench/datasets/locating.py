"""Finds the files behind ``--data``: the interactions, the titles and the users of a folder, a zip or a known set."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bench.datasets.catalogue import KNOWN_SETS, known_names
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, files_in, readable
from bench.datasets.folders import fetched_file
from bench.datasets.options import DataOptions
from models.errors import did_you_mean

__all__ = ["DataFiles", "locate"]

#: Names without .gz, the likeliest first.
_INTERACTIONS = ("ratings.*", "interactions.*", "u.data", "user_artists.*", "data_train.npz", "data.npz", "*.parquet")
_TITLED = ("movies", "artists", "items", "titles", "tracks", "books")
_USERS = ("u.user", *(f"users.{kind}" for kind in ("csv", "tsv", "dat", "txt")))
_TITLES = (*(f"{what}.{kind}" for what in _TITLED for kind in ("csv", "tsv", "dat", "txt")), "u.item")


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """The file of interactions, or the parts of one Parquet table; the files of titles and of users where found."""

    interactions: tuple[DataFile, ...] = ()
    titles: DataFile | None = None
    users: DataFile | None = None

    @property
    def parsed(self) -> tuple[DataFile, ...]:
        """The files that the interactions and their titles are parsed from."""
        return self.interactions if self.titles is None else (*self.interactions, self.titles)


def locate(options: DataOptions) -> DataFiles:
    """The files behind a path or the name of a fetched set; raises DataError where there are none."""
    known = KNOWN_SETS.get(options.data)
    path = Path(options.data) if known is None else fetched_file(known.file_name)
    with readable(path):
        is_here = path.exists()
        is_usable = path.is_file() or path.is_dir()
    if is_here and not is_usable:
        raise DataError.at(path, "is neither a regular file nor a folder; write what it yields to a file first")
    if is_here:
        return _data_files(path, options.items)
    if known is not None:
        raise DataError(
            f"'{known.name}' is not on this machine yet; get it with: python -m bench.data fetch {known.name}"
        )
    if len(path.parts) > 1 or path.suffix:
        raise DataError.at(path, "there is no such file or folder; check the path")
    names = known_names()
    raise DataError(
        f"Unknown data set '{shown(options.data, 200)}'. Choose one of: {', '.join(names)}; or give a path."
        f"{did_you_mean(options.data, names)}"
    )


def _data_files(path: Path, items: str | None) -> DataFiles:
    """The files at ``path``; ``items`` is the file of titles that the user named.

    Titles beside a file of interactions are taken where both files have the names that publishers give them.
    """
    if path.is_dir() or _is_archive(path):
        files = files_in(path)
        found = _interactions(path, files)
    else:
        found = (DataFile(path),)
        files = files_in(path.parent) if _matching(found, _INTERACTIONS[:4]) else []
    titles = (DataFile(Path(items)),) if items is not None else _matching(files, _TITLES)
    users = _matching(files, _USERS)
    return DataFiles(interactions=found, titles=titles[0] if titles else None, users=users[0] if users else None)


def _interactions(path: Path, files: Sequence[DataFile]) -> tuple[DataFile, ...]:
    """The files that hold the interactions; raises DataError where there is none, or more than one candidate."""
    found = _matching(files, _INTERACTIONS)
    if not found:
        names = shown(", ".join(file.name for file in files) or "nothing", 200)
        expected = ", ".join(_INTERACTIONS[:4])
        raise DataError.at(path, f"no ratings here; expected one of {expected}, found {names}; name the file itself")
    if len(found) > 1 and not all(file.name.endswith(".parquet") for file in found):
        names = shown(", ".join(file.member or file.path.name for file in found), 200)
        raise DataError.at(path, f"several files could be the ratings: {names}; name the one you mean")
    return found


def _is_archive(path: Path) -> bool:
    """Whether the file is a zip of files, by its name or its content; an .npz is a zip of arrays."""
    suffix = path.suffix.lower()
    return suffix == ".zip" or (suffix != ".npz" and zipfile.is_zipfile(path))


def _matching(files: Sequence[DataFile], patterns: Sequence[str]) -> tuple[DataFile, ...]:
    """The files that match the first pattern that any file matches."""
    for pattern in patterns:
        if matching := tuple(file for file in files if fnmatch(file.name, pattern)):
            return matching
    return ()
