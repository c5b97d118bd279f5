"""Whose likes were hidden in each draw: what stored ranks need beside them to be ranks of somebody again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.interactions import Interactions
from evaluation.ranking import HiddenRanks, decode_ranks, pool_draws
from evaluation.split import Fold

__all__ = ["Asked", "asked_as_json"]


def asked_as_json(interactions: Interactions, folds: Sequence[Fold]) -> dict[str, Any]:
    """For each draw, the ids of the users asked, and how many likes were hidden from each."""
    return {
        "users": [interactions.user_ids[fold.users].tolist() for fold in folds],
        "n_hidden": [fold.n_hidden.tolist() for fold in folds],
    }


class Asked:
    """The users of every draw, read from what ``asked_as_json`` gave; no draw at all from None."""

    def __init__(self, stored: Mapping[str, Any] | None) -> None:
        stored = stored or {"users": [], "n_hidden": []}
        self.users: list[NDArray[Any]] = [np.array(ids) for ids in stored["users"]]  #: ids, by draw
        self.indptrs = [np.concatenate([[0], np.cumsum(n)]) for n in stored["n_hidden"]]

    def draws(self, stored: Mapping[str, Any]) -> list[HiddenRanks]:
        """The ranks that ``ranks_as_json`` stored, a draw each."""
        parts = zip(self.users, self.indptrs, stored["ranks"], stored["tie_shares"], strict=True)
        return [
            HiddenRanks(users=users, indptr=indptr, ranks=decode_ranks(text), tie_share=ties)
            for users, indptr, text, ties in parts
        ]

    def pooled(self, stored: Mapping[str, Any]) -> HiddenRanks:
        return pool_draws(self.draws(stored))
