"""Takes spare separators off the ends of lines, as a stream between a file and the reader of tables."""

from __future__ import annotations

import io
from typing import IO

__all__ = ["WithoutSpareSeparators"]


class WithoutSpareSeparators(io.RawIOBase):
    """The lines of ``source``, those that end in more separators than ``n_columns`` need cut to what they need."""

    def __init__(self, source: IO[bytes], separator: str, n_columns: int) -> None:
        self._source = source
        self._separator = separator.encode()
        self._n_separators = n_columns - 1
        self._ready = b""
        self.n_mended = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # its stub takes any buffer
        if not self._ready:
            self._ready = b"".join(map(self._mended, self._source.readlines(len(buffer))))
        taken, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def _mended(self, line: bytes) -> bytes:
        n_spare = line.count(self._separator) - self._n_separators
        if n_spare <= 0 or b'"' in line:
            return line
        text = line.rstrip(b"\r\n")
        if not text.endswith(self._separator * n_spare):
            return line
        self.n_mended += 1
        return text[: -n_spare * len(self._separator)] + line[len(text) :]
