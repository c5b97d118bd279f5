from __future__ import annotations

import numpy as np
import pytest

from studies.comparison.blends import reciprocal_rank_fusion


def test_scores_are_sums_of_reciprocal_ranks() -> None:
    a, b = np.array([[2, 0], [1, -1]], np.int32), np.array([[2, 3], [0, 1]], np.int32)
    expected = [[1 / 62, 0, 1 / 61 + 1 / 61, 1 / 62], [1 / 61, 1 / 61 + 1 / 62, 0, 0]]
    assert reciprocal_rank_fusion([a, b], 4) == pytest.approx(np.array(expected))


def test_a_list_fused_with_itself_keeps_its_order() -> None:
    lists = np.array([[4, 1, 3]], np.int32)
    fused = reciprocal_rank_fusion([lists, lists], 5)
    assert np.argsort(-fused[0], kind="stable")[:3].tolist() == [4, 1, 3]
