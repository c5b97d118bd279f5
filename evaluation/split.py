"""Splits interactions into training, validation folds and a sealed test, by leave-one-out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.fold import Fold, GivenLikes
from evaluation.holdout import Holdout
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

ENOUGH_TEST_USERS = 1000  #: with fewer, a share of the users separates algorithms too coarsely
ENOUGH_VALIDATION_LIKES = 3000  #: with fewer, a single draw tunes to noise
MAX_DRAWS = 5


class SealedTest:
    """The test fold. Only ``open`` returns it; callers record every opening."""

    def __init__(self, fold: Fold, digest: str) -> None:
        self.__fold = fold
        self.hash = digest  #: SHA-256 (hex) of the data and the held-out pairs
        self.n_users = len(fold.users)

    def open(self) -> Fold:
        """Return the test fold; its ``train`` includes the validation likes."""
        return self.__fold


@dataclass(frozen=True, kw_only=True)
class Split:
    """Likes split into training, validation and the sealed test.

    A search gets only ``validation``; neither its folds nor any object reachable from them holds a test like.
    """

    options: SplitOptions
    validation: tuple[Fold, ...]  #: one fold per draw
    test: SealedTest
    n_eligible_users: int
    validation_hash: str


def split_likes(interactions: Interactions, options: SplitOptions, given: GivenLikes | None = None) -> Split:
    """Hold out test and validation likes; the result depends only on the data, the options and the seed.

    With validation likes ``given`` by the author of the data, test likes are still held out of the training likes.
    Raises InvalidSplitError if too few users have enough likes, or if the data lacks what the options need.
    """
    if options.kind == "given" and given is None:
        raise InvalidSplitError(f"{interactions.name} brings no validation likes of its own; use leave-one-out instead")
    if options.holdout == "last" and interactions.timestamps is None:
        raise InvalidSplitError(f"{interactions.name} has no timestamps to find the last like; hold out random likes")
    eligible = _eligible_users(interactions, options)
    holdout = Holdout(interactions, options)
    test_users, test_entries = _test_likes(holdout, eligible)
    if given is not None and options.kind == "given":
        validation = [holdout.given_fold(given, test_entries)]
        digests = [holdout.digest(given.likes.indptr, given.likes.indices, given.n_held_out)]
    else:
        n_draws = _n_draws(_n_validation_users(eligible, test_users, options), options)
        validation, digests = _drawn(holdout, eligible, test_users, test_entries, range(n_draws))
    test = _test_fold(holdout, test_users, test_entries)
    if interactions.ratings is not None:
        validation, test = with_ratings(validation, test, interactions.ratings, seed=options.seed)
    return Split(
        options=options,
        validation=tuple(validation),
        test=SealedTest(test, holdout.digest(*holdout.pairs(test_entries))),
        n_eligible_users=len(eligible),
        validation_hash=hashlib.sha256("".join(digests).encode()).hexdigest(),
    )


def fresh_folds(interactions: Interactions, split: Split) -> tuple[Fold, ...]:
    """Draw as many further validation folds as ``split`` has, from random streams that it did not use.

    They hold no test like of ``split``, and every call returns the same ones. Returns no fold if there is only one
    possible draw: the author of the data chose the validation likes, or they are the last by time.
    """
    options, n_draws = split.options, len(split.validation)
    if options.kind == "given" or (options.holdout == "last" and options.protocol == "warm"):
        return ()
    eligible = _eligible_users(interactions, options)
    holdout = Holdout(interactions, options)
    test_likes = _test_likes(holdout, eligible)
    folds, _ = _drawn(holdout, eligible, *test_likes, range(n_draws, 2 * n_draws))
    if interactions.ratings is not None:
        test = _test_fold(holdout, *test_likes)
        folds, _ = with_ratings(folds, test, interactions.ratings, seed=options.seed, first_draw=n_draws)
    return tuple(folds)


def _eligible_users(interactions: Interactions, options: SplitOptions) -> NDArray[np.int64]:
    likes = np.diff(interactions.matrix.indptr)
    eligible = np.flatnonzero(likes >= options.min_likes)
    if len(eligible) < 2:
        raise InvalidSplitError(
            f"{len(eligible)} users of {interactions.name} have the {options.min_likes} likes needed to hold out "
            f"{options.n_held_out} for the test and {options.n_held_out} for validation "
            f"(the maximum is {likes.max()}); "
            "use more data, a lower rating that counts as a like, or hold out fewer"
        )
    return eligible


def _test_likes(holdout: Holdout, eligible: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Select the test users and their held-out entries."""
    users = holdout.choose_users(eligible, _n_test_users(len(eligible), holdout.options), stream=0)
    return users, holdout.choose_entries(users, np.zeros(0, np.int64), stream=1)


def _test_fold(holdout: Holdout, users: NDArray[np.int64], entries: NDArray[np.int64]) -> Fold:
    return holdout.fold(users, entries, also_held_out=entries, cold_start_users=users)


def _drawn(
    holdout: Holdout,
    eligible: NDArray[np.int64],
    test_users: NDArray[np.int64],
    test_entries: NDArray[np.int64],
    draws: Iterable[int],
) -> tuple[list[Fold], list[str]]:
    """Return the validation folds of ``draws``, and a digest of each."""
    fold_in = holdout.options.protocol == "fold-in"
    candidates = np.setdiff1d(eligible, test_users) if fold_in else eligible
    n_users = _n_validation_users(eligible, test_users, holdout.options)
    folds, digests = [], []
    for draw in draws:
        users = holdout.choose_users(candidates, n_users, stream=2 + 2 * draw)
        entries = holdout.choose_entries(users, test_entries, stream=3 + 2 * draw)
        cold = np.union1d(test_users, users)
        folds.append(holdout.fold(users, entries, also_held_out=test_entries, cold_start_users=cold))
        digests.append(holdout.digest(*holdout.pairs(entries)))
    return folds, digests


def _n_validation_users(eligible: NDArray[np.int64], test_users: NDArray[np.int64], options: SplitOptions) -> int:
    """Number of users in a validation draw; under fold-in at most as many as the test has, none of them test users."""
    n_users = min(options.validation_users, len(eligible))
    if options.protocol == "fold-in":
        n_users = min(n_users, len(test_users), len(eligible) - len(test_users))
    return n_users


def _n_test_users(n_eligible: int, options: SplitOptions) -> int:
    if options.test_users >= 1:
        wanted = int(options.test_users)
    else:
        wanted = math.ceil(options.test_users * n_eligible)
        if options.protocol == "warm":
            wanted = max(wanted, ENOUGH_TEST_USERS)
    # under fold-in at least one validation user and one training user must remain
    most = n_eligible if options.protocol == "warm" else max(1, n_eligible // 3)
    return min(wanted, most)


def _n_draws(n_users: int, options: SplitOptions) -> int:
    if options.draws is not None:
        return options.draws
    if options.holdout == "last" and options.protocol == "warm":
        return 1
    return min(MAX_DRAWS, math.ceil(ENOUGH_VALIDATION_LIKES / (n_users * options.n_held_out)))
