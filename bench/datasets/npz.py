"""Opens numpy's ``.npz`` files without unpickling anything that the user did not say to trust."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.errors import DataError
from bench.datasets.files import DataFile, readable

__all__ = ["npz_names", "read_npz"]


def read_npz(file: DataFile, *, trust_pickle: bool = False) -> dict[str, NDArray[Any]]:
    """All arrays of the file; raises DataError for object arrays unless ``trust_pickle``."""
    _require_zip(file)
    with readable(file), file.open_seekable() as content, np.load(content, allow_pickle=trust_pickle) as npz:
        return {name: _array(file, npz, name) for name in npz.files}


def npz_names(file: DataFile) -> list[str]:
    """The names of the arrays, none of which is read."""
    _require_zip(file)
    with readable(file), file.open_seekable() as content, np.load(content, allow_pickle=False) as npz:
        return list(npz.files)


def _require_zip(file: DataFile) -> None:
    if file.head(2) != b"PK":
        problem = "is no .npz file, or cut short; write it with numpy.savez or scipy.sparse.save_npz"
        raise DataError.at(file, problem)


def _array(file: DataFile, npz: Any, name: str) -> NDArray[Any]:
    try:
        array = npz[name]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise DataError.at(
            file,
            f"its array '{name}' holds Python objects, and unpickling them can run code; if you trust where the file "
            "comes from, add --trust-pickle, or make it safe once with: python -m bench.data convert",
        ) from None
    if not isinstance(array, np.ndarray):
        raise DataError.at(file, f"'{name}' is no array; write the file with numpy.savez or scipy.sparse.save_npz")
    return array
