"""Choosing the k best of many scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_parts
from models.kernels.top_k import select_top_k

__all__ = ["TopK", "top_k"]


class TopK(NamedTuple):
    """Ranked lists, best first; rows end in item -1 and score -inf where too few items remain."""

    items: NDArray[np.int32]  #: (n, k)
    scores: NDArray[np.float32]  #: (n, k)


def top_k(scores: NDArray[np.float32], k: int, seen: sp.csr_array | None = None) -> TopK:
    """The k highest of each row of ``scores`` (n, n_items); ``seen`` (n, n_items), sorted CSR, is left out.

    Equal scores come in order of the item's number. An item scored -inf is never chosen.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    n = len(scores)
    left_out = csr_parts(seen) if seen is not None else (np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
    items = np.full((n, k), -1, np.int32)
    values = np.full((n, k), -np.inf, np.float32)
    select_top_k(np.ascontiguousarray(scores, np.float32), *left_out, items, values)
    return TopK(items, values)
