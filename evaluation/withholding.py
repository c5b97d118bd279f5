"""Ratings in folds: which may be seen, and which are withheld, to be predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evaluation.fold import Fold, FoldRatings, Withheld
from evaluation.interactions import Ratings

__all__ = ["with_ratings"]

SHARE = 0.05  #: of the ratings, withheld for the test and again in each draw of the validation
ENOUGH = 50_000  #: ratings withheld at most; the standard error of their RMSE is then about .002


def with_ratings(
    validation: Sequence[Fold], test: Fold, ratings: Ratings, *, seed: int, first_draw: int = 0
) -> tuple[list[Fold], Fold]:
    """The same folds, draws ``first_draw`` and on, with ratings to learn from, and some to predict.

    What is withheld is a random share of all ratings, high and low as they come: hidden likes are all high ones, and
    nobody's error is known from those. A fold has no rating of a like that it hides, and what the test hides or
    withholds is in no other fold. Of users who are strangers to ``train`` no rating is trained on or withheld.
    """
    cut = _Cut(ratings)
    held_out = cut.entries(test)
    sealed = cut.withheld(test, np.zeros(0, np.int64), np.random.default_rng([seed, 0, 1]))
    unseen = np.union1d(held_out, sealed)
    folds = []
    for draw, fold in enumerate(validation, first_draw):
        rng = np.random.default_rng([seed, 1 + draw, 1])  # streams of likes have one number less
        withheld = cut.withheld(fold, unseen, rng)
        folds.append(replace(fold, ratings=cut.of_fold(fold, np.union1d(unseen, cut.entries(fold)), withheld)))
    return folds, replace(test, ratings=cut.of_fold(test, held_out, sealed))


class _Cut:
    """Entries are positions in ``ratings.matrix.data``."""

    def __init__(self, ratings: Ratings) -> None:
        self._ratings = ratings
        n_users, n_items = ratings.matrix.shape
        self._owners = np.repeat(np.arange(n_users), np.diff(ratings.matrix.indptr))
        self._cells = self._owners * n_items + ratings.matrix.indices

    def entries(self, fold: Fold) -> NDArray[np.int64]:
        """Of the fold's hidden likes, each of which has a rating; ascending."""
        owners = np.repeat(fold.users, np.diff(fold.held_out.indptr))
        cells = owners * fold.held_out.shape[1] + fold.held_out.indices
        entries: NDArray[np.int64] = np.searchsorted(self._cells, np.sort(cells))
        return entries

    def withheld(self, fold: Fold, taken: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Entries drawn from those that are not ``taken``, ascending."""
        candidates = self._is_trained_on(fold)
        candidates[taken] = False
        allowed = np.flatnonzero(candidates)
        n = min(max(1, round(SHARE * len(candidates))), ENOUGH, len(allowed))
        return np.sort(rng.choice(allowed, size=n, replace=False))

    def of_fold(self, fold: Fold, unseen: NDArray[np.int64], withheld: NDArray[np.int64]) -> FoldRatings:
        """What ``fold`` may see of the ratings, none of them ``unseen``, and what it is asked."""
        matrix, times = self._ratings.matrix, self._ratings.timestamps
        known = np.ones(matrix.nnz, bool)
        known[unseen] = False
        known[withheld] = False
        return FoldRatings(
            train=self._ratings.only(known & self._is_trained_on(fold)),
            histories=self._ratings.only(known).matrix[fold.users],
            withheld=Withheld(
                users=self._owners[withheld],
                items=matrix.indices[withheld].astype(np.int64),
                ratings=matrix.data[withheld],
                timestamps=None if times is None else times[withheld],
            ),
        )

    def _is_trained_on(self, fold: Fold) -> NDArray[np.bool_]:
        """(nnz,) whether the owner has likes in training: under fold-in, strangers have none."""
        is_known: NDArray[np.bool_] = np.diff(fold.train.indptr) > 0
        return is_known[self._owners]
