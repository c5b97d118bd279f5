"""Folds: the training data of one fit and the items that its evaluation looks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.interactions import Ratings

__all__ = ["Fold", "FoldRatings", "GivenLikes", "Withheld"]


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """Ratings withheld from training, for a model to predict; arrays are (n,)."""

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    ratings: NDArray[np.float32]
    timestamps: NDArray[np.int64] | None  #: seconds


@dataclass(frozen=True, kw_only=True)
class FoldRatings:
    """Ratings of one fold; the training part has neither withheld ratings nor those of held-out items."""

    train: Ratings
    histories: sp.csr_array  #: (n_evaluation_users, n_items) training ratings of the evaluation users
    withheld: Withheld


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Training interactions of one fit, and the held-out interactions that evaluate it.

    Row j of ``histories`` and of ``held_out``, both (n_evaluation_users, n_items) CSR, belongs to user ``users[j]``
    (int64, ascending). ``histories`` holds the interactions that the model may know when it is queried for the user;
    ``held_out`` holds at least one per user. ``train`` is (n_users, n_items) CSR without held-out interactions.
    """

    train: sp.csr_array
    users: NDArray[np.int64]
    histories: sp.csr_array
    held_out: sp.csr_array
    fold_in: bool  #: cold-start users: absent from ``train``, the model gets their ``histories``
    seen_may_return: bool = False  #: rank items of a user's history like all others
    n_unknown: NDArray[np.int64] | None = None  #: (n_evaluation_users,) further held-out items, without a column
    timestamps: NDArray[np.int64] | None = None  #: seconds, aligned with ``train.data``, if a model needs them
    ratings: FoldRatings | None = None  #: if ratings were loaded
    user_features: sp.csr_array | None = None  #: (n_users, n_user_features) weights, if loaded
    item_features: sp.csr_array | None = None  #: (n_items, n_item_features) weights, if loaded
    excluded: sp.csr_array | None = None  #: (n_evaluation_users, n_items) items not to rank, if not ``histories``

    @property
    def of_ratings(self) -> Fold:
        """The fold with ratings in ``train`` and ``histories``; held-out and excluded items stay the same.

        Items with a low rating of the user are ranked like all unseen items. Without them, models of ratings would be
        ranked against fewer items than models of likes. Raises ValueError if the fold has no ratings.
        """
        if self.ratings is None:
            raise ValueError("there are no ratings to learn from, only likes; give data with a rating column")
        train = self.ratings.train
        return replace(
            self,
            train=train.matrix,
            timestamps=train.timestamps,
            histories=self.ratings.histories,
            excluded=self.histories,
        )

    @property
    def seen(self) -> sp.csr_array:
        """Items excluded from each user's ranking, (n_evaluation_users, n_items)."""
        if self.seen_may_return:
            return sp.csr_array(self.histories.shape, dtype=np.float32)
        return self.histories if self.excluded is None else self.excluded

    @property
    def n_held_out(self) -> NDArray[np.int64]:
        """Number of held-out items of each user, those without a column included; (n_evaluation_users,)."""
        known: NDArray[np.int64] = np.diff(self.held_out.indptr)
        return known if self.n_unknown is None else known + self.n_unknown

    def queries(self, rows: slice) -> Any:
        """Return the model's input for these rows: user numbers, or histories under fold-in."""
        return self.histories[rows] if self.fold_in else self.users[rows]


@dataclass(frozen=True, kw_only=True)
class GivenLikes:
    """Validation likes that the author of the data chose."""

    likes: sp.csr_array  #: (n_users, n_items) CSR of ones
    n_held_out: NDArray[np.int64]  #: (n_users,) validation likes of each user, items without training likes included
    n_from_cold_start_users: int = 0  #: likes of users without training likes, who are not evaluated
