"""The errors of the study database, and what to tell the user to do about them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from models.errors import UserError
from studies.secrets import hide_password

__all__ = ["StorageError", "advice", "reason_of", "storage_errors_explained"]

DAMAGED = "it is damaged: restore a copy, or give another --storage"
READER = "optuna.storages._rdb"  #: the package that reads the database
UNREADABLE = (AssertionError, AttributeError, LookupError, TypeError, ValueError)  #: what it raises over damage


class StorageError(UserError):
    """The storage cannot be used; the message says why and what to do."""


@contextmanager
def storage_errors_explained(url: str) -> Iterator[None]:
    """Raise StorageError for a full disk, a lost server, a locked file, or content that Optuna cannot decode."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        reason = reason_of(error, url)
        raise StorageError(
            f"The storage {hide_password(url)} failed ({reason}); every finished trial is kept: "
            f"{advice(url, reason)}, and run the same command again"
        ) from error
    except UNREADABLE as error:
        if isinstance(error, UserError) or not _is_of_reader(error):
            raise
        reason = reason_of(error, url)
        raise StorageError(f"The storage {hide_password(url)} cannot be read ({reason}); {DAMAGED}") from error


def _is_of_reader(error: Exception) -> bool:
    """Whether Optuna raised the error over what it read: JSON, dates, names of states and distributions."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    is_of_writer = modules[-1] == "json.encoder"
    return not is_of_writer and any(module.startswith(READER) for module in modules)


def advice(url: str, reason: str) -> str:
    """Return what to do about the reason that SQLite or a server gave."""
    if not url.startswith("sqlite"):
        return "see that the server is up"
    known = {
        "full": "make room on its disk",
        "locked": "wait for the program that holds it, or end that",
        "readonly": "see that the file and its folder may be written",
        "read-only": "see that the file and its folder may be written",
        "not a database": f"it is damaged, or something else: {DAMAGED.partition(': ')[2]}",
        "malformed": DAMAGED,
        "disk I/O": "see to its disk",
        "no longer compatible": "upgrade it by `optuna storage upgrade`, or give another --storage",
    }
    return next(
        (todo for sign, todo in known.items() if sign in reason), "see that its folder is there and may be written"
    )


def reason_of(error: Exception, url: str) -> str:
    """Return the first line of the driver's message, without control characters and secrets of the storage's URL."""
    cause = error.__cause__ or error
    lines = str(getattr(cause, "orig", None) or cause).splitlines() or [type(cause).__name__]
    return hide_password("".join(character if character.isprintable() else "?" for character in lines[0]), url)
