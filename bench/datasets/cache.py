"""A cache of parsed data, so that a large file is parsed once.

A file of the cache is an ``.npz`` after the SHA-256 of its key and content. Whatever fails a check counts as absent.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
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

__all__ = ["load_cached", "parsed_key", "store"]

#: Increased whenever a reader returns something else for the same file and options.
_VERSION = 3
_MAX_KEPT = 16
#: Files that a killed process left half written are deleted after a day.
_ABANDONED_AFTER_S = 86_400
_DIGEST_BYTES = 32
#: Options that do not change what is parsed: where the data is, whether it is cached, what is read beside it.
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
        digest.update(f"\0{file.name}\0{hashed[file.path]}".encode(errors="surrogateescape"))
    return digest.hexdigest()


def store(key: str, interactions: Interactions) -> None:
    """Store the interactions under ``key``; do nothing where the folder cannot be written."""
    target = _file_of(key)
    draft = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w+b") as file:
            file.write(bytes(_DIGEST_BYTES))
            np.savez(file, allow_pickle=False, **_to_arrays(interactions))
            digest = _digest(key, file)
            file.seek(0)
            file.write(digest)
        draft.replace(target)
        _delete_oldest(target.parent)
    except OSError:
        with suppress(OSError):
            draft.unlink()


def load_cached(key: str) -> Interactions | None:
    """The interactions stored under ``key``; None where there are none, or where they are damaged."""
    path = _file_of(key)
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            if file.read(_DIGEST_BYTES) != _digest(key, file):
                return None
            file.seek(_DIGEST_BYTES)
            with np.load(file, allow_pickle=False) as npz:
                interactions = _from_arrays({name: npz[name] for name in npz.files})
        os.utime(path)
    except Exception:  # a file that another program wrote with a valid digest can raise anything
        return None
    return interactions


def _digest(key: str, file: io.BufferedIOBase) -> bytes:
    """SHA-256 of the key and of everything behind the digest in ``file``."""
    file.seek(_DIGEST_BYTES)
    digest = hashlib.sha256(key.encode())
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.digest()


def _file_of(key: str) -> Path:
    return parsed_folder() / f"{key}.npz"


def _to_arrays(interactions: Interactions) -> dict[str, NDArray[Any]]:
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
    about = {"name": interactions.name, "source": asdict(interactions.source)}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    return arrays


def _from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Interactions:
    """The interactions; raises ValueError where the arrays do not fit together."""
    about = json.loads(arrays["about"].tobytes())
    source = about["source"]
    matrix = _csr(arrays, "", arrays.get("data"))
    times, titles = arrays.get("timestamps"), arrays.get("item_titles")
    if (times is not None and times.shape != matrix.data.shape) or (
        titles is not None and len(titles) != matrix.shape[1]
    ):
        raise ValueError("timestamps or titles of another matrix")
    ratings = None
    if "rated_data" in arrays:
        ratings = Ratings(
            matrix=_csr(arrays, "rated_", arrays["rated_data"]), timestamps=arrays.get("rated_timestamps")
        )
    return Interactions(
        name=about["name"],
        matrix=matrix,
        user_ids=arrays["user_ids"],
        item_ids=arrays["item_ids"],
        timestamps=times,
        item_titles=titles,
        ratings=ratings,
        source=Source(**{**source, "notes": tuple(source["notes"])}),
    )


def _csr(arrays: Mapping[str, NDArray[Any]], prefix: str, data: NDArray[Any] | None) -> sp.csr_array:
    """The matrix of these arrays; ones where there is no ``data``. Raises ValueError for indices out of range."""
    indices, indptr = arrays[f"{prefix}indices"], arrays[f"{prefix}indptr"]
    data = np.ones(len(indices), np.float32) if data is None else data
    matrix = sp.csr_array((data, indices, indptr), shape=(len(arrays["user_ids"]), len(arrays["item_ids"])))
    matrix.check_format(full_check=True)
    return matrix


def _delete_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    abandoned = (part for part in folder.glob("*.part") if time.time() - part.stat().st_mtime > _ABANDONED_AFTER_S)
    for path in (*kept[_MAX_KEPT:], *abandoned):
        path.unlink(missing_ok=True)
