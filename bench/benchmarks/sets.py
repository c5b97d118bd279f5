"""Data sets of the benchmarks, split as in a study; the sealed test is not opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.datasets.loading import load
from bench.datasets.options import DataOptions
from evaluation.interactions import Interactions
from evaluation.split import Fold, SplitOptions, split_likes
from studies.record.peers import DataSet

__all__ = ["BenchmarkData", "NamedData", "load_benchmark_data", "sets_for"]


@dataclass(frozen=True)
class NamedData:
    """A value of ``--data``, and a short name for tables, by default the name of the data."""

    data: str
    label: str = ""


STANDARD = (
    NamedData("movielens-small", "movielens-small"),
    NamedData("synthetic:users=6018,items=3018,pairs=933517", "like ML-1M"),
    NamedData("synthetic:users=29858,items=40981,pairs=810000", "sparse"),
)
LARGE = NamedData("synthetic:users=138000,items=27000,pairs=20000000", "20 M")


@dataclass(frozen=True)
class BenchmarkData:
    """First validation fold of a data set, and its description."""

    about: DataSet
    fold: Fold


def sets_for(data: str | None, *, with_large: bool) -> Sequence[NamedData]:
    """Return ``data`` if given, else the standard data sets."""
    if data is not None:
        return (NamedData(data),)
    return (*STANDARD, LARGE) if with_large else STANDARD


def load_benchmark_data(named: NamedData, options: DataOptions, seed: int) -> BenchmarkData:
    """Load ``named`` with the other ``options``, and split it into training, validation and an unused test."""
    interactions = load(replace(options, data=named.data))
    fold = split_likes(_of_weight_one(interactions), SplitOptions(seed=seed, draws=1)).validation[0]
    about = DataSet(
        label=named.label or interactions.name,
        name=interactions.name,
        n_users=interactions.n_users,
        n_items=interactions.n_items,
        n_likes=fold.train.nnz,
        n_validation_users=len(fold.users),
        content_hash=interactions.content_hash,
        terms=interactions.source.terms,
    )
    return BenchmarkData(about, fold)


def _of_weight_one(interactions: Interactions) -> Interactions:
    """Set all weights to 1, because the libraries treat play counts differently."""
    matrix = interactions.matrix.copy()
    matrix.data[:] = 1
    return replace(interactions, matrix=matrix)
