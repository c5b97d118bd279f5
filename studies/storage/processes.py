"""Whether a process lives: known of the processes of this machine, unknown of those of any other."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
from functools import cache
from pathlib import Path

import psutil

__all__ = ["die_with_parent", "is_alive", "this_process"]

PR_SET_PDEATHSIG = 1  #: of Linux's prctl(2)


def this_process() -> str:
    """Return a text by which any process on this machine can tell whether this one lives."""
    return f"{_machine()} {os.getpid()} {_birth(os.getpid())}"


def is_alive(process: str) -> bool | None:
    """Whether the process that ``this_process`` described lives; None where it ran on another machine."""
    try:
        machine, pid, birth = process.rsplit(" ", 2)
        return _birth(int(pid)) == birth if machine == _machine() else None
    except ValueError:  # not such a text, which only a damaged study has
        return None


def die_with_parent() -> None:
    """Have this process killed when its parent ends, even if it is killed or never runs Python again; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@cache
def _machine() -> str:
    """Name this boot of this machine, and the processes that can be seen from here: containers hide the others."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return platform.node()


def _birth(pid: int) -> str:
    """Return when the process started, in hundredths of a second, as numbers are given again; "" where it has ended.

    Linux counts from the boot, other systems from 1970. psutil adds the time of the boot on Linux, which changes when
    somebody sets the clock.
    """
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return ""
        seconds = process.create_time() - (psutil.boot_time() if psutil.LINUX else 0)
    except psutil.NoSuchProcess:
        return ""
    return str(round(100 * seconds))
