"""Checks of what reaches a model from outside; each failure is one ValueError that says what is wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Features",
    "checked_features",
    "checked_histories",
    "checked_items",
    "checked_likers",
    "checked_timestamps",
    "checked_train",
    "checked_users",
    "csr_parts",
]


class Features(NamedTuple):
    """What is known of users and items beside likes: weights of features, None of whom nothing is known."""

    users: sp.csr_array | None = None  #: (n_users, n_user_features)
    items: sp.csr_array | None = None  #: (n_items, n_item_features)


def checked_train(train: Any) -> sp.csr_array:
    """``train`` as canonical CSR of float32, its own object where it already is that.

    Canonical: sorted indices, no pair twice; of a pair that stands twice the weights are summed. Raises
    ValueError unless it is a two-dimensional sparse matrix of at least one user and one item with finite weights.
    """
    matrix = _canonical("train", train)
    if 0 in matrix.shape:
        raise ValueError(f"train must have at least one user and one item, got shape {matrix.shape}")
    return matrix


def checked_features(features: Features | None, train: sp.csr_array) -> Features:
    """``features`` in the form of ``train``; ValueError unless they have a row for each of its users and items."""
    checked = []
    for what, matrix, n_rows in zip(("users", "items"), features or Features(), train.shape, strict=True):
        if matrix is not None:
            matrix = _canonical(f"features of {what}", matrix)
            if matrix.shape[0] != n_rows:
                raise ValueError(f"there are features of {matrix.shape[0]} {what}, and train has {n_rows}")
        checked.append(matrix)
    return Features(*checked)


def checked_timestamps(timestamps: ArrayLike | None, train: Any) -> NDArray[np.int64] | None:
    """``timestamps`` as (nnz,) int64; ValueError unless they are one whole number an entry of a canonical ``train``."""
    if timestamps is None:
        return None
    given = np.asarray(timestamps)
    if not sp.issparse(train) or train.format != "csr" or not train.has_canonical_format:
        raise ValueError("timestamps belong to the entries of a CSR matrix with sorted indices and no pair twice")
    if given.shape != (train.nnz,) or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"timestamps must be {train.nnz} whole numbers, one an entry, got {_describe(given)}")
    return given.astype(np.int64, copy=False)


def checked_histories(histories: Any, n_items: int) -> sp.csr_array:
    """``histories`` (n, n_items) in the form of ``checked_train``; n may be 0."""
    matrix = _canonical("histories", histories)
    if matrix.shape[1] != n_items:
        raise ValueError(f"histories have {matrix.shape[1]} items, the model was fitted on {n_items}")
    return matrix


def checked_likers(likers: Any, n_users: int) -> sp.csr_array:
    """``likers`` (n, n_users) of items in the form of ``checked_train``; n may be 0."""
    matrix = _canonical("likers", likers)
    if matrix.shape[1] != n_users:
        raise ValueError(f"likers are of {matrix.shape[1]} users, the model was fitted on {n_users}")
    return matrix


def checked_users(users: ArrayLike, n_users: int) -> NDArray[np.int64]:
    """``users``, one number or a list of them, as (n,) int64 of at least 0 and less than ``n_users``."""
    return _numbers("users", users, n_users)


def checked_items(items: ArrayLike, n_items: int, what: str = "items") -> NDArray[np.int64]:
    """``items``, one number or a list of them, as (n,) int64 of at least 0 and less than ``n_items``."""
    return _numbers(what, items, n_items)


def csr_parts(matrix: sp.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """``indptr`` and ``indices`` in the one dtype each that kernels are compiled for."""
    return matrix.indptr.astype(np.int64, copy=False), matrix.indices.astype(np.int32, copy=False)


def _canonical(what: str, matrix: Any) -> sp.csr_array:
    if not sp.issparse(matrix) or matrix.ndim != 2:
        raise ValueError(f"{what} must be a two-dimensional SciPy sparse matrix, got {_describe(matrix)}")
    csr: sp.csr_array = sp.csr_array(matrix)
    if csr.dtype != np.float32:
        csr = csr.astype(np.float32)
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
    if not np.isfinite(csr.data).all():
        raise ValueError(f"weights of {what} must be finite; {(~np.isfinite(csr.data)).sum()} are not")
    return csr


def _numbers(what: str, numbers: ArrayLike, n: int) -> NDArray[np.int64]:
    given = np.atleast_1d(np.asarray(numbers))
    if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
        raise ValueError(f"{what} must be whole numbers in one dimension, got {_describe(given)}")
    if given.size and (given.min() < 0 or given.max() >= n):
        raise ValueError(f"{what} must be from 0 to {n - 1}, got {given.min()} to {given.max()}")
    return given.astype(np.int64, copy=False)


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"shape {shape} of {value.dtype}"
