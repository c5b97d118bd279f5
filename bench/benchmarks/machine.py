"""The machine that times hold for, and whether others kept it busy."""

from __future__ import annotations

import os

from studies.environment import describe_environment

__all__ = ["describe_machine", "load"]


def describe_machine(load_before: str, **more: str) -> dict[str, str]:
    """What studies say of it, ``more``, and the load before and now."""
    return {**describe_environment(), **more, "load before and after": f"{load_before} and {load()}"}


def load() -> str:
    """Processes that wanted a core in the last minute: above the number of cores, times are too long."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
