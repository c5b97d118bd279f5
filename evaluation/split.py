"""Leave-one-out: which likes are hidden from whom, and who may see them when."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.interactions import Interactions

__all__ = ["Fold", "InvalidSplitError", "SealedTest", "Split", "SplitOptions", "split_likes"]

ENOUGH_TEST_USERS = 1000  #: below this many, a share of the users tells algorithms apart too coarsely
ENOUGH_VALIDATION_LIKES = 3000  #: below this many, one draw of them tunes noise
MAX_DRAWS = 5


class InvalidSplitError(ValueError):
    """The data cannot be split as asked; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """What one fit may see, and the likes it is asked to find.

    Row j of ``histories`` and of ``hidden`` (both (n_asked, n_items) CSR) belongs to user ``users[j]``
    (int64, ascending): what may be known of the user when asked, and the likes hidden from the model,
    at least one. ``train`` is (n_users, n_items) CSR and holds no hidden like.
    """

    train: sp.csr_array
    users: NDArray[np.int64]
    histories: sp.csr_array
    hidden: sp.csr_array
    fold_in: bool  #: users are strangers to ``train``: their vectors come from ``histories``

    def queries(self, rows: slice) -> Any:
        """What a model is asked to score for these rows: user numbers, or histories of strangers."""
        return self.histories[rows] if self.fold_in else self.users[rows]


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """How likes are hidden."""

    kind: Literal["leave-one-out"] = "leave-one-out"
    protocol: Literal["warm", "fold-in"] = "warm"  #: train on what is left of an asked user's history, or not
    holdout: Literal["random", "last"] = "random"  #: which likes: any, or the last by time
    n_hidden: int = 1  #: likes hidden from a user, for the test and again for validation
    test_users: float = 0.2  #: a share below 1, raised to 1,000 users where there are as many; or a number of users
    validation_users: int = 5000  #: at most
    draws: int | None = None  #: independent draws of the validation likes; None: until 3,000 likes, 5 at most
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_hidden < 1:
            raise InvalidSplitError(f"at least 1 like must be hidden from a user, got {self.n_hidden}")
        if not self.test_users > 0 or (self.test_users >= 1 and self.test_users % 1):
            raise InvalidSplitError(
                f"test users must be a share between 0 and 1 or a whole number of users, got {self.test_users}"
            )
        if self.validation_users < 1:
            raise InvalidSplitError(f"at least 1 validation user is needed, got {self.validation_users}")
        if self.draws is not None and self.draws < 1:
            raise InvalidSplitError(f"at least 1 draw of the validation likes is needed, got {self.draws}")
        if self.holdout == "last" and self.protocol == "warm" and (self.draws or 1) > 1:
            raise InvalidSplitError(f"the last like is always the same one: {self.draws} draws of it would be equal")

    @property
    def min_likes(self) -> int:
        """Likes a user needs: those hidden for the test and for validation, and one to know the user by."""
        return 2 * self.n_hidden + 1


class SealedTest:
    """The test likes. Nothing of them can be had but by ``open``, and whoever opens says so in a record."""

    def __init__(self, fold: Fold, digest: str) -> None:
        self.__fold = fold
        self.hash = digest  #: SHA-256 (hex) of the data and the hidden pairs
        self.n_users = len(fold.users)

    def open(self) -> Fold:
        """The test fold; its ``train`` holds the validation likes too."""
        return self.__fold


@dataclass(frozen=True, kw_only=True)
class Split:
    """Likes divided among training, validation and the sealed test.

    A search gets ``validation`` alone: neither its folds nor anything reachable from them holds a test like.
    """

    options: SplitOptions
    validation: tuple[Fold, ...]  #: one fold a draw
    test: SealedTest
    n_eligible_users: int
    validation_hash: str


def split_likes(interactions: Interactions, options: SplitOptions) -> Split:
    """Hide test and validation likes; the same data, options and seed hide the same ones.

    Raises InvalidSplitError where nobody has enough likes, or times are asked for and absent.
    """
    if options.holdout == "last" and interactions.timestamps is None:
        raise InvalidSplitError(f"{interactions.name} has no timestamps, which the last like needs; hide random ones")
    likes = np.diff(interactions.matrix.indptr)
    eligible = np.flatnonzero(likes >= options.min_likes)
    if len(eligible) < 2:
        raise InvalidSplitError(
            f"{len(eligible)} users of {interactions.name} have the {options.min_likes} likes that hiding "
            f"{options.n_hidden} for the test and {options.n_hidden} for validation takes (the most is {likes.max()}); "
            "bring more data, lower the rating that counts as a like, or hide fewer"
        )
    hiding = _Hiding(interactions, options)
    test_users = hiding.choose_users(eligible, _n_test_users(len(eligible), options), stream=0)
    test_entries = hiding.choose_likes(test_users, np.zeros(0, np.int64), stream=1)
    candidates, n_asked = eligible, min(options.validation_users, len(eligible))
    if options.protocol == "fold-in":
        candidates = np.setdiff1d(eligible, test_users)
        n_asked = min(n_asked, len(test_users), len(candidates))
    validation, digests = [], []
    for draw in range(_n_draws(n_asked, options)):
        users = hiding.choose_users(candidates, n_asked, stream=2 + 2 * draw)
        entries = hiding.choose_likes(users, test_entries, stream=3 + 2 * draw)
        strangers = np.union1d(test_users, users)
        validation.append(hiding.fold(users, entries, also_hidden=test_entries, strangers=strangers))
        digests.append(hiding.digest(entries))
    test = hiding.fold(test_users, test_entries, also_hidden=test_entries, strangers=test_users)
    return Split(
        options=options,
        validation=tuple(validation),
        test=SealedTest(test, hiding.digest(test_entries)),
        n_eligible_users=len(eligible),
        validation_hash=hashlib.sha256("".join(digests).encode()).hexdigest(),
    )


def _n_test_users(n_eligible: int, options: SplitOptions) -> int:
    if options.test_users >= 1:
        wanted = int(options.test_users)
    else:
        wanted = math.ceil(options.test_users * n_eligible)
        if options.protocol == "warm":
            wanted = max(wanted, ENOUGH_TEST_USERS)
    # strangers to training cannot be everybody: at least a validation user and one to learn from remain
    most = n_eligible if options.protocol == "warm" else max(1, n_eligible // 3)
    return min(wanted, most)


def _n_draws(n_users: int, options: SplitOptions) -> int:
    if options.draws is not None:
        return options.draws
    if options.holdout == "last" and options.protocol == "warm":
        return 1
    return min(MAX_DRAWS, math.ceil(ENOUGH_VALIDATION_LIKES / (n_users * options.n_hidden)))


class _Hiding:
    """Choices of users and of entries (positions in ``matrix.data``), each from a random stream of its own."""

    def __init__(self, interactions: Interactions, options: SplitOptions) -> None:
        self.matrix = interactions.matrix
        self.timestamps = interactions.timestamps
        self.content_hash = interactions.content_hash
        self.options = options

    def choose_users(self, candidates: NDArray[np.int64], n: int, *, stream: int) -> NDArray[np.int64]:
        chosen = self._rng(stream).choice(candidates, size=n, replace=False)
        return np.sort(chosen)

    def choose_likes(
        self, users: NDArray[np.int64], hidden_before: NDArray[np.int64], *, stream: int
    ) -> NDArray[np.int64]:
        """``n_hidden`` entries of each user, ascending, none of those hidden before; equal times fall by lot."""
        entries, rows = self._entries(users)
        free = ~np.isin(entries, hidden_before)
        entries, rows = entries[free], rows[free]
        keys = [self._rng(stream).random(len(entries)), rows]
        if self.options.holdout == "last":
            assert self.timestamps is not None
            keys.insert(1, -self.timestamps[entries])
        order = np.lexsort(keys)
        place = np.arange(len(rows)) - np.searchsorted(rows, rows)
        return np.sort(entries[order[place < self.options.n_hidden]])

    def fold(
        self,
        users: NDArray[np.int64],
        entries: NDArray[np.int64],
        *,
        also_hidden: NDArray[np.int64],
        strangers: NDArray[np.int64],
    ) -> Fold:
        """The fold that asks ``users`` for ``entries``; ``strangers`` are left out of training under fold-in."""
        known = np.ones(self.matrix.nnz, bool)
        known[entries] = False
        known[also_hidden] = False
        histories = self._only(known)[users]
        fold_in = self.options.protocol == "fold-in"
        if fold_in:
            known[self._entries(strangers)[0]] = False
        hidden = np.zeros(self.matrix.nnz, bool)
        hidden[entries] = True
        return Fold(
            train=self._only(known), users=users, histories=histories, hidden=self._only(hidden)[users], fold_in=fold_in
        )

    def digest(self, entries: NDArray[np.int64]) -> str:
        """SHA-256 (hex) of the data and these of its pairs."""
        users = np.searchsorted(self.matrix.indptr, entries, side="right") - 1
        pairs = np.stack([users, self.matrix.indices[entries]], axis=1).astype("<i8")
        return hashlib.sha256(self.content_hash.encode() + pairs.tobytes()).hexdigest()

    def _entries(self, users: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All entries of these users, and for each the user's place in ``users``."""
        starts, sizes = self.matrix.indptr[users].astype(np.int64), np.diff(self.matrix.indptr)[users].astype(np.int64)
        rows = np.repeat(np.arange(len(users)), sizes)
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return starts[rows] + offsets, rows

    def _only(self, kept: NDArray[np.bool_]) -> sp.csr_array:
        indptr = np.concatenate([[0], np.cumsum(kept)])[self.matrix.indptr]
        return sp.csr_array(
            (self.matrix.data[kept], self.matrix.indices[kept], indptr.astype(np.int64)), shape=self.matrix.shape
        )

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.options.seed, stream])
