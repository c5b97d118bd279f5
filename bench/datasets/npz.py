"""Opens numpy's ``.npz`` files: headers first, so that an array is read only if its type, shape and size are right."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable, require_expansion, require_memory

__all__ = ["Header", "Npz", "open_npz"]


@dataclass(frozen=True, kw_only=True)
class Header:
    """What an .npz declares about one of its arrays."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{shown(self.dtype)} {shown(self.shape)}"

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def is_integers(self) -> bool:
        return self.dtype.kind in "iu"


class Npz:
    """The arrays of an open .npz; :func:`open_npz` makes one."""

    def __init__(self, file: DataFile, archive: zipfile.ZipFile) -> None:
        self._file = file
        self._archive = archive
        self._members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def header(self, name: str) -> Header:
        """The header of an array; raises DataError where the array is not as large as its header declares."""
        member = self._members[name]
        with self._archive.open(member) as content:
            version = np.lib.format.read_magic(content)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(content)
            n_header_bytes = content.tell()
        header = Header(shape=shape, dtype=dtype)
        is_whole = dtype.hasobject or header.n_bytes + n_header_bytes == member.file_size
        if min(shape, default=0) < 0 or not is_whole:
            problem = f"its array '{shown(name)}' is declared as {header}, but holds {member.file_size:,} bytes"
            raise DataError.at(self._file, f"{problem}; write the file again")
        return header

    def read(self, names: Iterable[str], *, trust_pickle: bool = False) -> dict[str, NDArray[Any]]:
        """Read arrays; raises DataError for object arrays unless ``trust_pickle``, and where memory is short."""
        headers = {name: self.header(name) for name in names}
        for name, header in headers.items():
            if header.dtype.hasobject and not trust_pickle:
                raise DataError.at(
                    self._file,
                    f"its array '{name}' holds Python objects, and unpickling them can run code; if you trust where "
                    "the file comes from, add --trust-pickle, or make it safe once with: python -m bench.data convert",
                )
        # an array of lists, padded to the longest, may be nearly all padding and so compress without bound
        flat = {name: header for name, header in headers.items() if len(header.shape) < 2}
        n_stored = sum(self._members[name].compress_size for name in flat)
        require_expansion(self._file, sum(header.n_bytes for header in flat.values()), n_stored)
        require_memory(self._file, 2 * sum(header.n_bytes for header in headers.values()))
        return {name: self._array(name, trust_pickle) for name in headers}

    def _array(self, name: str, trust_pickle: bool) -> NDArray[Any]:
        with self._archive.open(self._members[name]) as content:
            array: NDArray[Any] = np.lib.format.read_array(content, allow_pickle=trust_pickle)
        return array


@contextmanager
def open_npz(file: DataFile) -> Iterator[Npz]:
    """Open an .npz without reading an array; any error in the block becomes a DataError."""
    if file.head(2) != b"PK":
        problem = "is no .npz file, or cut short; write it with numpy.savez or scipy.sparse.save_npz"
        raise DataError.at(file, problem)
    with readable(file), file.open_seekable() as content, zipfile.ZipFile(content) as archive:
        yield Npz(file, archive)
