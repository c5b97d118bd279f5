"""The errors of the study database, and what to tell the user to do about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from models.errors import UserError
from studies.secrets import hide_password

__all__ = ["StorageError", "advice", "reason_of", "storage_errors_explained"]


class StorageError(UserError):
    """The storage cannot be used; the message says why and what to do."""


@contextmanager
def storage_errors_explained(url: str) -> Iterator[None]:
    """Turn what Optuna and SQLAlchemy raise over a full disk, a lost server or a locked file into a StorageError."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        reason = reason_of(error)
        raise StorageError(
            f"The storage {hide_password(url)} failed ({reason}); every finished trial is kept: "
            f"{advice(url, reason)}, and run the same command again"
        ) from error


def advice(url: str, reason: str) -> str:
    """What to do about the reason that SQLite or a server gave."""
    if not url.startswith("sqlite"):
        return "see that the server is up"
    known = {
        "full": "make room on its disk",
        "locked": "wait for the program that holds it, or end that",
        "readonly": "see that the file and its folder may be written",
        "read-only": "see that the file and its folder may be written",
        "not a database": "it is damaged, or something else: restore a copy, or give another --storage",
        "malformed": "it is damaged: restore a copy, or give another --storage",
        "disk I/O": "see to its disk",
        "no longer compatible": "upgrade it by `optuna storage upgrade`, or give another --storage",
    }
    return next(
        (todo for sign, todo in known.items() if sign in reason), "see that its folder is there and may be written"
    )


def reason_of(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(getattr(cause, "orig", None) or cause).splitlines()[0]
