"""Examples: neighbours of items and recommendations by title, and maps of the items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.fold import Fold
from evaluation.interactions import Interactions
from evaluation.overlap import RankedLists
from studies.comparison.scores import Refits
from studies.record.comparison import ItemMapRecord, NeighboursRecord, SampleUserRecord

__all__ = ["map_items", "map_records", "neighbour_records", "sample_user_records", "titles_of"]

SHOWN = 10  #: items shown of a list
N_MAPPED = 600  #: the most popular items, which a map shows
N_SAMPLE_USERS = 5
UMAP_NEIGHBOURS = 15  #: the default of UMAP, which needs more items


def titles_of(interactions: Interactions) -> NDArray[np.str_]:
    """Return the (n_items,) titles, or ids where there are none."""
    if interactions.item_titles is not None:
        return interactions.item_titles
    return interactions.item_ids.astype(np.str_)


def neighbour_records(
    names: Sequence[str],
    refits: Refits,
    rows: NDArray[np.int64],
    items: NDArray[np.int64],
    titles: NDArray[np.str_],
    fold: Fold,
) -> Iterator[NeighboursRecord]:
    """Yield the neighbours of each of ``items``; ``rows`` are the rows of the refits' neighbour lists for them."""
    n_likes = np.bincount(fold.train.indices, minlength=fold.train.shape[1])
    for row, item in zip(rows, items, strict=True):
        lists = {name: _titled(refits[name][0].neighbours, row, titles) for name in names}
        yield NeighboursRecord(item=str(titles[item]), n_likes=int(n_likes[item]), lists=lists)


def sample_user_records(
    names: Sequence[str], refits: Refits, fold: Fold, interactions: Interactions, titles: NDArray[np.str_], *, seed: int
) -> Iterator[SampleUserRecord]:
    """Yield test users drawn at random, with the most popular items of their history."""
    n_likes = np.bincount(fold.train.indices, minlength=fold.train.shape[1])
    rng = np.random.default_rng(seed)
    for row in np.sort(rng.choice(len(fold.users), min(N_SAMPLE_USERS, len(fold.users)), replace=False)):
        history = fold.histories.indices[fold.histories.indptr[row] : fold.histories.indptr[row + 1]]
        held_out = fold.held_out.indices[fold.held_out.indptr[row] : fold.held_out.indptr[row + 1]]
        known = history[np.argsort(-n_likes[history], kind="stable")][:SHOWN]
        ranks = {name: refits[name][0].ranks for name in names}
        yield SampleUserRecord(
            user=str(interactions.user_ids[fold.users[row]]),
            n_history=len(history),
            history=tuple(map(str, titles[known])),
            hidden=tuple(map(str, titles[held_out])),
            ranks={name: float(r.ranks[r.indptr[row]]) for name, r in ranks.items()},
            lists={name: _titled(refits[name][0].lists, row, titles) for name in names},
        )


def map_items(fold: Fold) -> NDArray[np.int64]:
    """Return the items of every map: the most popular ones, in descending order."""
    n_likes = np.bincount(fold.train.indices, minlength=fold.train.shape[1])
    return np.argsort(-n_likes, kind="stable")[:N_MAPPED]


def map_records(
    vectors: Mapping[str, NDArray[np.float32]], items: NDArray[np.int64], method: str
) -> list[ItemMapRecord]:
    """Map the item vectors (n_items, n_factors) of each latent model; by PCA where UMAP has too few items."""
    return [_item_map(name, every[items].astype(np.float64), method) for name, every in vectors.items()]


def _item_map(name: str, vectors: NDArray[np.float64], method: str) -> ItemMapRecord:
    explained = None
    if len(vectors) <= UMAP_NEIGHBOURS:
        method = "pca"
    if method == "umap":
        points = _umap(vectors)
    else:
        points, explained = _principal_components(vectors)
    points = np.nan_to_num(points)
    x, y = (tuple(round(float(value), 4) for value in column) for column in points.T)
    return ItemMapRecord(name=name, method=method, explained=explained, x=x, y=y)


def _principal_components(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the first two principal components, with fixed signs, and their share of the variance."""
    centred = vectors - vectors.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(vectors), 2))
    n = min(2, len(singular))
    points[:, :n] = left[:, :n] * singular[:n]
    largest = np.abs(points).argmax(axis=0)
    points *= np.where(points[largest, [0, 1]] < 0, -1, 1)
    total = float((singular**2).sum())
    return points, float((singular[:n] ** 2).sum()) / total if total else 0.0


def _umap(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    from umap import UMAP  # optional, and slow to import

    model = UMAP(n_neighbors=UMAP_NEIGHBOURS, n_components=2, metric="cosine", random_state=0, n_jobs=1)
    points: NDArray[np.float64] = model.fit_transform(vectors)
    return points


def _titled(lists: RankedLists, row: int, titles: NDArray[np.str_]) -> tuple[str, ...]:
    items = lists.items[row, :SHOWN]
    return tuple(map(str, titles[items[items >= 0]]))
