"""Loads interactions from files, folders, zips, known data sets and synthetic sets."""

from bench.datasets.catalogue import known_names
from bench.datasets.errors import DataError
from bench.datasets.given_split import load_validation
from bench.datasets.loading import load
from bench.datasets.options import DataOptions
from bench.datasets.summary import describe

__all__ = ["DataError", "DataOptions", "describe", "known_names", "load", "load_validation"]
