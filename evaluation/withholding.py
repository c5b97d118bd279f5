"""Adds ratings to folds: those to train on, and those withheld for measuring prediction errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evaluation.fold import Fold, FoldRatings, Withheld
from evaluation.interactions import Ratings

__all__ = ["with_ratings"]

SHARE = 0.05  #: share of the ratings withheld for the test, and again for each validation draw
MAX_WITHHELD = 50_000  #: ratings per fold; the standard error of their RMSE is then about .002


def with_ratings(
    validation: Sequence[Fold], test: Fold, ratings: Ratings, *, seed: int, first_draw: int = 0
) -> tuple[list[Fold], Fold]:
    """Return the folds with training ratings and withheld ratings; ``validation[0]`` is draw ``first_draw``.

    The withheld ratings are a random sample of all ratings, because held-out likes are high ratings only and would not
    show the errors on low ones. A fold has no rating of its held-out likes, and ratings that the test holds out or
    withholds are in no other fold. Ratings of cold-start users are neither trained on nor withheld.
    """
    cut = _Cut(ratings)
    held_out = cut.entries(test)
    sealed = cut.withheld(test, np.zeros(0, np.int64), np.random.default_rng([seed, 0, 1]))
    unseen = np.union1d(held_out, sealed)
    folds = []
    for draw, fold in enumerate(validation, first_draw):
        rng = np.random.default_rng([seed, 1 + draw, 1])  # Holdout seeds with two numbers: no stream is shared
        withheld = cut.withheld(fold, unseen, rng)
        folds.append(replace(fold, ratings=cut.of_fold(fold, np.union1d(unseen, cut.entries(fold)), withheld)))
    return folds, replace(test, ratings=cut.of_fold(test, held_out, sealed))


class _Cut:
    """Divides ratings between training and withheld; an entry is a position in ``ratings.matrix.data``."""

    def __init__(self, ratings: Ratings) -> None:
        self._ratings = ratings
        n_users, n_items = ratings.matrix.shape
        self._users = np.repeat(np.arange(n_users), np.diff(ratings.matrix.indptr))
        self._cells = self._users * n_items + ratings.matrix.indices

    def entries(self, fold: Fold) -> NDArray[np.int64]:
        """Entries of the ratings of the fold's held-out likes, ascending."""
        users = np.repeat(fold.users, np.diff(fold.held_out.indptr))
        cells = users * fold.held_out.shape[1] + fold.held_out.indices
        entries: NDArray[np.int64] = np.searchsorted(self._cells, np.sort(cells))
        return entries

    def withheld(self, fold: Fold, taken: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the entries to withhold from those that are not ``taken``, ascending."""
        candidates = self._is_trained_on(fold)
        candidates[taken] = False
        allowed = np.flatnonzero(candidates)
        n = min(max(1, round(SHARE * len(candidates))), MAX_WITHHELD, len(allowed))
        return np.sort(rng.choice(allowed, size=n, replace=False))

    def of_fold(self, fold: Fold, unseen: NDArray[np.int64], withheld: NDArray[np.int64]) -> FoldRatings:
        """Build the ratings of ``fold``, without the entries ``unseen`` and ``withheld`` in its training part."""
        matrix, times = self._ratings.matrix, self._ratings.timestamps
        known = np.ones(matrix.nnz, bool)
        known[unseen] = False
        known[withheld] = False
        return FoldRatings(
            train=self._ratings.only(known & self._is_trained_on(fold)),
            histories=self._ratings.only(known).matrix[fold.users],
            withheld=Withheld(
                users=self._users[withheld],
                items=matrix.indices[withheld].astype(np.int64),
                ratings=matrix.data[withheld],
                timestamps=None if times is None else times[withheld],
            ),
        )

    def _is_trained_on(self, fold: Fold) -> NDArray[np.bool_]:
        """Whether the user of each rating has training likes, (nnz,); under fold-in, cold-start users have none."""
        is_known: NDArray[np.bool_] = np.diff(fold.train.indptr) > 0
        return is_known[self._users]
