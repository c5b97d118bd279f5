"""Signals to a command that has workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.bench.conftest import Command
from tests.bench.test_study import ROOT, wait_for_trials

pytestmark = pytest.mark.slow

WORDS = ("--model", "ials", "--workers", "2", "--no-mlflow", "--rescore", "0")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_their_command_and_the_same_command_resumes(
    tmp_path: Path, command: Command, number: signal.Signals
) -> None:
    """SIGINT as a terminal sends it, to every process; SIGKILL to the command alone."""
    running = subprocess.Popen(
        [sys.executable, "-m", "bench.study", *WORDS, "--trials", "500"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_trials(tmp_path / "mfbench.db", 2, running)
    workers = psutil.Process(running.pid).children(recursive=True)
    assert len(workers) >= 2
    if number is signal.SIGINT:
        os.killpg(running.pid, number)
    else:
        running.kill()
    out, err = running.communicate(timeout=120)
    assert "Traceback" not in err
    deadline = time.monotonic() + 30
    while any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its command"
        time.sleep(0.1)
    n_finished = 2
    if number is signal.SIGINT:
        assert running.returncode == 128 + number
        n_finished = int(re.findall(r"Stopped after (\d+) of 500 trials", out)[0])
    resumed = command("study", *WORDS, "--trials", str(n_finished + 3))
    assert (resumed.code, resumed.err) == (0, "")
    total = re.findall(r"Best of (\d+) trials", resumed.out)
    assert int(total[0]) >= n_finished + 3
    assert int(total[0]) == n_finished + 3 or number is signal.SIGKILL  # some finished between the look and the kill
