"""The Gramian of likes, for models that relate every item to every other."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_parts
from models.kernels.gramian import count_together, mirror_lower
from models.memory import zeros_in_memory
from models.threads import limited_threads

__all__ = ["item_gramian"]


def item_gramian(train: sp.csr_array, model: str, *, threads: int | None) -> NDArray[np.float32]:
    """How many users like both of two items, (n_items, n_items); exact up to 2^24 users.

    MemoryError, which says what is needed and what there is, where these 4 n_items^2 bytes are not available.
    """
    n_items = train.shape[1]
    out = zeros_in_memory(
        (n_items, n_items),
        f"{model}, with a weight for every pair of {n_items:,} items,",
        "leave out rare items, or choose a model that keeps a few neighbours, such as item2item or rp3beta",
    )
    with limited_threads(threads):
        count_together(csr_parts(train), csr_parts(train.T.tocsr()), out)
        mirror_lower(out)
    return out
