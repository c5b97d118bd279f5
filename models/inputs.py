"""Checks of the arguments of models; each raises a ValueError that says what is wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Features",
    "check_no_negative_weight",
    "checked_features",
    "checked_histories",
    "checked_items",
    "checked_likers",
    "checked_timestamps",
    "checked_train",
    "checked_users",
    "csr_arrays",
]


class Features(NamedTuple):
    """Weights of features of users and items; None where there are none."""

    users: sp.csr_array | None = None  #: (n_users, n_user_features)
    items: sp.csr_array | None = None  #: (n_items, n_item_features)


def checked_train(train: Any) -> sp.csr_array:
    """Return ``train`` as canonical CSR of float32; the same object if it already is that.

    Canonical means sorted indices and no duplicates; the weights of duplicates are summed. ValueError unless ``train``
    is a two-dimensional sparse matrix with at least one user, at least one item and finite weights.
    """
    matrix = _canonical("train", train)
    if 0 in matrix.shape:
        raise ValueError(f"train must have at least one user and one item, got shape {matrix.shape}")
    return matrix


def checked_features(features: Features | None, train: sp.csr_array) -> Features:
    """Return ``features`` as canonical CSR; ValueError unless they have a row for each user and item of ``train``."""
    checked = []
    for what, matrix, n_rows in zip(("users", "items"), features or Features(), train.shape, strict=True):
        if matrix is not None:
            matrix = _canonical(f"features of {what}", matrix)
            if matrix.shape[0] != n_rows:
                raise ValueError(f"features of {what} have {matrix.shape[0]} rows, but train has {n_rows} {what}")
        checked.append(matrix)
    return Features(*checked)


def checked_timestamps(timestamps: ArrayLike | None, train: Any) -> NDArray[np.int64] | None:
    """Return ``timestamps`` as (nnz,) int64; ValueError unless there is one for each entry of a canonical ``train``."""
    if timestamps is None:
        return None
    given = np.asarray(timestamps)
    if not sp.issparse(train) or train.format != "csr" or not train.has_canonical_format:
        raise ValueError("with timestamps, train must be a CSR matrix with sorted indices and no duplicates")
    if given.shape != (train.nnz,) or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(
            f"timestamps must be {train.nnz} whole numbers, one for each entry of train, got {_describe(given)}"
        )
    return given.astype(np.int64, copy=False)


def checked_histories(histories: Any, n_items: int) -> sp.csr_array:
    """Return ``histories`` (n, n_items) as canonical CSR; n may be 0. ValueError for another number of items."""
    matrix = _canonical("histories", histories)
    if matrix.shape[1] != n_items:
        raise ValueError(f"histories have {matrix.shape[1]} items, the model was fitted on {n_items}")
    return matrix


def checked_likers(likers: Any, n_users: int) -> sp.csr_array:
    """Return ``likers`` (n, n_users) of n items as canonical CSR; ValueError for another number of users."""
    matrix = _canonical("likers", likers)
    if matrix.shape[1] != n_users:
        raise ValueError(f"likers have {matrix.shape[1]} users, the model was fitted on {n_users}")
    return matrix


def checked_users(users: ArrayLike, n_users: int) -> NDArray[np.int64]:
    """Return ``users``, one number or several, as (n,) int64; ValueError unless all are from 0 to n_users - 1."""
    return _numbers("users", users, n_users)


def checked_items(items: ArrayLike, n_items: int, what: str = "items") -> NDArray[np.int64]:
    """Return ``items``, one number or several, as (n,) int64; ValueError unless all are from 0 to n_items - 1."""
    return _numbers(what, items, n_items)


def check_no_negative_weight(likes: sp.csr_array) -> None:
    """Raise ValueError if a like has a negative weight."""
    if likes.nnz and likes.data.min() < 0:
        raise ValueError(f"weights must not be negative, got {likes.data.min()}; leave out what is not liked")


def csr_arrays(matrix: sp.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return ``indptr`` and ``indices`` as int64 and int32, the only types that kernels are compiled for."""
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
