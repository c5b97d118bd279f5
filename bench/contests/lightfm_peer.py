"""lightfm-next, as a contender: LightFM as it can be installed today."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from bench.contests.problem import Factors, Problem, Run
from bench.contests.stopwatch import Stopwatch

__all__ = ["fit_warp"]


def fit_warp(problem: Problem, *, learning_rate: float, max_sampled: int) -> Run:
    from lightfm import LightFM

    likes = _with_short_indices(problem.fold.train)

    def run(watch: Stopwatch) -> None:
        model = LightFM(
            no_components=problem.n_factors,
            loss="warp",
            learning_rate=learning_rate,
            max_sampled=max_sampled,
            random_state=problem.seed,
        )
        watch.start()
        while True:
            model.fit_partial(likes, epochs=1, num_threads=problem.threads)
            watch.lap(lambda: _factors(model))

    return run


def _with_short_indices(train: sp.csr_array) -> sp.coo_matrix:
    """It takes no others than int32, which SciPy chooses when it is asked afresh."""
    users, items = train.nonzero()
    return sp.coo_matrix((train.data, (users.astype(np.int32), items.astype(np.int32))), shape=train.shape)


def _factors(model: Any) -> Factors:
    """Item biases as a column; a user's own bias orders nothing."""
    ones = np.ones((len(model.user_embeddings), 1), np.float32)
    return Factors(
        np.hstack([model.user_embeddings, ones]), np.hstack([model.item_embeddings, model.item_biases[:, None]])
    )
