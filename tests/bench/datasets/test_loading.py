"""Loading by path and by name."""

import gzip
from pathlib import Path

import pytest

from bench.datasets import DataError, DataOptions, describe, load

REAL_DATA = Path(__file__).parents[3] / "../shared/data"
needs_real_data = pytest.mark.skipif(not REAL_DATA.is_dir(), reason="needs ../shared/data beside the checkout")


@pytest.fixture
def write(tmp_path):
    def write(text, name="likes.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return str(path)

    return write


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(DataError, match=r"Unknown data set 'movielens-smal'.*Did you mean 'movielens-small'\?"):
        load(DataOptions(data="movielens-smal"))


@pytest.mark.parametrize("name", ["likes.csv", "likes.csv.gz"])
def test_pairs_load_with_their_ids(write, name):
    interactions = load(DataOptions(data=write("user_id,movie_id\n7,30\n7,10\n9,10\n", name)))
    assert interactions.user_ids.tolist() == [7, 9]
    assert interactions.item_ids.tolist() == [10, 30]
    assert interactions.matrix.toarray().tolist() == [[1, 1], [1, 0]]


def test_file_without_header_is_read_by_place(write):
    interactions = load(DataOptions(data=write("7,30,4,100\n7,10,5,101\n9,10,3,102\n9,30,4.5,103\n")))
    assert interactions.n_likes == 3
    assert interactions.timestamps.tolist() == [101, 100, 103]


def test_text_ids_stay_text(write):
    interactions = load(DataOptions(data=write("user,item\nbob,x\nann,y\nbob,y\n")))
    assert interactions.user_ids.tolist() == ["ann", "bob"]
    assert interactions.matrix.toarray().tolist() == [[0, 1], [1, 1]]


def test_columns_are_found_by_name_in_any_order(write):
    text = "timestamp,movieId,note,rating,userId\n5,10,a,4,1\n6,11,b,5,2\n7,10,c,1,2\n"
    interactions = load(DataOptions(data=write(text)))
    assert interactions.source.dropped == {"rating below 4": 1}
    assert interactions.timestamps.tolist() == [5, 6]


def test_repeated_rating_is_replaced_by_the_later_one(write):
    text = "user,item,rating,timestamp\n1,10,2,50\n1,10,5,40\n1,11,5,1\n2,10,5,1\n"
    interactions = load(DataOptions(data=write(text)))
    assert interactions.matrix.toarray().tolist() == [[0, 1], [1, 0]]
    assert sum(interactions.source.dropped.values()) == 2


def test_repeated_weights_are_summed(write):
    interactions = load(DataOptions(data=write("user,item,plays\n1,10,2\n1,10,3\n2,11,4\n")))
    assert interactions.matrix.toarray().tolist() == [[5, 0], [0, 4]]
    assert interactions.source.dropped == {"repeated pair, added to the first one": 1}


def test_threshold_without_ratings_is_refused(write):
    with pytest.raises(DataError, match="needs ratings, but there is no rating column"):
        load(DataOptions(data=write("user,item\n1,1\n2,2\n"), positive_from=4))


def test_nothing_left_is_said_with_the_reason(write):
    path = write("user,item,rating\n1,10,2\n2,11,3\n")
    with pytest.raises(DataError, match=r"0 users and 0 items are left of 2 rows \(2 dropped: rating below 4\)"):
        load(DataOptions(data=path))


@needs_real_data
def test_ml_1m_pairs_load_as_a_folder_with_titles():
    interactions = load(DataOptions(data=str(REAL_DATA / "ml-1m-pairs")))
    assert describe(interactions) == "Kept 933,517 of 933,517 rows as likes; 6,018 users, 3,018 items"
    assert interactions.item_titles[0] == "One Flew Over the Cuckoo's Nest (1975)"
