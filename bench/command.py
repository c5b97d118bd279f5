"""What every command shares: its parser, its one-line errors, and how it is stopped."""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import math
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from models.errors import UserError
from models.spark_session import MASTER
from studies.secrets import hide_password

__all__ = [
    "CommandParser",
    "StopRequest",
    "add_spark_argument",
    "add_storage_arguments",
    "add_tracking_arguments",
    "one_of",
    "positive_float",
    "positive_int",
    "run",
    "say_left_out_plugins",
    "stop_on_signal",
    "whole_number",
    "writable_folder",
]

USAGE_ERROR = 2
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}


class CommandParser(argparse.ArgumentParser):
    """Takes no abbreviations, and says what is wrong in one line."""

    def __init__(self, command: str, description: str, examples: str) -> None:
        super().__init__(
            prog=f"python -m {command}",
            description=description,
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        options = [option for action in self._actions for option in action.option_strings]
        for word in message.removeprefix("unrecognized arguments: ").split():
            if word.startswith("--") and (nearest := get_close_matches(word.partition("=")[0], options, n=1)):
                message += f". Did you mean {nearest[0]}?"
                break
        self.exit(USAGE_ERROR, f"{self.prog}: error: {message}; --help lists the options\n")


class UnusableFolderError(UserError, OSError):
    """A folder that cannot be written; the message says why."""


class StopRequest:
    """Whether somebody asked the command to stop."""

    signal: signal.Signals | None = None

    def __call__(self) -> bool:
        return self.signal is not None


def add_storage_arguments(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Adds --storage and --report-dir, in a group of their own, which is returned."""
    group = parser.add_argument_group("records")
    group.add_argument(
        "--storage",
        default=os.environ.get("MFBENCH_STORAGE", "sqlite:///mfbench.db"),
        metavar="URL",
        help="database of the studies ($MFBENCH_STORAGE, else sqlite:///mfbench.db)",
    )
    group.add_argument(
        "--report-dir", type=Path, default="reports/html", metavar="FOLDER", help="of the report (%(default)s)"
    )
    return group


def add_tracking_arguments(group: argparse._ArgumentGroup) -> None:
    """Adds --tracking-uri and --no-mlflow."""
    group.add_argument(
        "--tracking-uri",
        default=os.environ.get("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db"),
        metavar="URI",
        help="store or server of MLflow ($MLFLOW_TRACKING_URI, else sqlite:///mlflow.db)",
    )
    group.add_argument("--no-mlflow", action="store_true", help="do without MLflow")


def add_spark_argument(group: argparse._ArgumentGroup) -> None:
    """Adds --spark-master, which :func:`run` puts into the environment: there models find it, in any process."""
    group.add_argument(
        "--spark-master",
        metavar="URL",
        help=f"where spark_als is fitted, such as local[2] or spark://host:7077 (${MASTER}, else local[*])",
    )


def one_of(*choices: str) -> Callable[[str], str]:
    """An argparse type: one of ``choices``, and in the error the nearest of them."""

    def parse(text: str) -> str:
        if text in choices:
            return text
        nearest = get_close_matches(text.lower(), choices, n=1)
        hint = f". Did you mean {nearest[0]!r}?" if nearest else ""
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(choices)}{hint}")

    return parse


def positive_int(text: str) -> int:
    """An argparse type: 1, 2, ..."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def whole_number(text: str) -> int:
    """An argparse type: 0, 1, 2, ..."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def positive_float(text: str) -> float:
    """An argparse type: a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def run(command: Callable[[argparse.Namespace, str], int], parser: CommandParser, argv: Sequence[str] | None) -> int:
    """Parse, and call ``command`` with the options and the line to type again, passwords in it hidden.

    The options have one more, ``resolved``: all of them by name, with those of a --config file and the defaults.

    An error that is the user's to mend is one line and exit code 2.
    """
    from bench.config_file import parse

    atexit.register(gc.freeze)  # else the collector walks through numba and MLflow once more on the way out: a second
    words = sys.argv[1:] if argv is None else argv
    args = None
    try:
        args, resolved = parse(parser, words)
        if getattr(args, "spark_master", None):
            os.environ[MASTER] = args.spark_master
        args.resolved = resolved
        return command(args, f"{parser.prog} {shlex.join(hide_password(word) for word in words)}".strip())
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains once more on its way out
        return 128 + signal.SIGPIPE
    except Exception as error:
        said = _one_line(error, getattr(args, "storage", None))
        if said is None:
            raise
        print(f"{parser.prog}: error: {said}", file=sys.stderr)
        return USAGE_ERROR


def _one_line(error: Exception, storage: str | None) -> str | None:
    """What to say of an error that is the user's to mend, of a disk, or of the storage; None for any other."""
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        what, todo = error.filename or "a file", "mend it, and run the same command again"
        return f"Cannot write {what} ({error.strerror}); every finished trial is kept: {todo}"
    if storage is not None and not isinstance(error, UserError):
        from studies.storage.errors import StorageError, storage_errors_explained

        try:
            with storage_errors_explained(storage):
                raise error
        except StorageError as explained:
            return str(explained)
        except Exception:
            return None
    return str(error) if isinstance(error, UserError) else None


def say_left_out_plugins() -> None:
    """Where all models take part: which do not."""
    from studies.registry import left_out_plugins

    for reason in left_out_plugins():
        print(f"Left out: {reason}", file=sys.stderr)


def writable_folder(path: Path) -> Path:
    """The folder, made where it is missing; found out now rather than after an hour's search."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):  # one for each command that asks at this moment
            pass
    except OSError as error:
        raise UnusableFolderError(f"Cannot write to the folder {path} ({error.strerror}); choose another") from error
    return path


@contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """Turn the first Ctrl-C or SIGTERM into a request, heeded where nothing is left halfway; a second one kills."""
    request = StopRequest()

    def heed(number: int, frame: FrameType | None) -> None:
        request.signal = signal.Signals(number)
        for each, handler in before.items():
            signal.signal(each, handler)
        print("\nStopping after this epoch; once more to stop at once.", file=sys.stderr)

    before: dict[int, Any] = {number: signal.signal(number, heed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
