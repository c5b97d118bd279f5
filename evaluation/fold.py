"""What one fit may see, and what it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["Fold", "GivenLikes"]


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
    hidden: sp.csr_array
    fold_in: bool  #: users are strangers to ``train``: their vectors come from ``histories``
    seen_may_return: bool = False  #: items of a history are ranked like all others
    n_unknown: NDArray[np.int64] | None = None  #: (n_asked,) further hidden likes, of items that no column stands for

    @property
    def seen(self) -> sp.csr_array:
        """(n_asked, n_items) what is left out of each user's ranking."""
        return sp.csr_array(self.histories.shape, dtype=np.float32) if self.seen_may_return else self.histories

    @property
    def n_hidden(self) -> NDArray[np.int64]:
        """(n_asked,) likes that each user is asked for, those of unknown items included."""
        known: NDArray[np.int64] = np.diff(self.hidden.indptr)
        return known if self.n_unknown is None else known + self.n_unknown

    def queries(self, rows: slice) -> Any:
        """What a model is asked to score for these rows: user numbers, or histories of strangers."""
        return self.histories[rows] if self.fold_in else self.users[rows]


@dataclass(frozen=True, kw_only=True)
class GivenLikes:
    """Validation likes that the author of the data chose."""

    likes: sp.csr_array  #: (n_users, n_items) CSR of ones
    n_hidden: NDArray[np.int64]  #: (n_users,) all of a user, those of items without a training like included
    n_of_strangers: int = 0  #: likes of users without a training like, who are not asked
