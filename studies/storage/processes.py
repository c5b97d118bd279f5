"""Whether a process lives: known at once of this machine's own, unknown of any other's."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
from functools import cache
from pathlib import Path

__all__ = ["die_with_parent", "is_alive", "this_process"]

PR_SET_PDEATHSIG = 1  #: of Linux's prctl(2)


def this_process() -> str:
    """This process as a text by which any other on this machine can tell whether it lives."""
    return f"{_machine()} {os.getpid()} {_birth(os.getpid())}"


def is_alive(process: str) -> bool | None:
    """Whether the process that gave itself this text lives; None where it ran on another machine."""
    machine, pid, birth = process.rsplit(" ", 2)
    if machine != _machine():
        return None
    return _birth(int(pid)) == birth


def die_with_parent() -> None:
    """Have this process killed when its parent ends, even by a kill, and though no line of Python may run here then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@cache
def _machine() -> str:
    """This boot of this machine, and which of its processes can be seen from here: containers hide them."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return platform.node()


def _birth(pid: int) -> str:
    """When the process started, in ticks since boot, for numbers are given again; "" where it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "" if Path("/proc/self").exists() else _without_proc(pid)
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]


def _without_proc(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
