"""Keeps parsed data, so that a large file is parsed once: checked when it is taken, never trusted."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.datasets.files import DataFile, readable
from bench.datasets.folders import parsed_folder
from bench.datasets.options import DataOptions
from evaluation.interactions import Interactions, Ratings, Source

__all__ = ["parsed_key", "recall", "remember"]

#: Raised whenever a reader changes what the same file and options give.
_VERSION = 2
_MAX_KEPT = 16
#: Options that say where the data is, how it is kept or what is read beside it; they do not change what is parsed.
_IRRELEVANT = ("data", "items", "use_cache", "item_features", "users", "user_features", "keep_features")


def parsed_key(files: Iterable[DataFile], options: DataOptions) -> str:
    """SHA-256 (hex) of the files' stored bytes, their names and the options."""
    settings = {name: value for name, value in asdict(options).items() if name not in _IRRELEVANT}
    digest = hashlib.sha256(json.dumps([_VERSION, settings], sort_keys=True).encode())
    hashed: dict[Path, str] = {}
    for file in files:
        if file.path not in hashed:
            with readable(file), file.path.open("rb") as content:
                hashed[file.path] = hashlib.file_digest(content, "sha256").hexdigest()
        digest.update(f"\0{file.name}\0{hashed[file.path]}".encode())
    return digest.hexdigest()


def remember(key: str, interactions: Interactions) -> None:
    """Keeps the interactions under ``key``; where the folder cannot be written, nothing happens."""
    target = _file_of(key)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **_to_arrays(key, interactions))
        part.replace(target)
        _forget_oldest(target.parent)
    except OSError:
        with suppress(OSError):
            part.unlink()


def recall(key: str) -> Interactions | None:
    """What is kept under ``key``; None where nothing is, and where it is damaged or not what it should be."""
    path = _file_of(key)
    try:
        with np.load(path, allow_pickle=False) as npz:
            interactions = _from_arrays(key, {name: npz[name] for name in npz.files})
        os.utime(path)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None
    return interactions


def _file_of(key: str) -> Path:
    return parsed_folder() / f"{key}.npz"


def _to_arrays(key: str, interactions: Interactions) -> dict[str, NDArray[Any]]:
    matrix = interactions.matrix
    arrays = {"indptr": matrix.indptr, "indices": matrix.indices}
    arrays |= {"user_ids": interactions.user_ids, "item_ids": interactions.item_ids}
    if (matrix.data != 1).any():
        arrays["data"] = matrix.data
    if interactions.timestamps is not None:
        arrays["timestamps"] = interactions.timestamps
    if interactions.item_titles is not None:
        arrays["item_titles"] = interactions.item_titles
    if interactions.ratings is not None:
        rated = interactions.ratings.matrix
        arrays |= {"rated_indptr": rated.indptr, "rated_indices": rated.indices, "rated_data": rated.data}
        if interactions.ratings.timestamps is not None:
            arrays["rated_timestamps"] = interactions.ratings.timestamps
    about = {"key": key, "name": interactions.name, "source": asdict(interactions.source)}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    return arrays


def _from_arrays(key: str, arrays: Mapping[str, NDArray[Any]]) -> Interactions:
    """The interactions; raises ValueError where the arrays do not fit together."""
    about = json.loads(arrays["about"].tobytes())
    if about["key"] != key:
        raise ValueError("kept under another key")
    indptr, indices = arrays["indptr"], arrays["indices"]
    user_ids, item_ids = arrays["user_ids"], arrays["item_ids"]
    data = arrays.get("data")
    data = np.ones(len(indices), np.float32) if data is None else data
    _check_csr(indptr, indices, data, len(user_ids), len(item_ids))
    for name, length in (("timestamps", len(indices)), ("item_titles", len(item_ids))):
        if name in arrays and arrays[name].shape != (length,):
            raise ValueError(f"{name} does not fit")
    ratings = None
    if "rated_data" in arrays:
        rated = arrays["rated_data"], arrays["rated_indices"], arrays["rated_indptr"]
        _check_csr(rated[2], rated[1], rated[0], len(user_ids), len(item_ids))
        times = arrays.get("rated_timestamps")
        if times is not None and times.shape != rated[0].shape:
            raise ValueError("rated_timestamps does not fit")
        ratings = Ratings(matrix=sp.csr_array(rated, shape=(len(user_ids), len(item_ids))), timestamps=times)
    source = about["source"]
    return Interactions(
        name=about["name"],
        matrix=sp.csr_array((data, indices, indptr), shape=(len(user_ids), len(item_ids))),
        user_ids=user_ids,
        item_ids=item_ids,
        timestamps=arrays.get("timestamps"),
        item_titles=arrays.get("item_titles"),
        ratings=ratings,
        source=Source(**{**source, "notes": tuple(source["notes"])}),
    )


def _check_csr(indptr: NDArray[Any], indices: NDArray[Any], data: NDArray[Any], n_users: int, n_items: int) -> None:
    """Raises ValueError unless the arrays are a CSR matrix with no empty row and indices in range."""
    rises = len(indptr) == n_users + 1 and indptr[0] == 0 and indptr[-1] == len(indices) and (np.diff(indptr) > 0).all()
    kinds = indptr.dtype.kind == indices.dtype.kind == "i" and data.dtype == np.float32
    if not (rises and kinds and len(data) == len(indices) and indices.min() >= 0 and indices.max() < n_items):
        raise ValueError("not a CSR matrix")


def _forget_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_MAX_KEPT:]:
        path.unlink(missing_ok=True)
