"""What one fit may see, and what it is asked."""

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
    """Ratings that a model is asked to predict; arrays are (n,)."""

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    ratings: NDArray[np.float32]
    timestamps: NDArray[np.int64] | None  #: seconds


@dataclass(frozen=True, kw_only=True)
class FoldRatings:
    """What one fit may see of the ratings: of none that belongs to a hidden like, and of none that is withheld."""

    train: Ratings
    histories: sp.csr_array  #: (n_asked, n_items) what the asked users rated
    withheld: Withheld


@dataclass(frozen=True, kw_only=True)
class Fold:
    """What one fit may see, and the likes it is asked to find.

    Row j of ``histories`` and of ``hidden`` (both (n_asked, n_items) CSR) belongs to user ``users[j]``
    (int64, ascending): what may be known of the user when asked, and the likes hidden from the model,
    at least one. ``train`` is (n_users, n_items) CSR and holds no hidden like.
    """

    train: sp.csr_array
    users: NDArray[np.int64]
    histories: sp.csr_array
    held_out: sp.csr_array
    fold_in: bool  #: users are strangers to ``train``: their vectors come from ``histories``
    seen_may_return: bool = False  #: items of a history are ranked like all others
    n_unknown: NDArray[np.int64] | None = None  #: (n_asked,) further hidden likes, of items that no column stands for
    timestamps: NDArray[np.int64] | None = None  #: (train.nnz,) seconds of ``train``'s entries, where a model asks
    ratings: FoldRatings | None = None  #: where the data has ratings and they were asked for
    user_features: sp.csr_array | None = None  #: (n_users, n_user_features) weights, where asked for
    item_features: sp.csr_array | None = None  #: (n_items, n_item_features) likewise
    liked: sp.csr_array | None = None  #: (n_asked, n_items) what to leave out of a ranking, where not ``histories``

    @property
    def of_ratings(self) -> Fold:
        """The same with ratings in ``train`` and ``histories``; what is ranked, and against what, stays as it is.

        Items that a user rated low are ranked like any others, by what the model makes of it: to leave them out
        would spare it places that models of likes have to earn. Raises ValueError where there are no ratings.
        """
        if self.ratings is None:
            raise ValueError("there are no ratings to learn from, only likes; give data with a rating column")
        train = self.ratings.train
        return replace(
            self,
            train=train.matrix,
            timestamps=train.timestamps,
            histories=self.ratings.histories,
            liked=self.histories,
        )

    @property
    def seen(self) -> sp.csr_array:
        """(n_asked, n_items) what is left out of each user's ranking."""
        if self.seen_may_return:
            return sp.csr_array(self.histories.shape, dtype=np.float32)
        return self.histories if self.liked is None else self.liked

    @property
    def n_held_out(self) -> NDArray[np.int64]:
        """(n_asked,) likes that each user is asked for, those of unknown items included."""
        known: NDArray[np.int64] = np.diff(self.held_out.indptr)
        return known if self.n_unknown is None else known + self.n_unknown

    def queries(self, rows: slice) -> Any:
        """What a model is asked to score for these rows: user numbers, or histories of strangers."""
        return self.histories[rows] if self.fold_in else self.users[rows]


@dataclass(frozen=True, kw_only=True)
class GivenLikes:
    """Validation likes that the author of the data chose."""

    likes: sp.csr_array  #: (n_users, n_items) CSR of ones
    n_held_out: NDArray[np.int64]  #: (n_users,) all of a user, those of items without a training like included
    n_from_cold_start_users: int = 0  #: likes of users without a training like, who are not asked
