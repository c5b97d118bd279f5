"""Data files on disk, in a folder or inside a zip, read under limits that a small hostile file cannot break.

- Only regular files are opened; a FIFO or a device could block for ever.
- A line of text has at most ``MAX_LINE_BYTES``.
- Compressed content unpacks to at most ``MAX_EXPANSION`` times its stored size, or to ``MIN_EXPANDED_BYTES`` if that
  is more. Real interactions compress less; only padded lists may compress more (:mod:`bench.datasets.npz`).
- Arrays, tables and unpacked files must fit into the memory that is available (:func:`require_memory`).
"""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any, cast

from bench.datasets.errors import DataError, shown
from models.memory import available_bytes

__all__ = ["MAX_LINE_BYTES", "DataFile", "files_in", "not_text", "readable", "require_expansion", "require_memory"]

MAX_LINE_BYTES = 1 << 18
MAX_EXPANSION = 100
MIN_EXPANDED_BYTES = 8 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER_BYTES = 1 << 18
_COPIED_BYTES = 1 << 24


@dataclass(frozen=True)
class DataFile:
    """A file on disk, or ``member`` of the zip at ``path``."""

    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}: {self.member}"

    @property
    def name(self) -> str:
        """The last part of the name in lower case, without .gz."""
        last = self.path.name if self.member is None else self.member.rsplit("/", 1)[-1]
        return last.lower().removesuffix(".gz")

    def open(self) -> IO[bytes]:
        """Open the content for reading from start to end, with gzip undone."""
        if self.member is None:
            if not self._is_gzip():
                return self.path.open("rb", buffering=_BUFFER_BYTES)
            return self._expanded(gzip.open(self.path), self.path.stat().st_size)
        archive = zipfile.ZipFile(self.path)
        content = archive.open(self.member)
        if self._is_gzip():
            content = cast(IO[bytes], gzip.GzipFile(fileobj=content))
        return self._expanded(content, archive.getinfo(self.member).compress_size)

    def open_arrow(self) -> Any:
        """Open the content as a stream that pyarrow reads without the interpreter's lock where it can."""
        if self.member is not None:
            return self.open()
        import pyarrow as pa

        return pa.input_stream(str(self.path), compression="gzip" if self._is_gzip() else None)

    def open_seekable(self) -> IO[bytes]:
        """Open the content as a file that can seek; a zip's member and gzip are unpacked into memory."""
        if self.member is None and not self._is_gzip():
            return self.path.open("rb")
        content = io.BytesIO()
        with self.open() as stream:
            while block := stream.read(_COPIED_BYTES):
                require_memory(self, 2 * len(block))
                content.write(block)
        content.seek(0)
        return content

    def lines(self, encoding: str = "utf-8", *, n_skipped: int = 0) -> Iterator[tuple[int, str]]:
        """Yield each line with its number from 1 and its line end; bytes that are not ``encoding`` become surrogates.

        Up to ``n_skipped`` lines at the start may be left out. Raises DataError for a NUL byte and for a line of more
        than ``MAX_LINE_BYTES``.
        """
        encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        with readable(self), self.open() as content:
            first = 1 + (_skip_lines(content, n_skipped) if n_skipped else 0)
            text = io.TextIOWrapper(content, encoding, errors="surrogateescape", newline="")
            for number in count(first):
                line = text.readline(MAX_LINE_BYTES + 1)
                if not line:
                    return
                if "\0" in line:
                    raise not_text(self, number)
                if 4 * len(line) > MAX_LINE_BYTES and len(line.encode(encoding, "surrogateescape")) > MAX_LINE_BYTES:
                    problem = f"longer than {MAX_LINE_BYTES:,} bytes, the most that a line may have: {shown(line)!r}"
                    raise DataError.at(self, f"{problem}; shorten or remove the line", line=number)
                yield number, line

    def n_stored_bytes(self) -> int:
        """The size of the file on disk, also of a whole zip."""
        with readable(self):
            return self.path.stat().st_size

    def head(self, n_bytes: int) -> bytes:
        """The first bytes of the content."""
        with readable(self), self.open() as content:
            return content.read(n_bytes)

    def _is_gzip(self) -> bool:
        with readable(self):
            if self.member is None:
                with self.path.open("rb") as stored:
                    return stored.read(2) == _GZIP_MAGIC
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as content:
                return content.read(2) == _GZIP_MAGIC

    def _expanded(self, content: Any, n_stored: int) -> IO[bytes]:
        return io.BufferedReader(_Expanded(content, self, n_stored), _BUFFER_BYTES)


class _Expanded(io.RawIOBase):
    """Decompressed ``content`` of ``file``, as far as :func:`require_expansion` allows."""

    def __init__(self, content: IO[bytes], file: DataFile, n_stored: int) -> None:
        self._content = content
        self._file = file
        self._n_stored = n_stored
        self._n_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # its stub takes any buffer
        n_read = cast(io.BufferedReader, self._content).readinto(buffer[:_BUFFER_BYTES])
        self._n_read += n_read
        require_expansion(self._file, self._n_read, self._n_stored)
        return n_read

    def close(self) -> None:
        self._content.close()
        super().close()


def files_in(path: Path) -> list[DataFile]:
    """The files of a folder or a zip by name; files in subfolders only for a zip."""
    if path.is_dir():
        with readable(path):
            return [DataFile(file) for file in sorted(path.iterdir()) if file.is_file()]
    with readable(path), zipfile.ZipFile(path) as archive:
        members = [member.filename for member in archive.infolist() if not member.is_dir()]
    for member in members:
        if member.startswith("/") or "\\" in member or ".." in member.split("/"):
            raise DataError.at(path, f"holds a file with the unsafe name {shown(member)!r}; do not use this zip")
    return [DataFile(path, member) for member in sorted(members)]


@contextmanager
def readable(file: DataFile | Path) -> Iterator[None]:
    """Turn any error while ``file`` is read into a DataError; refuse a DataFile that is not a regular file."""
    try:
        if isinstance(file, DataFile) and not stat.S_ISREG(file.path.stat().st_mode):
            raise DataError.at(file, "is not a regular file; give a file, or write what it yields to a file first")
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError.at(file, "there is no such file; check the path") from None
    except PermissionError:
        raise DataError.at(file, "may not be read; change its permissions") from None
    except Exception as error:  # zip, gzip, npz and Parquet readers raise undocumented types for damaged bytes
        reason = shown(str(error) or type(error).__name__, 200)
        raise DataError.at(file, f"is broken, cut short or not what its name says ({reason}); get it again") from None


def require_expansion(place: object, n_bytes: int, n_stored: int) -> None:
    """Raise a DataError about ``place`` where ``n_stored`` bytes unpack to ``n_bytes`` as only a bomb does."""
    if n_bytes > max(MIN_EXPANDED_BYTES, MAX_EXPANSION * n_stored):
        problem = f"unpacks to more than {MAX_EXPANSION} times its size of {n_stored:,} bytes, as no real data does"
        raise DataError.at(place, f"{problem}; store it uncompressed if you trust it")


def require_memory(place: object, n_bytes: int) -> None:
    """Raise a DataError about ``place`` unless ``n_bytes`` of memory are available."""
    available = available_bytes()
    if available is not None and n_bytes > available:
        needed = f"needs {n_bytes / 1e9:,.2f} GB of memory, and {available / 1e9:,.2f} GB are available"
        raise DataError.at(place, f"{needed}; give less data, or free some memory")


def not_text(file: DataFile, line: int) -> DataError:
    """The error about a NUL byte in a text table."""
    problem = "a NUL byte, so this is not a text table; save it as UTF-8 text, or as Parquet or a scipy .npz"
    return DataError.at(file, problem, line=line)


def _skip_lines(content: IO[bytes], n: int) -> int:
    """Read past at most ``n`` lines, a buffer at a time; return how many."""
    buffered, n_skipped = cast(io.BufferedReader, content), 0
    while block := buffered.peek():
        n_ends = block.count(b"\n")
        if not n_ends or n_skipped + n_ends >= n:
            break
        buffered.read(block.rindex(b"\n") + 1)
        buffered.readline(2 * MAX_LINE_BYTES)  # the buffer ends inside this line
        n_skipped += n_ends + 1
    return n_skipped
