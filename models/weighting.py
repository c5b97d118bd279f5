"""Weights of likes: 1, the given weight, its logarithm, or the term weights of text retrieval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_choice, check_not_negative
from models.decay import DecayConfig
from models.inputs import check_no_negative_weight

__all__ = ["Weighting", "WeightingConfig", "history_weights", "inverse_frequencies", "relative_lengths", "weighted"]

Weighting = Literal["likes", "weights", "log", "tfidf", "bm25"]


@dataclass(frozen=True, kw_only=True)
class WeightingConfig(DecayConfig):
    """Hyperparameters of the models that weigh likes; the only place where their defaults are written."""

    weighting: Weighting = "likes"  #: a like counts 1, its weight, log(1 + weight), or a term weight
    k1: float = 1.2  #: bm25: the greater, the later a weight saturates
    b: float = 0.75  #: bm25: how much less long documents count, from 0 to 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self, "weighting", get_args(Weighting))
        check_not_negative(self, "k1")
        if not 0 <= self.b <= 1:
            raise ValueError(f"b must be from 0 to 1, got {self.b}")


def weighted(
    likes: sp.csr_array, config: WeightingConfig, *, idf: NDArray[np.float32], lengths: NDArray[np.float32]
) -> sp.csr_array:
    """Return the same likes with new weights, by ``config.weighting``.

    Rows are terms, columns are documents. A like of weight w in a document of relative length l gets the weight
    (Manning et al. 2008, chapters 6.2 and 11.4, in the form of the library implicit)

        likes    1, or with a half-life min(w, 1)
        weights  w
        log      log(1 + w)
        tfidf    sqrt(w) idf
        bm25     w (k1 + 1) / (w + k1 (1 - b + b l)) idf

    ``idf`` (n_rows,) and ``lengths`` (n_columns,) are those of the likes that a model was fitted on. ValueError if a
    weight is negative.
    """
    check_no_negative_weight(likes)
    match config.weighting:
        case "likes":
            values = history_weights(likes, config)
        case "weights":
            values = likes.data
        case "log":
            values = np.log1p(likes.data)
        case "tfidf":
            values = np.sqrt(likes.data)
        case "bm25":
            limits = (config.k1 * (1 - config.b + config.b * lengths)).astype(np.float32)
            values = likes.data * np.float32(config.k1 + 1) / (likes.data + limits[likes.indices])
    if config.weighting in ("tfidf", "bm25"):
        values = values * np.repeat(idf, np.diff(likes.indptr))
    return sp.csr_array((values, likes.indices, likes.indptr), shape=likes.shape)


def history_weights(likes: sp.csr_array, config: WeightingConfig) -> NDArray[np.float32]:
    """Return the weight of each like in a history, (nnz,): 1, or less with its age if there is a half-life."""
    return np.ones_like(likes.data) if config.half_life_days is None else np.minimum(likes.data, 1)


def inverse_frequencies(likes: sp.csr_array) -> NDArray[np.float32]:
    """Return the idf of each row, (n_rows,): log(n_columns / (1 + number of its likes)), at least 0."""
    return np.maximum(np.log(likes.shape[1] / (1 + np.diff(likes.indptr))), 0).astype(np.float32)


def relative_lengths(likes: sp.csr_array, mean: float | None = None) -> NDArray[np.float32]:
    """Return the sum of each column's weights divided by ``mean``, (n_columns,); None: by the mean of the sums."""
    lengths = np.bincount(likes.indices, weights=likes.data, minlength=likes.shape[1])
    return (lengths / (mean or lengths.mean() or 1)).astype(np.float32)
