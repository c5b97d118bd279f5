"""Popularity: counts of likes, the same for all users."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from models.popularity import Popularity
from models.testing import ModelContract

TRAIN = sp.csr_array(np.array([[1, 5, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0]], np.float32))


class TestPopularity(ModelContract):
    model = Popularity
    is_personal = False


def test_a_score_is_the_number_of_users_who_like_the_item() -> None:
    assert Popularity().fit(TRAIN).scores([0, 2]).tolist() == [[1, 3, 1, 0]] * 2


def test_equally_popular_items_are_recommended_in_order_of_number() -> None:
    assert Popularity().fit(TRAIN).recommend([2], 3).items.tolist() == [[0, 2, 3]]
