"""A latent model's vectors for an index of approximate nearest neighbours, and what such an index costs and misses."""

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

from evaluation.interactions import Interactions
from models.factor_model import FactorModel
from models.threads import available_threads

__all__ = ["IndexQuality", "can_index", "write_index", "write_vectors"]

EVALUATION_USERS = 1_000  #: users whose lists are compared, at most
ROUNDS = 5  #: of asking for all of them; the fastest counts
#: twice to four times usearch's defaults, with which it missed a tenth of what is sought among 50,000 items
EFFORT: dict[str, Any] = {"connectivity": 32, "expansion_add": 256, "expansion_search": 128}


@dataclass(frozen=True, kw_only=True)
class IndexQuality:
    """An index beside the exact lists of the same users, seen items included in both."""

    k: int
    n_asked: int
    recall: float  #: share of an exact list that the index finds, averaged over users
    rate: float  #: users a second
    exact_rate: float


def write_vectors(model: FactorModel[Any], interactions: Interactions, folder: Path) -> list[Path]:
    """``users.npy`` and ``items.npy``, whose dot products are the scores, and ``users.csv``, ``items.csv``.

    Row n of an ``.npy``, float32 (n, n_factors + n_bias_columns), belongs to the n-th line after the ``.csv``'s head.
    """
    titles = interactions.item_titles if interactions.item_titles is not None else interactions.item_ids
    users: list[tuple[Any, ...]] = [("id",), *zip(interactions.user_ids.tolist(), strict=True)]
    items: list[tuple[Any, ...]] = [("id", "title"), *zip(interactions.item_ids.tolist(), titles.tolist(), strict=True)]
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
    """Write a usearch index of the items, HNSW by dot product, whose keys are rows of ``items.npy``, and try it."""
    from usearch.index import Index

    users, items = model.user_factors, model.item_factors
    threads = model.threads or available_threads()
    index = Index(ndim=items.shape[1], metric="ip", dtype="f32", **EFFORT)
    index.add(np.arange(len(items)), items, threads=threads)
    index.save(str(path))
    asked = np.sort(np.random.default_rng(seed).permutation(len(users))[:EVALUATION_USERS])
    k = min(k, len(items))
    exact, exact_seconds = _timed(lambda: model.recommend(asked, k, seen="include").items)
    found, seconds = _timed(lambda: index.search(users[asked], k, threads=threads).keys.reshape(len(asked), k))
    hits = sum(len(np.intersect1d(*row)) for row in zip(found, exact, strict=True))
    return IndexQuality(
        k=k,
        n_asked=len(asked),
        recall=hits / (k * len(asked)),
        rate=len(asked) / seconds,
        exact_rate=len(asked) / exact_seconds,
    )


def _timed(call: Callable[[], NDArray[Any]]) -> tuple[NDArray[Any], float]:
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
    return result, min(seconds)
