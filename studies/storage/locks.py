"""A lock that only one process holds, for what must not be created twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from studies.storage.repeating import Outage

__all__ = ["exclusive_lock", "lock_until_commit"]

LOCK_KEY = 0x6D6662656E6368  #: "mfbench"; of PostgreSQL's advisory lock


@contextmanager
def exclusive_lock(url: str, *, waits_for_server: bool = False) -> Iterator[None]:
    """One after the other, those who would make the same tables or the same study at the same moment.

    PostgreSQL drops the lock when it restarts: whoever writes to PostgreSQL itself takes ``lock_until_commit``.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")  # no ROLLBACK when it is closed
        connection = Outage().repeat(lambda _: _locked(engine), OperationalError if waits_for_server else ())
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):
                connection.close()
    elif parsed.get_backend_name() == "sqlite" and parsed.database:
        folder = os.open(Path(parsed.database).absolute().parent, os.O_RDONLY)  # not the file, whose locks are SQLite's
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
    else:
        yield


def _locked(engine: Engine) -> Connection:
    """A connection that holds PostgreSQL's lock until it is closed."""
    connection = engine.connect()
    try:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
    except BaseException:
        connection.close()
        raise
    return connection


def lock_until_commit(connection: Connection) -> None:
    """Hold PostgreSQL's lock while the transaction lasts: where the connection breaks, its writes are lost with it."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
