"""Dense products of a sparse matrix with another matrix, on several threads if they are large."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.inputs import csr_arrays
from models.kernels.sparse_products import add_dense_rows, add_sparse_rows
from models.threads import limited_threads

__all__ = ["binary", "dense_product", "sparse_product"]


def dense_product(left: sp.csr_array, right: NDArray[np.float32], *, threads: int | None) -> NDArray[np.float32]:
    """Return ``left`` (n, m) @ ``right`` (m, n_columns), float32, summed in the order of each row's entries."""
    out = np.zeros((left.shape[0], right.shape[1]), np.float32)
    with limited_threads(threads, work=left.nnz):
        add_dense_rows(*csr_arrays(left), left.data, right, out)
    return out


def sparse_product(left: sp.csr_array, right: sp.csr_array, *, threads: int | None) -> NDArray[np.float32]:
    """Return ``left`` (n, m) @ ``right`` (m, n_columns) for a sparse ``right``, as a dense array."""
    out = np.zeros((left.shape[0], right.shape[1]), np.float32)
    with limited_threads(threads, work=left.nnz):
        add_sparse_rows(*csr_arrays(left), left.data, *csr_arrays(right), right.data, out)
    return out


def binary(likes: sp.csr_array) -> sp.csr_array:
    """Return the same likes with weights of 1."""
    return sp.csr_array((np.ones(likes.nnz, np.float32), likes.indices, likes.indptr), shape=likes.shape)
