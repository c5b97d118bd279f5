"""Check that a large array fits into memory before it is allocated, instead of swapping."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import UserError

__all__ = ["TooLittleMemoryError", "available_bytes", "check_memory", "n_in_memory", "zeros_in_memory"]

_PROC, _GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
_lock = threading.Lock()


class TooLittleMemoryError(UserError, MemoryError):
    """A model needs more memory than is available; the message gives both figures and what to do."""


def check_memory(needed: int, model: str, n_items: int, *, processes: int = 1) -> None:
    """Raise TooLittleMemoryError unless each of ``processes`` that fit ``model`` can have ``needed`` bytes."""
    available = available_bytes()
    if available is not None and needed * processes > available:
        each = f" in each of {processes} processes" if processes > 1 else ""
        raise TooLittleMemoryError(
            f"{model} needs {needed / 1e9:,.2f} GB of memory for {n_items:,} items{each}, "
            f"and {available / 1e9:,.2f} GB are available; leave out rare items, "
            "or choose a model that keeps only some neighbours, such as item2item or rp3beta"
        )


def n_in_memory(needed: int) -> int:
    """Return how many arrays of ``needed`` bytes fit into the available memory."""
    available = available_bytes()
    return sys.maxsize if available is None else available // needed


def zeros_in_memory(shape: tuple[int, int], model: str) -> NDArray[np.float32]:
    """Return float32 zeros of ``shape`` (n, n_items) in allocated memory; TooLittleMemoryError if it is short."""
    with _lock:  # of two fits at a time, the second must see what the first has allocated
        check_memory(4 * math.prod(shape), model, shape[1])
        out = np.empty(shape, np.float32)
        out.fill(0)  # np.zeros would get its pages only when they are written
    return out


def available_bytes(proc: Path = _PROC, groups: Path = _GROUPS) -> int | None:
    """Return the bytes that this process can allocate without swapping; None if the system does not say.

    That is MemAvailable, or less if a control group limits the process.
    """
    return min([*_left_in_system(proc), *_left_in_groups(proc, groups)], default=None)


def _left_in_system(proc: Path) -> Iterator[int]:
    for line in _lines(proc / "meminfo"):
        if line.startswith("MemAvailable:"):
            yield 1024 * int(line.split()[1])


def _left_in_groups(proc: Path, groups: Path) -> Iterator[int]:
    """Yield, for each control group of the process, its limit less the memory it uses, without droppable caches."""
    for line in _lines(proc / "self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, limit, usage, cached = groups, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            root, limit, usage = groups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cached = "total_inactive_file"
        else:
            continue
        group = root / path.strip("/")
        for folder in (group, *(parent for parent in group.parents if parent.is_relative_to(root))):
            limits, used = _lines(folder / limit), _lines(folder / usage)
            if limits and used and limits[0].isdecimal():  # "max" means no limit
                droppable = [int(row.split()[1]) for row in _lines(folder / "memory.stat") if row.startswith(cached)]
                yield max(int(limits[0]) - int(used[0]) + sum(droppable), 0)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return []
