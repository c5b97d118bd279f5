"""Reads an ``.npz`` that gives each user a list of items to train on and another to validate with.

``train_ids`` and ``valid_ids`` have one of three forms: padded, (n_users, longest) with negative numbers as padding;
ragged, all ids in one array with ``train_offsets`` and ``valid_offsets`` of (n_users + 1,) beside it; or, only where
the user trusts the file, an object array of lists, which numpy stores as a pickle.
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
from bench.datasets.npz import Npz, open_npz
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
    """The author's split: the training and the validation items of each user."""

    train: Lists
    valid: Lists

    def rows(self) -> Rows:
        """The training lists as rows; a user's id is the number of the list, from 0."""
        users = Ids(values=np.arange(self.train.n_users), codes=self.train.users)
        note = f"the file's author holds out {len(self.valid.ids):,} likes for validation"
        return Rows(users=users, items=encode(self.train.ids), notes=(note,))


def is_lists(names: Collection[str]) -> bool:
    """Whether an .npz with arrays of these names holds lists."""
    return {"train_ids", "valid_ids"} <= set(names)


def read_lists(file: DataFile, *, trust_pickle: bool) -> UserLists:
    """Read both lists of every user; object arrays only with ``trust_pickle``."""
    with open_npz(file) as npz:
        if not is_lists(npz.names):
            raise DataError.at(file, f"no train_ids and valid_ids among the arrays {shown(', '.join(npz.names), 200)}")
        names = [name for part in ("train", "valid") for name in _checked_names(file, npz, part)]
        arrays = npz.read(names, trust_pickle=trust_pickle)
        train, valid = _lists(file, arrays, "train"), _lists(file, arrays, "valid")
    if train.n_users != valid.n_users:
        problem = f"{train.n_users:,} lists in train_ids but {valid.n_users:,} in valid_ids; give each user both"
        raise DataError.at(file, problem)
    return UserLists(train=train, valid=valid)


def write_lists(path: Path, lists: UserLists) -> None:
    """Write the ragged form, which holds no Python objects; ``path`` must not exist."""
    arrays = {"train_ids": lists.train.ids, "train_offsets": lists.train.offsets}
    arrays |= {"valid_ids": lists.valid.ids, "valid_offsets": lists.valid.offsets}
    with path.open("xb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _checked_names(file: DataFile, npz: Npz, part: str) -> list[str]:
    """The arrays of one part of the split; raises DataError where their declared types or shapes are wrong."""
    ids, offsets = f"{part}_ids", f"{part}_offsets"
    header, is_ragged = npz.header(ids), offsets in npz.names
    if header.dtype.hasobject:
        return [ids]
    if not header.is_integers or len(header.shape) != (1 if is_ragged else 2):
        raise DataError.at(file, f"{ids} is {header}; give whole numbers, padded or with offsets")
    if not is_ragged:
        return [ids]
    header = npz.header(offsets)
    if not header.is_integers or len(header.shape) != 1 or header.shape[0] < 1:
        raise DataError.at(file, f"{offsets} is {header}; give whole numbers, users + 1")
    return [ids, offsets]


def _lists(file: DataFile, arrays: Mapping[str, NDArray[Any]], part: str) -> Lists:
    ids, offsets = arrays[f"{part}_ids"], arrays.get(f"{part}_offsets")
    if ids.dtype.kind == "O":
        return _from_objects(file, part, ids)
    if ids.dtype.kind == "u" and ids.size and int(ids.max()) >= 2**63:
        raise DataError.at(file, f"{part}_ids holds {int(ids.max()):,}; give ids below {2**63:,}")
    if offsets is None:
        is_item = ids >= 0
        return Lists(ids=ids[is_item].astype(np.int64), offsets=_offsets(is_item.sum(axis=1)))
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
