"""Which file of a folder, a zip or a known set holds the interactions, and which the titles."""

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
_TITLES = (*(f"{what}.{kind}" for what in _TITLED for kind in ("csv", "tsv", "dat", "txt")), "u.item")


@dataclass(frozen=True, kw_only=True)
class Place:
    """The file of interactions and that of titles, if there is one."""

    interactions: DataFile
    titles: DataFile | None = None

    @property
    def files(self) -> tuple[DataFile, ...]:
        return (self.interactions,) if self.titles is None else (self.interactions, self.titles)


def find_place(path: Path, items: str | None) -> Place:
    """Where the interactions at ``path`` are; ``items`` is the file of titles that the user named.

    Titles beside a file of interactions are taken when both go by the names that publishers give them.
    """
    if path.is_dir() or _is_archive(path):
        files = files_in(path)
        found = _first(files, _INTERACTIONS)
        if found is None:
            names = shown(", ".join(file.name for file in files) or "nothing", 200)
            expected = ", ".join(_INTERACTIONS[:4])
            raise DataError.at(
                path, f"no ratings here; expected one of {expected}, found {names}; name the file itself"
            )
    else:
        found = DataFile(path)
        files = files_in(path.parent) if _first([found], _INTERACTIONS[:4]) else []
    titles = DataFile(Path(items)) if items is not None else _first(files, _TITLES)
    return Place(interactions=found, titles=titles)


def _is_archive(path: Path) -> bool:
    """Whether the file is a zip of files, or says it is; an .npz is a zip of arrays."""
    suffix = path.suffix.lower()
    return suffix == ".zip" or (suffix != ".npz" and zipfile.is_zipfile(path))


def _first(files: Sequence[DataFile], patterns: Sequence[str]) -> DataFile | None:
    return next((file for pattern in patterns for file in files if fnmatch(file.name, pattern)), None)
