"""A lock that only one process holds, for what must not be created twice."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from studies.storage.repeating import Outage

__all__ = ["exclusive_lock", "lock_until_commit"]

LOCK_KEY = 0x6D6662656E6368  #: "mfbench"; of PostgreSQL's advisory lock
READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def exclusive_lock(url: str, *, waits_for_server: bool = False) -> Iterator[None]:
    """Hold the lock of this database, once no other process of any machine that shares the database holds it.

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
    elif parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        with _lock_beside(Path(str(parsed.database))):
            yield
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


@contextmanager
def _lock_beside(database: Path) -> Iterator[None]:
    """Hold the lock of a file beside the database, which has locks of SQLite's own; the file is removed at the end.

    A folder that takes no such file takes no journal of SQLite either: nobody can write, and no lock is needed.
    """
    database.absolute().parent.stat()  # raises where it is missing: FileLock would make the folder
    lock = FileLock(f"{database}.lock")
    try:
        lock.acquire()
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise
    try:
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):  # before the release: a process that waits for a removed file looks for a new one
                Path(lock.lock_file).unlink()
            lock.release()
