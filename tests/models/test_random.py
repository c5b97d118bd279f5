"""Random: lists that depend only on the seed and the user."""

from __future__ import annotations

import numpy as np

from models.random import Random
from models.testing import ModelContract
from models.testing.contract import LIKES, USERS


class TestRandom(ModelContract):
    model = Random
    is_personal = False
    histories_equal_users = False


def test_another_seed_or_user_gives_another_list() -> None:
    scores = Random(seed=0).fit(LIKES).scores(USERS)
    assert (np.diff(scores, axis=0) != 0).any(axis=1).all()
    assert (scores != Random(seed=1).fit(LIKES).scores(USERS)).any(axis=1).all()


def test_a_users_list_does_not_depend_on_the_other_queries() -> None:
    model = Random().fit(LIKES)
    assert model.scores([7]).tolist() == model.scores([2, 7])[1:].tolist()
    assert model.scores(LIKES[[7]]).tolist() == model.scores(LIKES[[2, 7]])[1:].tolist()


def test_scores_are_uniform() -> None:
    scores = Random().fit(LIKES).scores(USERS)
    assert (scores >= 0).all()
    assert (scores < 1).all()
    assert abs(scores.mean() - 1 / 2) < 4 * np.sqrt(1 / 12 / scores.size)
