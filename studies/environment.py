"""Where a study ran: versions, machine, and a hash of the code that determines results."""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

__all__ = ["describe_environment"]

_LIBRARIES = ("numpy", "scipy", "numba", "optuna", "mlflow")
_CODE = ("evaluation", "models", "studies")  #: the packages whose code determines results


@cache
def describe_environment() -> dict[str, str]:
    """Return versions and machine by name; equal for the same installation on the same machine."""
    return {
        "mfbench": _version("mfbench"),
        "code": _code_hash(),
        "python": platform.python_version(),
        **{name: _version(name) for name in _LIBRARIES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _code_hash() -> str:
    """Return the first 12 digits of a SHA-256 over the sources of these packages."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for package in _CODE:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _memory() -> str:
    return f"{psutil.virtual_memory().total / 2**30:.1f} GiB"
