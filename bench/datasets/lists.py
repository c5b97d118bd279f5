"""Reads an ``.npz`` that gives each user a list of items to train on and another to validate with.

Three forms of ``train_ids`` and ``valid_ids`` are read: padded, (n_users, longest) with negative numbers as
padding; ragged, all ids in one array with ``train_offsets`` and ``valid_offsets`` of (n_users + 1,) beside it;
and, where the user trusts the file, an object array of lists, which numpy stores as a pickle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile
from bench.datasets.npz import read_npz
from bench.datasets.rows import Ids, Rows, encode

__all__ = ["Lists", "UserLists", "is_lists", "read_lists", "write_lists"]


@dataclass(frozen=True, kw_only=True)
class Lists:
    """A list of item ids for each user: that of user u is ``ids[offsets[u]:offsets[u + 1]]``."""

    ids: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @property
    def n_users(self) -> int:
        return len(self.offsets) - 1

    @property
    def users(self) -> NDArray[np.int32]:
        """The user of every id."""
        return np.repeat(np.arange(self.n_users, dtype=np.int32), np.diff(self.offsets))


@dataclass(frozen=True, kw_only=True)
class UserLists:
    """The author's split: what each user is trained on, and what is held back."""

    train: Lists
    valid: Lists

    def rows(self) -> Rows:
        """The training lists as rows; a user's id is the number of the list, from 0."""
        users = Ids(values=np.arange(self.train.n_users), codes=self.train.users)
        note = f"the file's author holds back {len(self.valid.ids):,} likes for validation"
        return Rows(users=users, items=encode(self.train.ids), notes=(note,))


def is_lists(names: Collection[str]) -> bool:
    return {"train_ids", "valid_ids"} <= set(names)


def read_lists(file: DataFile, *, trust_pickle: bool) -> UserLists:
    arrays = read_npz(file, trust_pickle=trust_pickle)
    if not is_lists(arrays):
        raise DataError.at(file, f"no train_ids and valid_ids among the arrays {shown(', '.join(arrays), 200)}")
    train, valid = _lists(file, arrays, "train"), _lists(file, arrays, "valid")
    if train.n_users != valid.n_users:
        problem = f"{train.n_users:,} lists in train_ids but {valid.n_users:,} in valid_ids; give each user both"
        raise DataError.at(file, problem)
    return UserLists(train=train, valid=valid)


def write_lists(path: Path, lists: UserLists) -> None:
    """Writes the ragged form, which holds no Python objects."""
    arrays = {"train_ids": lists.train.ids, "train_offsets": lists.train.offsets}
    arrays |= {"valid_ids": lists.valid.ids, "valid_offsets": lists.valid.offsets}
    with path.open("xb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _lists(file: DataFile, arrays: Mapping[str, NDArray[Any]], part: str) -> Lists:
    ids, offsets = arrays[f"{part}_ids"], arrays.get(f"{part}_offsets")
    if ids.dtype.kind == "O":
        return _from_objects(file, part, ids)
    if ids.dtype.kind not in "iu" or ids.ndim != (1 if offsets is not None else 2):
        raise DataError.at(file, f"{part}_ids is {ids.dtype} {ids.shape}; give whole numbers, padded or with offsets")
    if offsets is None:
        filled = ids >= 0
        return Lists(ids=ids[filled].astype(np.int64), offsets=_offsets(filled.sum(axis=1)))
    if offsets.ndim != 1 or offsets.dtype.kind not in "iu" or len(offsets) < 1:
        raise DataError.at(file, f"{part}_offsets is {offsets.dtype} {offsets.shape}; give whole numbers, users + 1")
    offsets = offsets.astype(np.int64)
    if offsets[0] != 0 or offsets[-1] != len(ids) or (np.diff(offsets) < 0).any():
        raise DataError.at(file, f"{part}_offsets does not divide the {len(ids):,} {part}_ids; it must rise from 0")
    return Lists(ids=ids.astype(np.int64), offsets=offsets)


def _from_objects(file: DataFile, part: str, lists: NDArray[Any]) -> Lists:
    if lists.ndim != 1:
        raise DataError.at(file, f"{part}_ids has {lists.ndim} dimensions; give one list a user")
    arrays = [np.asarray([] if items is None else items) for items in lists]
    for user, items in enumerate(arrays):
        if items.ndim != 1 or (len(items) and items.dtype.kind not in "iu"):
            raise DataError.at(file, f"{part}_ids of user {user:,} is no list of whole numbers: {shown(items)}")
    ids = np.concatenate([np.empty(0, np.int64), *(items.astype(np.int64) for items in arrays)])
    return Lists(ids=ids, offsets=_offsets(np.array([len(items) for items in arrays])))


def _offsets(lengths: NDArray[Any]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
