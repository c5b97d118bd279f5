"""The validation likes of data that comes with a split of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.datasets.catalogue import EMBEDDED
from bench.datasets.lists import read_lists
from bench.datasets.loading import format_of
from bench.datasets.locating import locate
from bench.datasets.options import DataOptions
from bench.datasets.synthetic import PREFIX
from evaluation.fold import GivenLikes
from evaluation.interactions import Interactions

__all__ = ["load_validation"]


def load_validation(options: DataOptions, interactions: Interactions) -> GivenLikes | None:
    """The validation lists of the data that ``interactions`` were loaded from; None where it has none."""
    if options.data == EMBEDDED or options.data.startswith(PREFIX):
        return None
    file = locate(options).interactions[0]
    if format_of(file, options) != "lists":
        return None
    valid = read_lists(file, trust_pickle=options.trust_pickle).valid
    users, has_user = _positions(interactions.user_ids, valid.users)
    items, has_item = _positions(interactions.item_ids, valid.ids)
    found = has_user & has_item
    cells = np.unique(users[found].astype(np.int64) * interactions.n_items + items[found])
    shape = (interactions.n_users, interactions.n_items)
    likes = sp.csr_array((np.ones(len(cells), np.float32), np.divmod(cells, interactions.n_items)), shape=shape)
    pairs = np.unique(np.stack([users[has_user], valid.ids[has_user]]), axis=1)
    return GivenLikes(
        likes=likes,
        n_held_out=np.bincount(pairs[0], minlength=interactions.n_users),
        n_from_cold_start_users=int((~has_user).sum()),
    )


def _positions(known: NDArray[Any], wanted: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The position of each wanted id in the sorted ``known``, and whether it is there."""
    positions = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return positions, known[positions] == wanted
