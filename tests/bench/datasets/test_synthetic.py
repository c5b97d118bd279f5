"""Synthetic sets have the requested size, the skew of real data, and tastes that a model can find."""

import numpy as np
import pytest
import scipy.sparse as sp

from bench.datasets import DataError, DataOptions, load
from bench.datasets.synthetic import SyntheticOptions, make_rows, parse_synthetic

DATA = "synthetic:users=2000,items=1000,pairs=60000,seed=3"


def test_size_is_exactly_the_requested_one():
    interactions = load(DataOptions(data=DATA))
    assert interactions.n_likes == 60_000
    assert interactions.n_users == 2_000
    assert interactions.source.dropped == {}
    assert "synthetic data" in interactions.source.notes[0]


def test_same_seed_makes_the_same_set_and_another_seed_another():
    assert load(DataOptions(data=DATA)).content_hash == load(DataOptions(data=DATA)).content_hash
    assert load(DataOptions(data=DATA)).content_hash != load(DataOptions(data=DATA + "4")).content_hash


def test_few_items_and_few_users_have_many_of_the_likes():
    matrix = load(DataOptions(data=DATA)).matrix
    for likes in (np.bincount(matrix.indices), np.diff(matrix.indptr)):
        top_tenth = np.sort(likes)[-len(likes) // 10 :]
        assert top_tenth.sum() > 0.25 * likes.sum()


def test_planted_taste_lets_neighbours_beat_popularity():
    matrix = load(DataOptions(data=DATA)).matrix
    held_out = matrix.indptr[:-1] + np.diff(matrix.indptr) // 2
    train = sp.csr_array(matrix, copy=True)
    train.data[held_out] = 0
    train.eliminate_zeros()
    popularity = train.sum(axis=0)
    cosine = (train.T @ train).toarray() / np.sqrt(np.outer(popularity, popularity) + 1e-9)
    np.fill_diagonal(cosine, 0)
    seen = train.toarray() > 0

    def mean_reciprocal_rank(scores):
        scores = np.where(seen, -np.inf, scores)
        own = scores[np.arange(len(scores)), matrix.indices[held_out]]
        return (1 / (1 + (scores > own[:, None]).sum(axis=1))).mean()

    assert mean_reciprocal_rank(train @ cosine) > 1.5 * mean_reciprocal_rank(popularity)


def test_crowded_set_is_still_filled():
    rows = make_rows(SyntheticOptions(users=50, items=64, pairs=400))
    cells = rows.users.codes * 64 + rows.items.codes
    assert len(np.unique(cells)) == 400


def test_options_are_parsed_and_default():
    assert parse_synthetic("synthetic:") == SyntheticOptions()
    assert parse_synthetic("synthetic:users=138_000, pairs=2000000") == SyntheticOptions(users=138_000, pairs=2_000_000)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("synthetic:user=5", r"has no 'user'\. Choose from: users, items, pairs, seed\. Did you mean 'users'\?"),
        ("synthetic:users=many", "users must be a whole number, got 'many'"),
        ("synthetic:users=1", "needs 2 users and 64 items or more, got 1, 500"),
        ("synthetic:pairs=5", "pairs must be from 1,000 to 62,500 here, got 5"),
        ("synthetic:users=3000000000", "must be below 2,147,483,648"),
        ("synthetic:seed=-1", "seed must be a whole number, got '-1'"),
    ],
)
def test_impossible_set_is_explained(data, message):
    with pytest.raises(DataError, match=message):
        load(DataOptions(data=data))
