"""Prefetching must not change results."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from models.inputs import csr_arrays
from models.kernels.conjugate_gradient import improve_by_gradients
from models.kernels.prefetch import MOST, SMALL


@pytest.mark.bits
def test_prefetching_does_not_change_the_solutions() -> None:
    k, n_rows = 8, 200
    rng = np.random.default_rng(0)
    likes = sp.random_array((n_rows, 1000), density=0.01, format="csr", dtype=np.float32, rng=rng)
    likes = sp.vstack(
        [likes, np.ones((1, 1000), np.float32)], format="csr"
    )  # a row with more entries than are prefetched at a time
    assert likes.shape[1] > MOST
    few = rng.standard_normal((1000, k), np.float32)
    many = np.vstack([few, np.zeros((SMALL // k, k), np.float32)])  # rows that nobody likes
    solved = []
    for Y in (few, many):
        out = np.zeros((likes.shape[0], k), np.float32)
        weighting = (likes.data, np.float32(0), np.float32(1))
        reg = np.ones(likes.shape[0], np.float32)
        improve_by_gradients(*csr_arrays(likes), *weighting, Y, np.ones(k, np.float32), reg, np.float32(0.01), out)
        solved.append(out)
    assert solved[0].any()
    np.testing.assert_array_equal(*solved)
