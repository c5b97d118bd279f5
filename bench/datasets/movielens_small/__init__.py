"""MovieLens latest-small of October 2016, shipped with the package under the terms in TERMS.md."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.rows import Ids, Rows, encode

__all__ = ["CHECKSUMS", "ITEMS", "RATINGS", "Movies", "digest", "read_movies", "read_rows"]

_FOLDER = Path(__file__).parent
RATINGS = _FOLDER / "ratings.npz"
ITEMS = _FOLDER / "items.npz"
CHECKSUMS = _FOLDER / "checksums.json"
TERMS = (
    "MovieLens latest-small of October 2016, by GroupLens: for research, with acknowledgement, without implying "
    "endorsement, and not for commercial use without permission (bench/datasets/movielens_small/TERMS.md). "
    "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. ACM Transactions on "
    "Interactive Intelligent Systems 5, 4, Article 19. https://doi.org/10.1145/2827872"
)


@dataclass(frozen=True, kw_only=True)
class Movies:
    """The rated movies by ascending id; ``titles`` is empty for five of them, ``genres`` are joined by ``|``."""

    ids: NDArray[np.int32]
    titles: tuple[str, ...]
    genres: tuple[str, ...]


def read_movies() -> Movies:
    """Read the rated movies."""
    with np.load(ITEMS, allow_pickle=False) as arrays:
        return Movies(ids=arrays["movie_id"], titles=_lines(arrays["titles"]), genres=_lines(arrays["genres"]))


def read_rows() -> Rows:
    """Read all 100,004 ratings in the publisher's order, by user and then by movie."""
    movies = read_movies()
    with np.load(RATINGS, allow_pickle=False) as arrays:
        return Rows(
            users=encode(arrays["user"].astype(np.int64)),
            items=Ids(values=movies.ids.astype(np.int64), codes=arrays["item"].astype(np.int32)),
            values=arrays["half_stars"] / np.float32(2),
            value_kind="rating",
            times=arrays["timestamp"].astype(np.int64),
            titles={str(i): title for i, title in zip(movies.ids, movies.titles, strict=True) if title},
            terms=TERMS,
        )


def digest(array: NDArray[Any]) -> str:
    """SHA-256 (hex) of an array's type, shape and contents; unlike that of the file, it does not depend on zlib."""
    return hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode() + array.tobytes()).hexdigest()


def _lines(joined: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(joined.tobytes().decode().split("\n"))
