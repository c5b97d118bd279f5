"""What contests run on: data sets split as a study splits them, with the test likes left in their seal."""

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
    """What ``--data`` would be, and a name that fits into a table, by default the data's own."""

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
    """A data set's first validation fold, and what to say about it."""

    about: DataSet
    fold: Fold


def sets_for(data: str | None, *, with_large: bool) -> Sequence[NamedData]:
    """The one that was asked for, or the standard ones."""
    if data is not None:
        return (NamedData(data),)
    return (*STANDARD, LARGE) if with_large else STANDARD


def load_benchmark_data(named: NamedData, options: DataOptions, seed: int) -> BenchmarkData:
    """Load ``named`` by the other ``options``, and hide validation likes and, unseen by anybody, test likes."""
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
    """Every like alike: what the libraries make of play counts are different problems."""
    matrix = interactions.matrix.copy()
    matrix.data[:] = 1
    return replace(interactions, matrix=matrix)
