"""How a command runs: errors in one line, exit codes, and signals."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from bench.cli.options import Arguments
from bench.cli.parser import USAGE_ERROR, CommandParser, one_line
from models.errors import UserError
from models.spark_session import MASTER

__all__ = ["StopRequest", "run", "stop_on_signal", "writable_folder"]

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}


class UnusableFolderError(UserError, OSError):
    """The folder cannot be written; the message gives the reason."""


class StopRequest:
    """The signal by which the user asked the command to stop, if any."""

    signal: signal.Signals | None = None

    def __call__(self) -> bool:
        return self.signal is not None


def run(command: Callable[[Arguments], int], parser: CommandParser, argv: Sequence[str] | None) -> int:
    """Parse ``argv``, call the command and return its exit code; an error that the user can fix is one line and 2."""
    atexit.register(gc.freeze)  # spares the collector a last walk through numba and MLflow, which takes a second
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = None
    try:
        arguments = parser.arguments(words)
        if master := arguments.values.get("spark-master"):
            os.environ[MASTER] = master  # for this process and its workers
        return command(arguments)
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python reports it again at exit
        return 128 + signal.SIGPIPE
    except Exception as error:
        message = _message(error, arguments.values.get("storage") if arguments else None)
        if message is None:
            raise
        print(f"{parser.prog}: error: {one_line(message)}", file=sys.stderr)
        return USAGE_ERROR


def _message(error: Exception, storage: str | None) -> str | None:
    """The message for an error of the user, a disk or the storage; None for a defect."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        what = error.filename or "a file"
        return (
            f"Cannot write {what} ({error.strerror}); every finished trial is kept: fix this, and run the same "
            "command again"
        )
    if storage is None:
        return None
    from studies.storage.errors import StorageError, storage_errors_explained  # Optuna and SQLAlchemy

    try:
        with storage_errors_explained(storage):
            raise error
    except StorageError as explained:
        return str(explained)
    except Exception:
        return None


def writable_folder(path: Path) -> Path:
    """Create the folder if it is missing, and check that it can be written before hours of work depend on it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):  # a unique name: several commands may check at the same moment
            pass
    except OSError as error:
        raise UnusableFolderError(f"Cannot write to the folder {path} ({error.strerror}); choose another") from error
    return path


@contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into a request, which is honoured after an epoch; a second one kills."""
    request = StopRequest()

    def note(number: int, frame: FrameType | None) -> None:
        request.signal = signal.Signals(number)
        for each, handler in before.items():
            signal.signal(each, handler)
        print("\nStopping after this epoch; once more to stop at once.", file=sys.stderr)

    before: dict[int, Any] = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
