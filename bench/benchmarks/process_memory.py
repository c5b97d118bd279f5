"""Resident memory of this process: now, and its peak since the last reset."""

from __future__ import annotations

from pathlib import Path

import psutil

__all__ = ["forget_peak", "held_bytes", "peak_bytes"]

_PROC = Path("/proc/self")  # of Linux, where psutil knows no peak
_UNIT = 1 if psutil.MACOS else 1024  #: of ru_maxrss, in bytes


def forget_peak() -> None:
    """Reset the peak to the current memory; only Linux can, elsewhere the peak is that of the whole process."""
    try:
        (_PROC / "clear_refs").write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """Return the most resident memory that the process held."""
    if psutil.WINDOWS:
        return int(psutil.Process().memory_info().peak_wset)
    import resource  # which Windows does not have

    # not ru_maxrss on Linux: there a process starts with the peak of the one that started it
    return _high_water_mark() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def held_bytes() -> int:
    """Return the resident memory of the process."""
    return int(psutil.Process().memory_info().rss)


def _high_water_mark() -> int | None:
    try:
        lines = (_PROC / "status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kib = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
    return None if kib is None else int(kib) * 1024
