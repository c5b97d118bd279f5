"""Nearest neighbours among the rows and columns of weighted likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, TypeVar, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Checked, Measure, Recommender
from models.config_checks import check_at_least_one, check_choice, check_not_negative
from models.inputs import csr_arrays
from models.kernels.neighbors import find_neighbors, sum_neighbors
from models.threads import limited_threads
from models.weighting import WeightingConfig

__all__ = ["ItemNeighbors", "Moments", "NeighborsConfig", "Similarity", "nearest", "similarity_moments"]

N = TypeVar("N")
Similarity = Literal["cooccurrence", "cosine", "pearson"]


@dataclass(frozen=True, kw_only=True)
class NeighborsConfig(WeightingConfig):
    """Hyperparameters of nearest neighbours; the only place where their defaults are written."""

    similarity: Similarity = "cosine"  #: similarity of two vectors of weighted likes
    n_neighbors: int = 100  #: number of neighbours kept
    shrinkage: float = (
        0.0  #: added to the denominator of cosine and Pearson, against similarities that rest on few likes
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self, "similarity", get_args(Similarity))
        check_at_least_one(self, "n_neighbors")
        check_not_negative(self, "shrinkage")


class Moments(NamedTuple):
    """Offsets and norms of n vectors; two vectors have the similarity (a.b - offset_a offset_b) / (norm_a norm_b)."""

    offsets: NDArray[np.float32]  #: (n,)
    norms: NDArray[np.float32]  #: (n,)


def similarity_moments(likes: sp.csr_array, similarity: Similarity) -> Moments:
    """Return the moments of the columns of ``likes`` (n, n_columns) for a similarity of two columns a and b:

    cooccurrence    a.b
    cosine          a.b / (|a| |b|)                        (Deshpande & Karypis 2004)
    pearson         (a.b - n m_a m_b) / (n sd_a sd_b)      with mean m and deviation sd of a column over all n rows
    """
    n, n_columns = likes.shape
    if similarity == "cooccurrence":
        return Moments(np.zeros(n_columns, np.float32), np.ones(n_columns, np.float32))
    squares = np.bincount(likes.indices, weights=likes.data.astype(np.float64) ** 2, minlength=n_columns)
    offsets = np.zeros(n_columns)
    if similarity == "pearson":
        offsets = np.bincount(likes.indices, weights=likes.data, minlength=n_columns) / np.sqrt(n)
    variances = squares - offsets**2
    # a constant column correlates with none
    norms = np.sqrt(np.where(variances > 1e-6 * squares, variances, np.inf))
    return Moments(offsets.astype(np.float32), norms.astype(np.float32))


def nearest(
    left: sp.csr_array,
    right: sp.csr_array,
    k: int,
    *,
    of_left: Moments,
    of_right: Moments,
    shrinkage: float = 0,
    itself: NDArray[np.int32] | None = None,
    threads: int | None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the columns of ``right`` (m, n_columns) nearest to each row of ``left`` (n, m), and their similarities.

    Both are (n, min(k, n_columns)), nearest first, equal ones by number. The similarity is
    (l.r - offset_l offset_r) / (norm_l norm_r + shrinkage). Only positive ones count: a row with fewer neighbours ends
    in -1 and 0. ``itself`` (n,) is a column that is not a neighbour of its row, or -1. Weights must be positive.
    """
    width = min(k, right.shape[1])
    neighbors = np.full((left.shape[0], width), -1, np.int32)
    similarities = np.zeros((left.shape[0], width), np.float32)
    plain = all((matrix.data == 1).all() for matrix in (left, right))  # weights that are all 1 are not read
    with limited_threads(threads, work=left.nnz):
        find_neighbors(
            (*csr_arrays(left), left.data[: 0 if plain else left.nnz]),
            (*csr_arrays(right), right.data[: 0 if plain else right.nnz]),
            np.full(left.shape[0], -1, np.int32) if itself is None else itself,
            tuple(of_left),
            tuple(of_right),
            np.float32(shrinkage),
            neighbors,
            similarities,
        )
    return neighbors, similarities


class ItemNeighbors(Recommender[N]):
    """Base class. score(u, i) = sum of sim(h, i) over the items h of u's history that have i among K neighbours."""

    arrays: ClassVar[tuple[str, ...]] = ("neighbors", "similarities")
    neighbors: NDArray[np.int32]  #: (n_items, n_neighbors), most similar first; -1 where there are fewer
    similarities: NDArray[np.float32]  #: (n_items, n_neighbors), 0 where there is no neighbour

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        histories = self._histories(queries)
        return self._summed(histories, np.ones_like(histories.data))

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        self._no_measure(measure)
        n_items = self._fitted_train().shape[1]
        ones = np.ones(len(items), np.float32)
        rows = sp.csr_array((ones, items, np.arange(len(items) + 1)), shape=(len(items), n_items))
        out = self._summed(rows, ones)
        out[out == 0] = -np.inf  # no user likes both
        return out

    def _summed(self, histories: sp.csr_array, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return sums of similarities of each item to each history, times ``weights`` (nnz,); (n, n_items)."""
        out = np.zeros(histories.shape, np.float32)
        with limited_threads(self.threads, work=histories.nnz):
            sum_neighbors(*csr_arrays(histories), weights, self.neighbors, self.similarities, out)
        return out
