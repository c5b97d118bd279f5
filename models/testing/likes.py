"""Small data sets for tests of models."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = ["checkerboard", "random_likes"]


def random_likes(
    n_users: int = 40, n_items: int = 25, *, density: float = 0.25, weighted: bool = False, seed: int = 0
) -> sp.csr_array:
    """Return random likes, (n_users, n_items) float32, of weight 1 or, if ``weighted``, of whole weights from 1 to 5.

    User 3 and item 5 have no likes; user 0 likes all other items except the last two.
    """
    rng = np.random.default_rng(seed)
    dense = (rng.random((n_users, n_items)) < density).astype(np.float32)
    if weighted:
        dense *= rng.integers(1, 6, dense.shape)
    dense[0] = np.where(dense[0] == 0, 1, dense[0])
    dense[0, -2:] = 0
    dense[3] = 0
    dense[:, 5] = 0
    return sp.csr_array(dense)


def checkerboard(n: int = 40) -> sp.csr_array:
    """Return likes, (n, n) float32, in which the best unseen item is known: user u's is item u.

    User u likes each item i for which u + i is even, except item u itself.
    """
    users, items = np.indices((n, n))
    return sp.csr_array((((users + items) % 2 == 0) & (users != items)).astype(np.float32))
