"""Adapter of Surprise (scikit-surprise), a widely used library of rating predictors, to the benchmarks."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.benchmarks.problem import Problem, Run
from bench.benchmarks.stopwatch import Stopwatch

__all__ = ["fit_ratings"]


def fit_ratings(problem: Problem, *, algorithm: str) -> Run:
    """``SVD`` or ``SVDpp`` with the defaults of Surprise."""
    import surprise

    ratings = problem.ratings
    trainset = _trainset(ratings.train.matrix)

    def run(watch: Stopwatch) -> None:
        model = getattr(surprise, algorithm)(random_state=problem.seed)
        watch.start()
        model.fit(trainset)
        watch.lap(lambda: _predicted(model, ratings.withheld.users, ratings.withheld.items))

    return run


def _trainset(train: sp.csr_array) -> Any:
    """Convert the ratings to the data structure of Surprise, with our indices as ids."""
    from surprise import Trainset

    by_user, by_item = defaultdict(list), defaultdict(list)
    users = np.repeat(np.arange(train.shape[0]), np.diff(train.indptr))
    for user, item, rating in zip(users.tolist(), train.indices.tolist(), train.data.tolist(), strict=True):
        by_user[user].append((item, rating))
        by_item[item].append((user, rating))
    scale = float(train.data.min()), float(train.data.max())
    ids = {user: user for user in by_user}, {item: item for item in by_item}
    return Trainset(by_user, by_item, *train.shape, train.nnz, scale, *ids)


def _predicted(model: Any, users: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.float64]:
    pairs = zip(users.tolist(), items.tolist(), strict=True)
    return np.array([model.predict(user, item).est for user, item in pairs])
