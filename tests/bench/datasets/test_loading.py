"""Files, folders, zips and known sets in their published form."""

import gzip
import io
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.datasets import DataError, DataOptions, describe, known_names, load, loading

DAT = "1::122::5::838985046\n1::185::4.5::838983525\n2::122::4::868245777\n3::520::1::838984474\n"
MOVIES = "122::Boomerang: The Return (1992)::Comedy|Romance\n185::Net, The (1995)::Action\n520::A::B: Tights::Comedy\n"


def test_movielens_dat_takes_its_titles_from_the_file_beside_it(write):
    write(MOVIES, "movies.dat")
    for data in (write(DAT, "ratings.dat"), str(write(DAT, "ratings.dat")).rsplit("/", 1)[0]):
        interactions = load(DataOptions(data=data, positive_from=1))
        assert interactions.item_titles.tolist() == ["Boomerang: The Return (1992)", "Net, The (1995)", "A::B: Tights"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_titles_are_read_in_either_encoding(write, encoding):
    write("122::Misérables, Les (1995)::Drama\n185::Sjön::War\n".encode(encoding), "movies.dat")
    interactions = load(DataOptions(data=write(DAT, "ratings.dat")))
    assert interactions.item_titles.tolist() == ["Misérables, Les (1995)", "Sjön"]


def test_titles_of_the_users_own_file_are_taken(write):
    titles = write('name;id\n"Net; The";185\nBoomerang;122\n', "mine.csv")
    interactions = load(DataOptions(data=write(DAT, "x.txt"), items=titles))
    assert interactions.item_titles.tolist() == ["Boomerang", "Net; The"]


def test_items_without_a_title_are_counted_and_named_by_their_id(write):
    interactions = load(DataOptions(data=write(DAT, "x.txt"), items=write("id,title\n122,Boomerang\n", "mine.csv")))
    assert interactions.item_titles.tolist() == ["Boomerang", "185"]
    assert "2 of 3 items have no title" in interactions.source.notes


def test_zip_of_a_movielens_set_is_read_without_unpacking(tmp_path):
    path = tmp_path / "ml-20m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ml-20m/tags.csv", "userId,movieId,tag,timestamp\n1,2,x,3\n")
        archive.writestr("ml-20m/ratings.csv", "userId,movieId,rating,timestamp\n1,2,4.0,3\n2,5,4.5,4\n")
        archive.writestr("ml-20m/movies.csv", 'movieId,title,genres\n2,"Jumanji, I (1995)",Drama\n5,Heat,War\n')
    interactions = load(DataOptions(data=str(path)))
    assert interactions.item_titles.tolist() == ["Jumanji, I (1995)", "Heat"]
    assert interactions.timestamps.tolist() == [3, 4]
    assert sorted(tmp_path.iterdir()) == [path]


def test_fetched_set_is_loaded_by_name_with_its_terms(cache_folder):
    (cache_folder / "sets").mkdir(parents=True)
    with zipfile.ZipFile(cache_folder / "sets" / "ml-1m.zip", "w") as archive:
        archive.writestr("ml-1m/ratings.dat", DAT)
    interactions = load(DataOptions(data="movielens-1m"))
    assert interactions.name == "movielens-1m"
    assert "no redistribution" in interactions.source.terms


def test_parquet_reads_the_columns_it_needs(tmp_path):
    path = tmp_path / "likes.parquet"
    table = {"note": ["a", "b", "c"], "track_id": ["x", "y", "x"], "plays": [1, 2, 3], "user_id": [5, 5, 7]}
    table["time"] = np.array(["2001-09-09T01:46:40", "2001-09-10", "1970-01-01"], "datetime64[ms]")
    pq.write_table(pa.table(table), path)
    interactions = load(DataOptions(data=str(path)))
    assert interactions.item_ids.tolist() == ["x", "y"]
    assert interactions.matrix.toarray().tolist() == [[1, 2], [3, 0]]
    assert interactions.timestamps.tolist() == [1_000_000_000, 1_000_080_000, 0]


def test_parquet_row_groups_are_put_together(tmp_path):
    path = tmp_path / "likes.parquet"
    table = pa.table({"user": [f"u{row % 50:03}" for row in range(1000)], "item": list(range(1000))})
    pq.write_table(table, path, row_group_size=64)
    interactions = load(DataOptions(data=str(path)))
    assert interactions.matrix.shape == (50, 1000)
    assert interactions.user_ids[49] == "u049"
    assert interactions.matrix[[49], [49]] == 1


def test_known_names_begin_with_the_embedded_set():
    assert known_names()[:3] == ("movielens-small", "movielens-100k", "movielens-1m")


def test_ml_100k_loads_in_its_own_format(real_data):
    interactions = load(DataOptions(data=str(real_data / "ml-100k")))
    assert describe(interactions).splitlines() == [
        "Kept 55,377 of 100,003 ratings as likes (rating >= 4); 943 of 944 users, 1,447 of 1,682 items",
        "Note: lines cut at the end, where they had spare separators: 1",
    ]
    assert interactions.item_titles[0] == "Toy Story (1995)"


def test_lastfm_hetrec_loads_its_play_counts_and_names(real_data):
    interactions = load(DataOptions(data=str(real_data / "lastfm-hetrec")))
    assert describe(interactions) == "Kept 92,834 of 92,834 rows as likes; 1,892 users, 17,632 items"
    assert interactions.matrix[[0], [interactions.item_ids.tolist().index(51)]] == 13_883
    assert interactions.item_titles[0] == "MALICE MIZER"


def test_ml_1m_pairs_load_as_a_folder_with_titles(real_data):
    interactions = load(DataOptions(data=str(real_data / "ml-1m-pairs")))
    assert describe(interactions) == "Kept 933,517 of 933,517 rows as likes; 6,018 users, 3,018 items"
    assert interactions.item_titles[0] == "One Flew Over the Cuckoo's Nest (1975)"


def test_file_of_titles_that_was_not_asked_for_may_be_unusable(write):
    write("movieId,genres\n122,War\n", "movies.csv")
    interactions = load(DataOptions(data=write(DAT, "ratings.dat")))
    assert interactions.item_titles is None
    assert "no column of titles among: movieId, genres" in interactions.source.notes[0]


@pytest.mark.parametrize("name", ["likes.parquet.gz", "likes"])
def test_parquet_is_recognised_by_its_content(tmp_path, name):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"user": [1, 2], "item": [1, 2]}), buffer)
    content = buffer.getvalue()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert load(DataOptions(data=str(tmp_path / name))).n_likes == 2


def test_zip_is_recognised_by_its_content(tmp_path):
    with zipfile.ZipFile(tmp_path / "download", "w") as archive:
        archive.writestr("x/ratings.csv", "user,item\n1,1\n2,2\n")
    assert load(DataOptions(data=str(tmp_path / "download"))).n_likes == 2


def test_terms_of_a_known_set_do_not_depend_on_the_cache(cache_folder, monkeypatch):
    monkeypatch.setattr(loading, "_MIN_CACHED_BYTES", 0)
    path = cache_folder / "sets" / "ml-1m.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml-1m/ratings.dat", DAT)
    assert load(DataOptions(data=str(path))).source.terms == ""
    assert "GroupLens" in load(DataOptions(data="movielens-1m")).source.terms


def test_long_title_is_cut(write):
    interactions = load(DataOptions(data=write(DAT, "x.dat"), items=write(f"id,title\n122,{'x' * 500}\n", "mine.csv")))
    assert interactions.item_titles[0] == "x" * 119 + "…"


def test_parts_of_a_parquet_table_are_read_together(tmp_path):
    for part in range(3):
        pq.write_table(pa.table({"user": [part, part], "item": [7, 8 + part]}), tmp_path / f"part-{part}.parquet")
    interactions = load(DataOptions(data=str(tmp_path)))
    assert interactions.matrix.toarray().tolist() == [[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user": ["a"], "item": [1]}, "part-1.parquet: a column is text here and int64 in earlier rows; write one"),
        ({"user": pa.array([1], pa.int32()), "item": [1]}, "a column is int32 here and int64 in earlier rows"),
        (
            {"user": [1], "item": [1], "rating": [float("nan")]},
            "a column of the earlier parts is missing here; write all parts",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(tmp_path, columns, message):
    pq.write_table(pa.table({"user": [1, 2], "item": [1, 2]}), tmp_path / "part-0.parquet")
    pq.write_table(pa.table(columns), tmp_path / "part-1.parquet")
    with pytest.raises(DataError, match=message):
        load(DataOptions(data=str(tmp_path)))


def test_bad_value_in_a_later_part_names_that_part(tmp_path):
    for part, rating in ((0, 4.0), (1, float("inf"))):
        table = pa.table({"user": [1, 2], "item": [1, 2], "rating": [5.0, rating]})
        pq.write_table(table, tmp_path / f"part-{part}.parquet")
    with pytest.raises(DataError, match=r"part-1.parquet: row 2: the rating is inf"):
        load(DataOptions(data=str(tmp_path)))


def test_folder_with_two_files_of_ratings_is_refused(write, tmp_path):
    write(DAT, "ratings.dat")
    write("user,item\n1,1\n", "ratings.csv")
    with pytest.raises(DataError, match=r"several files could be the ratings: ratings.csv, ratings.dat; name the one"):
        load(DataOptions(data=str(tmp_path)))
