"""Resident memory of this process: now, and its peak since the last reset."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

__all__ = ["forget_peak", "held_bytes", "peak_bytes"]

_PROC = Path("/proc/self")
_UNIT = 1 if sys.platform == "darwin" else 1024  #: bytes per unit of ru_maxrss


def forget_peak() -> None:
    """Reset the peak to the current memory; only Linux can, elsewhere the peak is that of the whole process."""
    try:
        (_PROC / "clear_refs").write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """Peak of resident memory since ``forget_peak``."""
    # not ru_maxrss on Linux, because a process inherits that of its parent
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def held_bytes() -> int | None:
    """Resident memory, or None if the system does not report it."""
    return _status("VmRSS")


def _status(name: str) -> int | None:
    try:
        lines = (_PROC / "status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kib = next((line.split()[1] for line in lines if line.startswith(f"{name}:")), None)
    return None if kib is None else int(kib) * 1024
