"""Description of the machine, and its load, for reports of measured times."""

from __future__ import annotations

import os

from studies.environment import describe_environment

__all__ = ["describe_machine", "load"]


def describe_machine(load_before: str, **more: str) -> dict[str, str]:
    """Return the environment as studies record it, ``more``, and the load before and now."""
    return {**describe_environment(), **more, "load before and after": f"{load_before} and {load()}"}


def load() -> str:
    """Load average of the last minute; times are too long if it exceeds the number of cores."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
