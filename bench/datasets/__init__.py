"""Every way in which data enters: files, folders, known sets."""

from bench.datasets.errors import DataError
from bench.datasets.loading import describe, known_names, load
from bench.datasets.options import DataOptions

__all__ = ["DataError", "DataOptions", "describe", "known_names", "load"]
