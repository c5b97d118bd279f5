from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from studies.storage.processes import die_with_parent, is_alive, this_process


def test_a_process_lives_until_it_ends_and_another_with_its_number_is_not_it() -> None:
    print_itself = "from studies.storage.processes import this_process; print(this_process(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", print_itself], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        named = other.stdout.readline().rstrip("\n")
        assert is_alive(named) is True
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # ended, and still in the list of processes
        assert is_alive(named) is False
    assert is_alive(named) is False
    machine, pid, birth = this_process().rsplit(" ", 2)
    assert is_alive(this_process()) is True
    assert is_alive(f"{machine} {pid} {int(birth) - 1}") is False


def test_processes_of_another_machine_are_unknown() -> None:
    assert is_alive("elsewhere 1 1") is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a process with its parent")
def test_a_process_that_hangs_is_killed_with_its_parent() -> None:
    child = (
        "import ctypes; from studies.storage.processes import die_with_parent, this_process; die_with_parent(); "
        "print(this_process(), flush=True); ctypes.PyDLL(None).sleep(1_000)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        named = other.stdout.readline().rstrip("\n")
        assert is_alive(named) is True
        other.kill()
        deadline = time.monotonic() + 60
        while is_alive(named) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert is_alive(named) is False


def test_setting_the_clock_does_not_change_whether_a_process_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux the time of the boot moves with the clock."""
    named, boot = this_process(), psutil.boot_time()
    for module in (psutil, psutil._psplatform):
        monkeypatch.setattr(module, "boot_time", lambda: boot + 1000)
    assert is_alive(named) is True


def test_a_text_that_describes_no_process_is_unknown() -> None:
    assert is_alive("damaged") is None
    assert is_alive(f"{this_process()}x y") is None


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_only_linux_is_asked_to_kill_a_process_with_its_parent(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("ctypes.CDLL", None)
    die_with_parent()
