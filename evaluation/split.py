"""Leave-one-out: which likes are hidden from whom, and who may see them when."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.fold import Fold, GivenLikes
from evaluation.holdout import Hiding
from evaluation.interactions import Interactions
from evaluation.split_options import InvalidSplitError, SplitOptions
from evaluation.withholding import with_ratings

__all__ = [
    "Fold",
    "GivenLikes",
    "InvalidSplitError",
    "SealedTest",
    "Split",
    "SplitOptions",
    "fresh_folds",
    "split_likes",
]

ENOUGH_TEST_USERS = 1000  #: below this many, a share of the users tells algorithms apart too coarsely
ENOUGH_VALIDATION_LIKES = 3000  #: below this many, one draw of them tunes noise
MAX_DRAWS = 5


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


def split_likes(interactions: Interactions, options: SplitOptions, given: GivenLikes | None = None) -> Split:
    """Hide test and validation likes; the same data, options and seed hide the same ones.

    Where the author of the data ``given`` validation likes, test likes are hidden from the training likes as ever.
    Raises InvalidSplitError where nobody has enough likes, or what the options need is absent.
    """
    if options.kind == "given" and given is None:
        raise InvalidSplitError(f"{interactions.name} brings no validation likes of its own; leave likes out instead")
    if options.holdout == "last" and interactions.timestamps is None:
        raise InvalidSplitError(f"{interactions.name} has no timestamps, which the last like needs; hide random ones")
    eligible = _eligible_users(interactions, options)
    hiding = Hiding(interactions, options)
    test_users, test_entries = _test_likes(hiding, eligible)
    if given is not None and options.kind == "given":
        validation = [hiding.given_fold(given, test_entries)]
        digests = [hiding.digest(given.likes.indptr, given.likes.indices, given.n_held_out)]
    else:
        n_draws = _n_draws(_n_asked(eligible, test_users, options), options)
        validation, digests = _drawn(hiding, eligible, test_users, test_entries, range(n_draws))
    test = _test_fold(hiding, test_users, test_entries)
    if interactions.ratings is not None:
        validation, test = with_ratings(validation, test, interactions.ratings, seed=options.seed)
    return Split(
        options=options,
        validation=tuple(validation),
        test=SealedTest(test, hiding.digest(*hiding.pairs(test_entries))),
        n_eligible_users=len(eligible),
        validation_hash=hashlib.sha256("".join(digests).encode()).hexdigest(),
    )


def fresh_folds(interactions: Interactions, split: Split) -> tuple[Fold, ...]:
    """As many draws of validation likes as ``split`` has, from random streams that none of its own came from.

    They leave the same test likes alone, and are the same each time. None where there is nothing else to draw: the
    author of the data chose the validation likes, or each user's is the last by time.
    """
    options, n_draws = split.options, len(split.validation)
    if options.kind == "given" or (options.holdout == "last" and options.protocol == "warm"):
        return ()
    eligible = _eligible_users(interactions, options)
    hiding = Hiding(interactions, options)
    test_likes = _test_likes(hiding, eligible)
    folds, _ = _drawn(hiding, eligible, *test_likes, range(n_draws, 2 * n_draws))
    if interactions.ratings is not None:
        test = _test_fold(hiding, *test_likes)
        folds, _ = with_ratings(folds, test, interactions.ratings, seed=options.seed, first_draw=n_draws)
    return tuple(folds)


def _eligible_users(interactions: Interactions, options: SplitOptions) -> NDArray[np.int64]:
    likes = np.diff(interactions.matrix.indptr)
    eligible = np.flatnonzero(likes >= options.min_likes)
    if len(eligible) < 2:
        raise InvalidSplitError(
            f"{len(eligible)} users of {interactions.name} have the {options.min_likes} likes that hiding "
            f"{options.n_held_out} for the test and {options.n_held_out} for validation takes "
            f"(the most is {likes.max()}); "
            "bring more data, lower the rating that counts as a like, or hide fewer"
        )
    return eligible


def _test_likes(hiding: Hiding, eligible: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Users of the test, and the entries hidden from them."""
    users = hiding.choose_users(eligible, _n_test_users(len(eligible), hiding.options), stream=0)
    return users, hiding.choose_likes(users, np.zeros(0, np.int64), stream=1)


def _test_fold(hiding: Hiding, users: NDArray[np.int64], entries: NDArray[np.int64]) -> Fold:
    return hiding.fold(users, entries, also_held_out=entries, strangers=users)


def _drawn(
    hiding: Hiding,
    eligible: NDArray[np.int64],
    test_users: NDArray[np.int64],
    test_entries: NDArray[np.int64],
    draws: Iterable[int],
) -> tuple[list[Fold], list[str]]:
    """The validation folds of these draws, and a digest of each."""
    fold_in = hiding.options.protocol == "fold-in"
    candidates = np.setdiff1d(eligible, test_users) if fold_in else eligible
    n_asked = _n_asked(eligible, test_users, hiding.options)
    folds, digests = [], []
    for draw in draws:
        users = hiding.choose_users(candidates, n_asked, stream=2 + 2 * draw)
        entries = hiding.choose_likes(users, test_entries, stream=3 + 2 * draw)
        strangers = np.union1d(test_users, users)
        folds.append(hiding.fold(users, entries, also_held_out=test_entries, strangers=strangers))
        digests.append(hiding.digest(*hiding.pairs(entries)))
    return folds, digests


def _n_asked(eligible: NDArray[np.int64], test_users: NDArray[np.int64], options: SplitOptions) -> int:
    """Users in a draw of validation likes; under fold-in as many as the test has, none of them of the test."""
    n_asked = min(options.validation_users, len(eligible))
    if options.protocol == "fold-in":
        n_asked = min(n_asked, len(test_users), len(eligible) - len(test_users))
    return n_asked


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
    return min(MAX_DRAWS, math.ceil(ENOUGH_VALIDATION_LIKES / (n_users * options.n_held_out)))
