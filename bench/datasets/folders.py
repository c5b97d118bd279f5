"""The folders of fetched sets and of cached parsed data."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "fetched_file", "parsed_folder"]


def cache_folder() -> Path:
    """``MFBENCH_CACHE``, else ``mfbench`` in the user's cache folder; it need not exist yet."""
    if chosen := os.environ.get("MFBENCH_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mfbench"


def fetched_file(file_name: str) -> Path:
    return cache_folder() / "sets" / file_name


def parsed_folder() -> Path:
    return cache_folder() / "parsed"
