"""A Dask cluster for tests, on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.servers import free_port

__all__ = ["Cluster"]

ROOT = Path(__file__).resolve().parents[2]


class Cluster:
    """A Dask scheduler, and workers that are processes of their own."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.url = f"tcp://127.0.0.1:{free_port()}"
        self.scheduler = self._start("scheduler", "--host", self.url, "--no-dashboard")

    def add_worker(self, *, before: str = "pass", nanny: str = "--no-nanny") -> None:
        self._start("worker", self.url, nanny, "--nthreads", "1", "--no-dashboard", before=before)

    def _start(self, kind: str, *words: str, before: str = "pass") -> subprocess.Popen[bytes]:
        code = f"import sys; {before}; from distributed.cli.dask_{kind} import main; main(sys.argv[1:])"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *words], cwd=self._folder, env=environment, stdout=log, stderr=log
            )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process
