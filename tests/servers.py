"""Real servers for tests, on loopback, each with a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "MlflowServer",
    "PostgreSQL",
    "find_postgresql",
    "free_port",
    "mlflow_server",
    "postgresql_server",
    "restartable_postgresql",
    "running",
    "start",
    "wait_for",
]

START_SECONDS = 90  #: time limit for the start of a server
POSTGRESQL_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",  # tests kill processes, not the machine
}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def find_postgresql() -> Path | None:
    """Folder of PostgreSQL's programs; Debian has one folder per version, outside of PATH."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    on_path = shutil.which("postgres")
    return max(found, key=lambda path: float(path.parent.name), default=on_path and Path(on_path).parent)


class PostgreSQL:
    """A fresh server in ``folder``, which may be stopped and started again."""

    def __init__(self, programs: Path, folder: str, password: str | None = None, arguments: Sequence[str] = ()) -> None:
        # PostgreSQL refuses to run as root, and other users have no access to pytest's folders
        account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._as_nobody: dict[str, Any] = {}
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
            self._as_nobody = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._folder, self._password, port = folder, password, free_port()
        self.url = f"postgresql://mfbench@127.0.0.1:{port}/postgres"
        setup = ["-D", f"{folder}/data", "-U", "mfbench", "-E", "UTF8", "--no-locale", "--no-sync"]
        if password is None:
            setup += ["-A", "trust"]
        else:
            Path(folder, "password").write_text(password, encoding="utf-8")
            setup += ["-A", "scram-sha-256", "--pwfile", f"{folder}/password"]
        subprocess.run([programs / "initdb", *setup], check=True, capture_output=True, cwd=folder, **self._as_nobody)
        options = [word for name, value in POSTGRESQL_OPTIONS.items() for word in ("-c", f"{name}={value}")]
        self._command = [str(programs / "postgres"), "-D", f"{folder}/data", "-p", str(port), *options, *arguments]

    def start(self) -> None:
        import psycopg

        self._process = start(self._command, self._folder, **self._as_nobody)
        wait_for(
            self._process, lambda: psycopg.connect(self.url, password=self._password).close(), psycopg.OperationalError
        )

    def stop(self, how: Literal["fast", "immediate", "kill"] = "fast") -> None:
        """Without waiting for clients; ``kill`` is kill -9 of all its processes at once."""
        signals = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "kill": signal.SIGKILL}
        if how == "kill":
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.send_signal(signals[how])
        self._process.wait(timeout=60)


@contextmanager
def restartable_postgresql(
    programs: Path, password: str | None = None, arguments: Sequence[str] = ()
) -> Iterator[PostgreSQL]:
    """A fresh PostgreSQL that has started. It takes any password, unless one is given."""
    with tempfile.TemporaryDirectory(prefix="postgresql-", dir="/tmp") as folder:
        server = PostgreSQL(programs, folder, password, arguments)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def postgresql_server(programs: Path, password: str | None = None, arguments: Sequence[str] = ()) -> Iterator[str]:
    """The same where it stays as it is; yields the URL of its database ``postgres``."""
    with restartable_postgresql(programs, password, arguments) as server:
        yield server.url


class MlflowServer:
    """A fresh MLflow server with SQLite in ``folder``, which may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
        self._command += ["--workers", "1", "--backend-store-uri", "sqlite:///mlflow.db"]
        self._command += ["--artifacts-destination", "artifacts"]

    def start(self) -> None:
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        self._process = start(self._command, self._folder, env=environment)
        wait_for(self._process, lambda: urllib.request.urlopen(f"{self.url}/health", timeout=1).close(), OSError)

    def stop(self) -> None:
        """Kill it with its workers, which outlive a mere terminate."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=60)


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """A fresh MLflow server with SQLite in ``folder``; yields its URL."""
    server = MlflowServer(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def running(
    command: list[str], folder: Path | str, stop: signal.Signals, **how: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, which is sent ``stop`` in the end."""
    process = start(command, folder, **how)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, stop)
        process.wait(timeout=60)


def start(command: list[str], folder: Path | str, **how: Any) -> subprocess.Popen[bytes]:
    """A process in a group of its own, which writes to the file ``log`` in ``folder``."""
    with open(f"{folder}/log", "ab") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True, **how)


def wait_for(process: subprocess.Popen[bytes], connect: Callable[[], Any], not_yet: type[Exception]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            connect()
        except not_yet as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError(f"no answer from {process.args!r}") from error
            time.sleep(0.1)
        else:
            return
