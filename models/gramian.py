"""The Gramian of binary likes, for models that relate every item to every other."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_arrays
from models.kernels.gramian import count_together, mirror_lower
from models.memory import zeros_in_memory
from models.threads import limited_threads

__all__ = ["gramian_bytes", "item_gramian"]


def gramian_bytes(n_items: int) -> int:
    """Return the bytes needed for the Gramian of ``n_items`` items."""
    return 4 * n_items**2


def item_gramian(train: sp.csr_array, model: str, *, threads: int | None) -> NDArray[np.float32]:
    """Return the number of users who like both of two items, (n_items, n_items); exact up to 2^24 users.

    TooLittleMemoryError, which names ``model``, if ``gramian_bytes(n_items)`` are not available.
    """
    n_items = train.shape[1]
    out = zeros_in_memory((n_items, n_items), model)
    with limited_threads(threads):
        count_together(csr_arrays(train), csr_arrays(train.T.tocsr()), out)
        mirror_lower(out)
    return out
