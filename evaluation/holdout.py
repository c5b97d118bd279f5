"""Selects held-out interactions and builds the folds around them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.fold import Fold, GivenLikes
from evaluation.interactions import Interactions, only_entries
from evaluation.split_options import InvalidSplitError, SplitOptions

__all__ = ["Holdout"]


class Holdout:
    """Selects users and entries at random and builds folds from them.

    An entry is a position in ``matrix.data``. Each selection draws from its own random ``stream``.
    """

    def __init__(self, interactions: Interactions, options: SplitOptions) -> None:
        self.matrix = interactions.matrix
        self.timestamps = interactions.timestamps
        self.content_hash = interactions.content_hash
        self.options = options
        tables = {"user_features": interactions.user_features, "item_features": interactions.item_features}
        self.features = {name: table.matrix for name, table in tables.items() if table is not None}

    def choose_users(self, candidates: NDArray[np.int64], n: int, *, stream: int) -> NDArray[np.int64]:
        """Select ``n`` of the ``candidates``, ascending."""
        chosen = self._rng(stream).choice(candidates, size=n, replace=False)
        return np.sort(chosen)

    def choose_entries(
        self, users: NDArray[np.int64], held_out_before: NDArray[np.int64], *, stream: int
    ) -> NDArray[np.int64]:
        """Select ``options.n_held_out`` entries of each user, ascending, none of them in ``held_out_before``.

        Among equal timestamps the selection is random.
        """
        entries, rows = self._entries(users)
        free = ~np.isin(entries, held_out_before)
        entries, rows = entries[free], rows[free]
        keys = [self._rng(stream).random(len(entries)), rows]
        if self.options.holdout == "last":
            assert self.timestamps is not None
            keys.insert(1, -self.timestamps[entries])
        order = np.lexsort(keys)
        position = np.arange(len(rows)) - np.searchsorted(rows, rows)
        return np.sort(entries[order[position < self.options.n_held_out]])

    def fold(
        self,
        users: NDArray[np.int64],
        entries: NDArray[np.int64],
        *,
        also_held_out: NDArray[np.int64],
        cold_start_users: NDArray[np.int64],
    ) -> Fold:
        """Build the fold that holds out ``entries`` of ``users``.

        ``also_held_out`` are entries removed from training as well; fold-in also removes all of ``cold_start_users``.
        """
        known = np.ones(self.matrix.nnz, bool)
        known[entries] = False
        known[also_held_out] = False
        histories = self._only(known)[users]
        fold_in = self.options.protocol == "fold-in"
        if fold_in:
            known[self._entries(cold_start_users)[0]] = False
        held_out = np.zeros(self.matrix.nnz, bool)
        held_out[entries] = True
        return Fold(
            train=self._only(known),
            users=users,
            histories=histories,
            held_out=self._only(held_out)[users],
            fold_in=fold_in,
            seen_may_return=self.options.seen == "include",
            **self.features,
        )

    def given_fold(self, given: GivenLikes, test_entries: NDArray[np.int64]) -> Fold:
        """Build the fold that holds out the author's validation likes.

        Likes that belong to the test or whose item is not ranked are left out.
        """
        is_test = np.zeros(self.matrix.nnz, bool)
        is_test[test_entries] = True
        may_return = self.options.seen == "include"
        n_unknown = given.n_held_out - np.diff(given.likes.indptr)
        likes = given.likes - given.likes.multiply(self._only(is_test) if may_return else self.matrix).astype(bool)
        likes.eliminate_zeros()
        train = self._only(~is_test)
        candidates = np.flatnonzero((np.diff(likes.indptr) + n_unknown > 0) & (np.diff(train.indptr) > 0))
        if len(candidates) == 0:
            raise InvalidSplitError("no user has a validation like that is not also a training like")
        users = self.choose_users(candidates, min(len(candidates), self.options.validation_users), stream=2)
        return Fold(
            train=train,
            users=users,
            histories=train[users],
            held_out=likes[users],
            fold_in=False,
            seen_may_return=may_return,
            n_unknown=n_unknown[users],
            **self.features,
        )

    def pairs(self, entries: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the users and the items of ``entries``."""
        return np.searchsorted(self.matrix.indptr, entries, side="right") - 1, self.matrix.indices[entries]

    def digest(self, *arrays: NDArray[Any]) -> str:
        """SHA-256 (hex) of the data and of integer ``arrays`` that identify the held-out entries."""
        digest = hashlib.sha256(self.content_hash.encode())
        for array in arrays:
            digest.update(array.astype("<i8").tobytes())
        return digest.hexdigest()

    def _entries(self, users: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return all entries of these users, and for each entry the index of its user in ``users``."""
        starts, sizes = self.matrix.indptr[users].astype(np.int64), np.diff(self.matrix.indptr)[users].astype(np.int64)
        rows = np.repeat(np.arange(len(users)), sizes)
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return starts[rows] + offsets, rows

    def _only(self, kept: NDArray[np.bool_]) -> sp.csr_array:
        return only_entries(self.matrix, kept)

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.options.seed, stream])
