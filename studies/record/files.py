"""Files that are written as a whole or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole_file", "write_whole"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield the path of a draft beside ``path``, which takes its place when the context ends without an error.

    A reader never sees half a file, and several writers may write the same one. An OSError names ``path``.
    """
    draft = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.tmp")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with Unix line ends."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
