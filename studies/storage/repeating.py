"""PostgreSQL that restarts: a lost connection is noticed, the server waited for, and the whole operation repeated."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext

__all__ = ["Outage", "ServerAwayError", "notice_lost_connections"]

PATIENCE = 60.0  #: seconds in which a server that is away may come back
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
#: SQLSTATEs after which the same transaction may succeed: connection exceptions, shutdown or start of the server,
#: serialization failures and deadlocks. psycopg does not yet take a connection for broken when it reads of a shutdown.
LOST_CONNECTION = ("08", "57P")
REPEATABLE = (*LOST_CONNECTION, "40001", "40P01")

T = TypeVar("T")


class ServerAwayError(Exception):
    """A connection to the server broke, or none could be made.

    A commit that was under way may have taken effect or not. This is no SQLAlchemyError on purpose: Optuna would repeat
    the creation of a trial after one of those, and create two.
    """


def notice_lost_connections(engine: Engine) -> None:
    """Have ``engine`` raise ServerAwayError, from the driver's error, where a transaction is worth a repetition."""
    event.listen(engine, "handle_error", _as_server_away)


def _as_server_away(context: ExceptionContext) -> ServerAwayError | None:
    error: Any = context.original_exception
    dbapi = context.dialect.loaded_dbapi
    if not isinstance(error, dbapi.Error):
        return None
    sqlstate = getattr(error, "sqlstate", None) or ""
    if sqlstate.startswith(LOST_CONNECTION):
        context.is_disconnect = True  # the pool drops its connections
    cannot_connect = context.connection is None and isinstance(error, dbapi.OperationalError)
    if context.is_disconnect or cannot_connect or sqlstate.startswith(REPEATABLE):
        return ServerAwayError(str(error))
    return None


class Outage:
    """How long a server has been away, as the operations that share this object have seen."""

    def __init__(self) -> None:
        self._since: float | None = None

    def repeat(self, attempt: Callable[[bool], T], errors: Any = ServerAwayError) -> T:
        """Return what ``attempt`` returns; repeat it after ``errors`` until the server has been away for too long.

        ``attempt`` is called with False at first. It is called with True where an earlier call may have been committed
        although its answer was lost, and has to look whether it was.
        """
        pause, is_repetition = FIRST_PAUSE, False
        while True:
            try:
                result = attempt(is_repetition)
            except errors:
                now = time.monotonic()
                self._since = self._since or now
                if now + pause > self._since + PATIENCE:
                    raise
            else:
                self._since = None
                return result
            time.sleep(pause)
            pause, is_repetition = min(2 * pause, LONGEST_PAUSE), True
