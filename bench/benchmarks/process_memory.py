"""How much memory this process holds, and the most it held since last asked to forget."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

__all__ = ["forget_peak", "held_bytes", "peak_bytes"]

_PROC = Path("/proc/self")
_UNIT = 1 if sys.platform == "darwin" else 1024  #: of ru_maxrss, in bytes


def forget_peak() -> None:
    """Let the peak start again from what is held now, where the system can; elsewhere it is the whole process's."""
    try:
        (_PROC / "clear_refs").write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """The high-water mark of resident memory."""
    # not ru_maxrss on Linux: there a process starts with the mark of the one that started it
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def held_bytes() -> int | None:
    """Resident memory, where the system tells."""
    return _status("VmRSS")


def _status(name: str) -> int | None:
    try:
        lines = (_PROC / "status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kib = next((line.split()[1] for line in lines if line.startswith(f"{name}:")), None)
    return None if kib is None else int(kib) * 1024
