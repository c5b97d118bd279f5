"""Every way in which data enters: files, folders, zips, known sets, made-up sets."""

from bench.datasets.account import describe
from bench.datasets.errors import DataError
from bench.datasets.given_split import load_validation
from bench.datasets.loading import known_names, load
from bench.datasets.options import DataOptions

__all__ = ["DataError", "DataOptions", "describe", "known_names", "load", "load_validation"]
