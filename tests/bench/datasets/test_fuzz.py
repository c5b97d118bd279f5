"""Any bytes in a file give interactions or a one-line DataError, never another exception."""

import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.datasets import DataError, DataOptions, load
from bench.datasets.synthetic import PREFIX

FIELDS = st.one_of(
    st.integers(-5, 12).map(str),
    st.sampled_from(["", "nan", "-inf", "1e400", "2009-05-04", "007", "9" * 30, '"', "a b", "é", "\0", "0x1", " 3 "]),
    st.text(max_size=4),
)
TABLES = st.tuples(
    st.sampled_from(["::", "\t", ",", ";", "|", " "]), st.lists(st.lists(FIELDS, min_size=1, max_size=5), max_size=8)
).map(lambda table: "\n".join(table[0].join(row) for row in table[1]))


def explanation(options):
    """The message of the DataError; None where the data loads, after checking it."""
    try:
        interactions = load(options)
    except DataError as error:
        return str(error)
    assert interactions.n_users >= 2
    assert interactions.n_items >= 2
    assert interactions.matrix.has_canonical_format
    assert np.isfinite(interactions.matrix.data).all()
    return None


def loads_or_explains(content, name, **options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        message = explanation(DataOptions(data=str(path), **options))
    assert message is None or (message.isprintable() and len(message) < 1500)


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def sparse_npz():
    buffer = io.BytesIO()
    sp.save_npz(buffer, sp.csr_array(np.eye(4, dtype=np.float32)[:, [0, 1, 2, 3, 0]]))
    return buffer.getvalue()


def parquet():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"user": [1, 2, 3], "item": ["a", "b", "a"], "rating": [4.0, 5.0, 3.0]}), buffer)
    return buffer.getvalue()


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ml/ratings.dat", "1::1::5::1\n2::2::4::2\n")
        archive.writestr("ml/movies.dat", "1::A: B (1999)::Drama\n2::C::War\n")
    return buffer.getvalue()


RATINGS = b"userId,movieId,rating,timestamp\n1,31,4.5,1260759144\n2,1029,4.0,1260759179\n7,31,5.0,851868750\n"
FILES = {
    "ratings.csv": RATINGS,
    "ratings.csv.gz": gzip.compress(RATINGS),
    "ratings.dat": b"1::31::5::978300760\n1::661::4::978302109\n2::31::4::978301968\n",
    "sparse.npz": sparse_npz(),
    "lists.npz": npz(train_ids=np.array([[1, 2], [3, -1]]), valid_ids=np.array([[3], [1]])),
    "pickled.npz": npz(train_ids=np.array([[1, 2], [3]], dtype=object), valid_ids=np.array([[3], [1]])),
    "likes.parquet": parquet(),
    "ml.zip": zipped(),
}


@settings(max_examples=300, deadline=None)
@given(TABLES, st.sampled_from(["utf-8", "latin-1", "utf-16"]))
def test_any_table_loads_or_is_explained(text, encoding):
    loads_or_explains(text.encode(encoding, errors="replace"), "table.txt")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(sorted(FILES)))
def test_any_bytes_load_or_are_explained(content, name):
    loads_or_explains(content, name)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(FILES)), st.data())
def test_real_files_load_or_are_explained_when_bytes_change_or_are_cut(name, data):
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    loads_or_explains(bytes(content), name)


@pytest.mark.parametrize("byte", [0, 1])
def test_parquet_loads_or_is_explained_whichever_byte_is_damaged(byte):
    content = FILES["likes.parquet"]
    for place in range(len(content)):  # some of these end the process within pyarrow, or name ids that are not there
        loads_or_explains(content[:place] + bytes([byte]) + content[place + 1 :], "likes.parquet")


@settings(max_examples=100, deadline=None)
@given(TABLES, st.text("useritmngwh=,1203", max_size=20))
def test_any_column_options_load_or_are_explained(text, columns):
    try:
        DataOptions(columns=columns)
    except DataError:
        return
    loads_or_explains(text.encode(), "table.csv", columns=columns)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_name_is_explained(name):
    for data in (name, PREFIX + name):
        message = explanation(DataOptions(data=data))
        assert message is None or message.isprintable()


def test_fuzzed_files_load_when_they_are_whole():
    for name, content in FILES.items():
        if name != "pickled.npz":
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / name).write_bytes(content)
                assert load(DataOptions(data=str(Path(folder) / name))).n_users >= 2


@pytest.mark.parametrize(
    "name", ["ml-100k/u.data", "lastfm-hetrec/user_artists.dat", "ml-1m-pairs/interactions.csv.gz"]
)
def test_published_files_load_or_are_explained_when_mutated(real_data, name):
    content = bytearray((real_data / name).read_bytes()[:20_000])
    generator = np.random.default_rng(7)
    for _ in range(30):
        mutated = bytearray(content)
        for place in generator.integers(0, len(mutated), 3):
            mutated[place] = generator.integers(0, 256)
        loads_or_explains(bytes(mutated), name.rsplit("/", 1)[-1])
