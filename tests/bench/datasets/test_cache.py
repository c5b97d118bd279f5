"""Parsed data is kept, checked, and read again only when it is what it should be."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from bench.datasets import DataOptions, load, loading


@pytest.fixture
def parses(monkeypatch):
    """Counts how often a file is parsed; every file is large enough to be kept."""
    calls = []
    monkeypatch.setattr(loading, "_MIN_CACHED_BYTES", 0)
    monkeypatch.setattr(loading, "read_text", lambda *args, read=loading.read_text: calls.append(args) or read(*args))
    return calls


TEXT = "userId,movieId,rating,timestamp\n1,10,5,100\nbob,11,4,7\nbob,10,4,9\n1,11,2,8\n"


def assert_same(found, expected):
    assert found.content_hash == expected.content_hash
    assert asdict(found.source) == asdict(expected.source)
    assert found.name == expected.name
    assert found.user_ids.tolist() == expected.user_ids.tolist()
    assert (found.item_titles is None) == (expected.item_titles is None)
    assert found.item_titles is None or found.item_titles.tolist() == expected.item_titles.tolist()
    for array in ("data", "indices", "indptr"):
        assert getattr(found.matrix, array).dtype == getattr(expected.matrix, array).dtype


def test_second_load_is_the_same_and_parses_nothing(write, parses):
    write("movieId,title\n10,Heat\n", "movies.csv")
    options = DataOptions(data=write(TEXT, "ratings.csv"))
    assert_same(load(options), load(options))
    assert len(parses) == 1


def test_weights_are_kept(write, parses):
    options = DataOptions(data=write("user,item,plays\n1,1,3\n2,2,4.5\n"))
    assert_same(load(options), load(options))
    assert load(options).matrix.data.tolist() == [3, 4.5]
    assert len(parses) == 1


def test_same_content_elsewhere_is_known_and_goes_by_its_own_name(write, parses):
    load(DataOptions(data=write(TEXT, "a/ratings.csv")))
    assert load(DataOptions(data=write(TEXT, "b/ratings.csv"))).name == "ratings.csv"
    assert len(parses) == 1


def test_other_content_options_or_titles_are_parsed(write, parses):
    path = write(TEXT, "ratings.csv")
    load(DataOptions(data=path))
    load(DataOptions(data=path, positive_from=2))
    load(DataOptions(data=write(TEXT + "3,12,5,1\n", "ratings.csv")))
    assert load(DataOptions(data=path, items=write("id,title\n10,Heat\n", "t.csv"))).item_titles[0] == "Heat"
    assert len(parses) == 4


def test_no_cache_neither_takes_nor_keeps(write, parses, cache_folder):
    options = DataOptions(data=write(TEXT), use_cache=False)
    load(options)
    load(options)
    assert len(parses) == 2
    assert not cache_folder.exists()


@pytest.mark.parametrize("damage", ["cut", "bit", "other key", "range", "lengths", "pickle"])
def test_damaged_file_is_not_trusted(write, parses, cache_folder, damage):
    options = DataOptions(data=write(TEXT))
    expected = load(options)
    (kept,) = (cache_folder / "parsed").glob("*.npz")
    content = kept.read_bytes()
    arrays = dict(np.load(kept))
    if damage == "cut":
        kept.write_bytes(content[: len(content) // 2])
    elif damage == "bit":
        place = content.index(arrays["timestamps"].tobytes())
        kept.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
    elif damage == "other key":
        arrays["about"] = np.frombuffer(arrays["about"].tobytes().replace(kept.stem.encode(), b"0" * 64), np.uint8)
        np.savez(kept, **arrays)
    elif damage == "range":
        np.savez(kept, **{**arrays, "indices": arrays["indices"] + 5})
    elif damage == "lengths":
        np.savez(kept, **{**arrays, "timestamps": arrays["timestamps"][1:]})
    else:
        np.savez(kept, **{**arrays, "user_ids": arrays["user_ids"].astype(object)})
    assert_same(load(options), expected)
    assert_same(load(options), expected)
    assert len(parses) == 2


def test_only_the_latest_are_kept(write, parses, cache_folder):
    path = write(TEXT)
    for seed in range(20):
        load(DataOptions(data=path, sample_seed=seed))
    assert len(list((cache_folder / "parsed").iterdir())) == 16


def test_unwritable_cache_folder_stops_nothing(write, parses, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MFBENCH_CACHE", str(tmp_path / "file"))
    assert load(DataOptions(data=write(TEXT))).n_likes == 3


def test_ratings_are_kept_with_the_likes(write, parses):
    options = DataOptions(data=write(TEXT), keep_ratings=True)
    first, again = load(options).ratings, load(options).ratings
    assert len(parses) == 1
    assert (first.matrix != again.matrix).nnz == 0
    assert first.timestamps.tolist() == again.timestamps.tolist()
    assert load(replace(options, keep_ratings=False)).ratings is None
