"""Parsed data is cached, and read from the cache only if it is exactly what was stored."""

import io
import os
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.datasets import DataOptions, load, loading
from bench.datasets.cache import _digest, load_cached, store


@pytest.fixture
def parses(monkeypatch):
    """The calls that parse a file; every file is large enough to be cached."""
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


def test_weights_are_cached(write, parses):
    options = DataOptions(data=write("user,item,plays\n1,1,3\n2,2,4.5\n"))
    assert_same(load(options), load(options))
    assert load(options).matrix.data.tolist() == [3, 4.5]
    assert len(parses) == 1


def test_same_content_elsewhere_is_found_and_keeps_its_own_name(write, parses):
    load(DataOptions(data=write(TEXT, "a/ratings.csv")))
    assert load(DataOptions(data=write(TEXT, "b/ratings.csv"))).name == "ratings.csv"
    assert len(parses) == 1


def test_other_content_options_or_titles_are_parsed_again(write, parses):
    path = write(TEXT, "ratings.csv")
    load(DataOptions(data=path))
    load(DataOptions(data=path, positive_from=2))
    load(DataOptions(data=write(TEXT + "3,12,5,1\n", "ratings.csv")))
    assert load(DataOptions(data=path, items=write("id,title\n10,Heat\n", "t.csv"))).item_titles[0] == "Heat"
    assert len(parses) == 4


def test_without_the_cache_nothing_is_read_from_it_or_stored(write, parses, cache_folder):
    options = DataOptions(data=write(TEXT), use_cache=False)
    load(options)
    load(options)
    assert len(parses) == 2
    assert not cache_folder.exists()


def cached_file(cache_folder):
    (path,) = (cache_folder / "parsed").glob("*.npz")
    return path


@pytest.mark.parametrize("damage", ["cut", "empty", "bit", "another key", "folder"])
def test_damaged_file_is_parsed_again(write, parses, cache_folder, damage):
    options = DataOptions(data=write(TEXT))
    expected = load(options)
    path = cached_file(cache_folder)
    content = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage == "another key":
        load(replace(options, positive_from=1))
        (other,) = set((cache_folder / "parsed").glob("*.npz")) - {path}
        path.write_bytes(other.read_bytes())
        parses.pop()
    else:
        position = content.index(expected.timestamps.tobytes())
        flipped = content[:position] + b"\xff" + content[position + 1 :]
        path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "bit": flipped}[damage])
    assert_same(load(options), expected)
    assert len(parses) == 2


@pytest.mark.parametrize("forgery", ["range", "descending", "lengths", "titles", "pickle", "missing", "no zip"])
def test_file_with_a_valid_digest_that_holds_something_else_is_parsed_again(write, parses, cache_folder, forgery):
    write("movieId,title\n10,Heat\n", "movies.csv")
    options = DataOptions(data=write(TEXT, "ratings.csv"))
    expected = load(options)
    path = cached_file(cache_folder)
    arrays = dict(np.load(io.BytesIO(path.read_bytes()[32:])))
    forged = {
        "range": {"indices": arrays["indices"] + 5},
        "descending": {"indptr": arrays["indptr"][::-1]},
        "lengths": {"timestamps": arrays["timestamps"][1:]},
        "titles": {"item_titles": arrays["item_titles"][1:]},
        "pickle": {"user_ids": arrays["user_ids"].astype(object)},
    }.get(forgery, {})
    if forgery == "missing":
        del arrays["about"]
    buffer = io.BytesIO(bytes(32))
    buffer.seek(32)
    buffer.write(b"no zip") if forgery == "no zip" else np.savez(buffer, **{**arrays, **forged})
    digest = _digest(path.stem, buffer)
    path.write_bytes(digest + buffer.getvalue()[32:])
    assert_same(load(options), expected)
    assert len(parses) == 2


@pytest.fixture
def stored(write, cache_folder):
    """A key, its interactions, and the path and content of its file."""
    key, interactions = "0" * 64, load(DataOptions(data=write(TEXT), keep_ratings=True))
    store(key, interactions)
    path = cached_file(cache_folder)
    return key, interactions, path, path.read_bytes()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_of_bytes_raises_or_loads_other_data(stored, data):
    key, interactions, path, content = stored
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    end = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    path.write_bytes(changed[:end])
    loaded = load_cached(key)
    assert loaded is None or changed[:end] == content
    path.write_bytes(content)
    assert_same(load_cached(key), interactions)


def test_only_the_latest_files_are_kept(write, parses, cache_folder):
    path = write(TEXT)
    for seed in range(20):
        load(DataOptions(data=path, sample_seed=seed))
    assert len(list((cache_folder / "parsed").iterdir())) == 16


def test_drafts_of_a_killed_process_are_deleted_after_a_day(write, parses, cache_folder):
    (cache_folder / "parsed").mkdir(parents=True)
    old, new = (cache_folder / "parsed" / f"{name}.npz.1.part" for name in ("old", "new"))
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    load(DataOptions(data=write(TEXT)))
    assert new.exists()
    assert not old.exists()


def test_data_loads_where_the_cache_folder_cannot_be_written(write, parses, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MFBENCH_CACHE", str(tmp_path / "file"))
    assert load(DataOptions(data=write(TEXT))).n_likes == 3


def test_ratings_are_cached_with_the_likes(write, parses):
    options = DataOptions(data=write(TEXT), keep_ratings=True)
    first, again = load(options).ratings, load(options).ratings
    assert len(parses) == 1
    assert (first.matrix != again.matrix).nnz == 0
    assert first.timestamps.tolist() == again.timestamps.tolist()
    assert load(replace(options, keep_ratings=False)).ratings is None
