"""Vectors of a model for an index of approximate nearest neighbours, and the recall and speed of such an index."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cli.spreadsheets import safe_cell
from evaluation.interactions import Interactions
from models.factor_model import FactorModel
from models.threads import available_threads

__all__ = ["IndexQuality", "can_index", "write_index", "write_vectors"]

EVALUATION_USERS = 1_000  #: users whose lists are compared, at most
ROUNDS = 5  #: timed repetitions of all queries; the fastest counts
#: two to four times usearch's defaults, with which recall was 0.9 among 50,000 items
EFFORT: dict[str, Any] = {"connectivity": 32, "expansion_add": 256, "expansion_search": 128}


@dataclass(frozen=True, kw_only=True)
class IndexQuality:
    """Recall and speed of an index against exact lists of the same users; both include seen items."""

    k: int
    n_users: int
    recall: float  #: share of an exact list that the index finds, mean over users
    rate: float  #: users a second
    exact_rate: float


def write_vectors(model: FactorModel[Any], interactions: Interactions, folder: Path) -> list[Path]:
    """Write ``users.npy`` and ``items.npy``, whose dot products are the scores, with ``users.csv`` and ``items.csv``.

    Row n of an ``.npy``, float32 (n, n_factors + n_bias_columns), belongs to the n-th line below the head of the
    ``.csv``. A title that a spreadsheet would take for a formula begins with an apostrophe; ids stay as they are.
    """
    titles = interactions.item_titles if interactions.item_titles is not None else interactions.item_ids
    users: list[tuple[Any, ...]] = [("id",), *zip(interactions.user_ids.tolist(), strict=True)]
    items: list[tuple[Any, ...]] = [
        ("id", "title"),
        *zip(interactions.item_ids.tolist(), map(safe_cell, titles.tolist()), strict=True),
    ]
    named = {"users": (model.user_factors, users), "items": (model.item_factors, items)}
    written = []
    for name, (vectors, rows) in named.items():
        written += [folder / f"{name}.npy", folder / f"{name}.csv"]
        np.save(written[-2], vectors)
        with written[-1].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    return written


def can_index() -> bool:
    """Whether usearch, an extra, is installed."""
    return find_spec("usearch") is not None


def write_index(model: FactorModel[Any], path: Path, k: int, *, seed: int) -> IndexQuality:
    """Write and measure a usearch index of the items: HNSW by dot product; its keys are rows of ``items.npy``."""
    from usearch.index import Index

    users, items = model.user_factors, model.item_factors
    threads = model.threads or available_threads()
    index = Index(ndim=items.shape[1], metric="ip", dtype="f32", **EFFORT)
    index.add(np.arange(len(items)), items, threads=threads)
    index.save(str(path))
    queried = np.sort(np.random.default_rng(seed).permutation(len(users))[:EVALUATION_USERS])
    k = min(k, len(items))
    exact, exact_seconds = _timed(lambda: model.recommend(queried, k, seen="include").items)
    found, seconds = _timed(lambda: index.search(users[queried], k, threads=threads).keys.reshape(len(queried), k))
    hits = sum(len(np.intersect1d(*row)) for row in zip(found, exact, strict=True))
    return IndexQuality(
        k=k,
        n_users=len(queried),
        recall=hits / (k * len(queried)),
        rate=len(queried) / seconds,
        exact_rate=len(queried) / exact_seconds,
    )


def _timed(call: Callable[[], NDArray[Any]]) -> tuple[NDArray[Any], float]:
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
    return result, min(seconds)
