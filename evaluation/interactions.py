"""Interactions: the form in which data reaches splits, models and metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from models.errors import UserError

__all__ = ["FeatureTable", "Interactions", "InvalidInteractionsError", "Ratings", "Source", "only_entries"]


class InvalidInteractionsError(UserError):
    """The data cannot be used; the message names the reason, the value and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Origin of the interactions, and counts of the rows that were dropped."""

    rows_read: int
    users_read: int | None = None  #: users among the rows read, with or without likes
    items_read: int | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)  #: reason -> rows
    notes: tuple[str, ...] = ()  #: repairs and decisions made while reading, one sentence each
    positive_from: float | None = None  #: smallest rating that counts as a like; None if every row is a like
    value_name: str = "rating"  #: name of the values that positive_from applies to
    terms: str = ""  #: licence and citation, shown with the results


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """All ratings, high and low: canonical (n_users, n_items) float32 CSR in which a rating of 0 is a stored entry."""

    matrix: sp.csr_array
    timestamps: NDArray[np.int64] | None = None  #: (nnz,) seconds, aligned with ``matrix.data``

    def only(self, kept: NDArray[np.bool_]) -> Ratings:
        """Return the ratings whose entry in ``kept`` (nnz,) is true."""
        times = None if self.timestamps is None else self.timestamps[kept]
        return Ratings(matrix=only_entries(self.matrix, kept), timestamps=times)


@dataclass(frozen=True, kw_only=True)
class FeatureTable:
    """Features of users or of items: canonical (n_rows, n_features) float32 CSR of weights.

    ``columns`` are the columns of the table that the features came from. ``names`` (n_features,) and ``columns`` are
    untrusted text.
    """

    matrix: sp.csr_array
    names: NDArray[np.str_]
    columns: tuple[str, ...]

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the weights and the feature names."""
        digest = hashlib.sha256(repr(self.matrix.shape).encode())
        for array, dtype in ((self.matrix.indptr, "<i8"), (self.matrix.indices, "<i4"), (self.matrix.data, "<f4")):
            digest.update(np.ascontiguousarray(array, dtype).tobytes())
        digest.update("\x1f".join(self.names.tolist()).encode())
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Interactions:
    """Likes of users for items.

    ``matrix`` is canonical (n_users, n_items) float32 CSR: sorted indices, no duplicates, no empty
    row or column. A weight is 1, or the count if the data has play counts. ``timestamps`` (nnz,) are
    int64 seconds aligned with ``matrix.data``. ``user_ids`` (n_users,) and ``item_ids`` (n_items,)
    are the sorted ids of the input file; ``item_titles`` (n_items,) are untrusted text.

    ``ratings`` and features are loaded only for models that need them. Ratings cover the same users and items and
    include those of the likes. ``content_hash`` depends on neither, so it identifies the likes in both cases.
    """

    name: str
    matrix: sp.csr_array
    user_ids: NDArray[Any]
    item_ids: NDArray[Any]
    source: Source
    timestamps: NDArray[np.int64] | None = None
    item_titles: NDArray[np.str_] | None = None
    ratings: Ratings | None = None
    user_features: FeatureTable | None = None
    item_features: FeatureTable | None = None

    @classmethod
    def from_rows(
        cls,
        name: str,
        users: ArrayLike,
        items: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        timestamps: ArrayLike | None = None,
        source: Source | None = None,
    ) -> Interactions:
        """Build interactions from pairs of ids, (n_rows,) each; ids are integers or strings.

        Rows with the same pair are merged: their weights are summed and the latest timestamp is kept. Raises
        InvalidInteractionsError for fewer than two users or two items.
        """
        user_ids, user_codes = np.unique(np.asarray(users), return_inverse=True)
        item_ids, item_codes = np.unique(np.asarray(items), return_inverse=True)
        if len(user_ids) < 2 or len(item_ids) < 2:
            raise InvalidInteractionsError(
                f"{name}: {len(user_ids)} users and {len(item_ids)} items are left; at least two of each are needed"
            )
        n_rows = len(user_codes)
        data = np.ones(n_rows, np.float32) if weights is None else np.asarray(weights, np.float32)
        cells = user_codes.astype(np.int64) * len(item_ids) + item_codes
        order = np.lexsort((data, cells))  # by weight too, because the sum of floats depends on their order
        starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
        unique_cells = cells[order][starts]
        indptr = np.zeros(len(user_ids) + 1, np.int64)
        np.cumsum(np.bincount(unique_cells // len(item_ids), minlength=len(user_ids)), out=indptr[1:])
        indices = (unique_cells % len(item_ids)).astype(np.int32)
        matrix = sp.csr_array(
            (np.add.reduceat(data[order], starts), indices, indptr), shape=(len(user_ids), len(item_ids))
        )
        times = None
        if timestamps is not None:
            times = np.maximum.reduceat(np.asarray(timestamps, np.int64)[order], starts)
        return cls(
            name=name,
            matrix=matrix,
            user_ids=user_ids,
            item_ids=item_ids,
            timestamps=times,
            source=source or Source(rows_read=n_rows),
        )

    def with_titles(self, titles: Mapping[Any, str]) -> Interactions:
        """Return a copy with item titles from ``titles`` (item id -> title); an item without a title gets its id."""
        named = [titles.get(item, str(item)) for item in self.item_ids.tolist()]
        return replace(self, item_titles=np.array(named, dtype=np.str_))

    @property
    def n_users(self) -> int:
        return int(self.matrix.shape[0])

    @property
    def n_items(self) -> int:
        return int(self.matrix.shape[1])

    @property
    def n_likes(self) -> int:
        return int(self.matrix.nnz)

    @property
    def is_weighted(self) -> bool:
        """Whether the weights differ from each other."""
        return bool(self.matrix.nnz) and bool((self.matrix.data != self.matrix.data[0]).any())

    def times_of(self, likes: sp.csr_array) -> NDArray[np.int64]:
        """Timestamps of ``likes``, a (n_users, n_items) CSR subset of ``matrix``; (likes.nnz,) seconds."""
        assert self.timestamps is not None
        return self.timestamps[np.searchsorted(_cells(self.matrix), _cells(likes))]

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the likes, weights, timestamps and ids, which does not depend on the file format."""
        digest = hashlib.sha256()
        digest.update(repr(self.matrix.shape).encode())
        for array, dtype in ((self.matrix.indptr, "<i8"), (self.matrix.indices, "<i4"), (self.matrix.data, "<f4")):
            digest.update(np.ascontiguousarray(array, dtype).tobytes())
        if self.timestamps is not None:
            digest.update(np.ascontiguousarray(self.timestamps, "<i8").tobytes())
        for ids in (self.user_ids, self.item_ids):
            digest.update("\x1f".join(map(str, ids.tolist())).encode())
        return digest.hexdigest()


def only_entries(matrix: sp.csr_array, kept: NDArray[np.bool_]) -> sp.csr_array:
    """Return the entries of a CSR matrix that are true in ``kept`` (nnz,), stored zeros included."""
    indptr = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return sp.csr_array((matrix.data[kept], matrix.indices[kept], indptr.astype(np.int64)), shape=matrix.shape)


def _cells(matrix: sp.csr_array) -> NDArray[np.int64]:
    """Row-major index of each entry in the whole matrix, (nnz,)."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return rows * matrix.shape[1] + matrix.indices
