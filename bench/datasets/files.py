"""Files of data wherever they lie: on their own, in a folder, or inside a zip that stays unopened."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from bench.datasets.errors import DataError, shown

__all__ = ["DataFile", "files_in", "readable"]

_GZIP_MAGIC = b"\x1f\x8b"


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

    def open_stored(self) -> IO[bytes]:
        """The bytes as they are stored; those of a zip's member, uncompressed."""
        if self.member is None:
            return self.path.open("rb")
        return zipfile.ZipFile(self.path).open(self.member)

    def open(self) -> IO[bytes]:
        """The bytes of the content, gzip undone."""
        if not self._is_gzip():
            return self.open_stored()
        return cast(IO[bytes], gzip.open(self.path if self.member is None else self.open_stored()))

    def open_arrow(self) -> Any:
        """What :meth:`open` reads, as a stream that pyarrow reads without the interpreter's lock where it can."""
        if self.member is not None:
            return self.open()
        import pyarrow as pa

        return pa.input_stream(str(self.path), compression="gzip" if self._is_gzip() else None)

    def open_seekable(self) -> IO[bytes]:
        """The content as a file to jump about in: a zip's member and gzip are read into memory."""
        if self.member is None and not self._is_gzip():
            return self.path.open("rb")
        with self.open() as stream:
            return io.BytesIO(stream.read())

    def n_stored_bytes(self) -> int:
        """The size of the file on disk, be it a whole zip."""
        with readable(self):
            return self.path.stat().st_size

    def head(self, n_bytes: int) -> bytes:
        """The first bytes of the content."""
        with readable(self), self.open() as content:
            return content.read(n_bytes)

    def _is_gzip(self) -> bool:
        with readable(self), self.open_stored() as stored:
            return stored.read(2) == _GZIP_MAGIC


def files_in(path: Path) -> list[DataFile]:
    """The files of a folder or a zip by name, those of subfolders only in a zip."""
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
    """Turns what goes wrong while ``file`` is read into a DataError."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError.at(file, "there is no such file; check the path") from None
    except PermissionError:
        raise DataError.at(file, "may not be read; change its permissions") from None
    except Exception as error:  # what zip, gzip, npz and Parquet raise on damaged bytes is listed nowhere
        reason = shown(str(error) or type(error).__name__, 200)
        raise DataError.at(file, f"is broken, cut short or not what its name says ({reason}); get it again") from None
