"""A lock that only one process holds, for what must not be created twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

__all__ = ["exclusive_lock"]

LOCK_KEY = 0x6D6662656E6368  #: "mfbench"; of PostgreSQL's advisory lock


@contextmanager
def exclusive_lock(url: str) -> Iterator[None]:
    """One after the other, those who would make the same tables or the same study at the same moment."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        with create_engine(url, poolclass=NullPool).connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})  # until it is closed
            yield
    elif parsed.get_backend_name() == "sqlite" and parsed.database:
        folder = os.open(Path(parsed.database).absolute().parent, os.O_RDONLY)  # not the file, whose locks are SQLite's
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
    else:
        yield
