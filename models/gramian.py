"""The Gramian of likes, for models that relate every item to every other."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_parts
from models.kernels.gramian import count_together, mirror_lower
from models.memory import zeros_in_memory
from models.threads import limited_threads

__all__ = ["gramian_bytes", "item_gramian"]


def gramian_bytes(n_items: int) -> int:
    """Of the Gramian of so many items."""
    return 4 * n_items**2


def item_gramian(train: sp.csr_array, model: str, *, threads: int | None) -> NDArray[np.float32]:
    """How many users like both of two items, (n_items, n_items); exact up to 2^24 users.

    TooLittleMemoryError, which says what is needed and what there is, where its ``gramian_bytes`` are not available.
    """
    n_items = train.shape[1]
    out = zeros_in_memory((n_items, n_items), model)
    with limited_threads(threads):
        count_together(csr_parts(train), csr_parts(train.T.tocsr()), out)
        mirror_lower(out)
    return out
