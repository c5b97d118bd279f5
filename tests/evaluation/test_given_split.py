"""Splits with validation likes chosen by the author of the data."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.fold import GivenLikes
from evaluation.interactions import Interactions
from evaluation.metrics import Metric
from evaluation.ranking import rank_held_out
from evaluation.split import InvalidSplitError, SplitOptions, split_likes
from tests.evaluation.folds import csr

# three users who each like four of six items; the author held out other items, one training like, and unknown items
TRAIN = [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]
HELD_OUT = [[4, 5], [5, 1], []]
DATA = Interactions.from_rows("toy", np.repeat([0, 1, 2], 4), np.ravel(TRAIN))
GIVEN = GivenLikes(likes=csr(HELD_OUT, 6), n_held_out=np.array([2, 3, 1]))  # one unknown item each for users 1 and 2


def split(seen: str) -> object:
    options = SplitOptions(kind="given", seen=seen, test_users=1)
    return split_likes(DATA, options, GIVEN)


def test_the_authors_likes_are_held_out_and_seen_ones_only_if_they_may_return() -> None:
    for seen, expected in (("exclude", [[4, 5], [5], []]), ("include", [[4, 5], [1, 5], []])):
        one = split(seen)
        (fold,) = one.validation
        assert one.test.open().held_out.nnz == 1
        held_out = [
            fold.held_out.indices[a:b].tolist()
            for a, b in zip(fold.held_out.indptr, fold.held_out.indptr[1:], strict=False)
        ]
        test_user = one.test.open().users.tolist()[0]
        test_item = one.test.open().held_out.indices.tolist()[0]
        expected = [[i for i in row if (u, i) != (test_user, test_item)] for u, row in enumerate(expected)]
        assert held_out == expected


def test_likes_of_unknown_items_rank_last_and_stay_in_the_denominator() -> None:
    (fold,) = split("exclude").validation
    scores = np.tile(np.arange(6, 0, -1, dtype=np.float32), (3, 1))  # item 0 first
    ranks = rank_held_out(lambda users: scores[users], fold)
    unseen = [[i for i in range(6) if i not in fold.histories[[u]].indices] for u in range(3)]
    expected = [[unseen[0].index(4) + 1, unseen[0].index(5) + 1], [unseen[1].index(5) + 1, 7], [7]]
    got = [ranks.ranks[a:b].tolist() for a, b in zip(ranks.indptr, ranks.indptr[1:], strict=False)]
    assert got == expected
    recall = Metric.parse("recall@6").per_user(ranks)
    assert recall.tolist() == [2 / 2, 1 / 2, 0 / 1]
    assert Metric.parse("map@2").per_user(ranks)[2] == 0


def test_seen_items_are_ranked_if_they_may_return() -> None:
    (fold,) = split("include").validation
    scores = np.tile(np.arange(6, 0, -1, dtype=np.float32), (3, 1))
    ranks = rank_held_out(lambda users: scores[users], fold)
    assert ranks.ranks[: ranks.indptr[1]].tolist() == [4 + 1, 5 + 1]


def test_no_like_is_both_test_and_validation() -> None:
    everything = GivenLikes(likes=csr(TRAIN, 6), n_held_out=np.array([4, 4, 4]))
    for seed in range(5):
        options = SplitOptions(kind="given", seen="include", seed=seed)
        one = split_likes(DATA, options, everything)
        test = one.test.open()
        overlap = one.validation[0].held_out.astype(bool).multiply(test.held_out.astype(bool))
        assert test.held_out.nnz == 3
        assert overlap.nnz == 0


def test_data_without_validation_likes_is_refused() -> None:
    with pytest.raises(InvalidSplitError, match="toy brings no validation likes of its own"):
        split_likes(DATA, SplitOptions(kind="given"))


def test_a_split_without_a_validation_like_is_refused() -> None:
    seen = GivenLikes(likes=csr(TRAIN, 6), n_held_out=np.array([4, 4, 4]))
    with pytest.raises(InvalidSplitError, match="no user has a validation like that is not also a training like"):
        split_likes(DATA, SplitOptions(kind="given"), seen)


@pytest.mark.parametrize("options", [{"protocol": "fold-in"}, {"draws": 2}])
def test_options_that_contradict_a_given_split_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InvalidSplitError, match="a single draw of users in the training data"):
        SplitOptions(kind="given", **options)
