"""Small files that ask for much memory or time are refused at once, in one line, before they get it."""

import gzip
import io
import os
import threading
import tracemalloc
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.datasets import DataError, DataOptions, arrow_rows, files, load

MB = 1 << 20
RATINGS = "user,item,rating\n1,10,5\n2,11,4\n"
USERS = "user,age\n1,30\n2,40\n"


def refusal(**options):
    """The message of a refusal, for which little memory was taken."""
    import pyarrow.csv  # noqa: F401  # loading the module is not what is measured

    tracemalloc.start()
    arrow_bytes = pa.default_memory_pool().max_memory()
    try:
        with pytest.raises(DataError) as caught:
            load(DataOptions(**options))
        assert tracemalloc.get_traced_memory()[1] < 24 * MB
    finally:
        tracemalloc.stop()
    assert pa.default_memory_pool().max_memory() - arrow_bytes < 64 * MB
    message = str(caught.value)
    assert message.isprintable()
    return message


def array(values):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array(values))
    return buffer.getvalue()


def declared(shape, dtype, n_bytes):
    """An array of zeros that says it has this shape and type."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"shape": shape, "fortran_order": False, "descr": dtype})
    return buffer.getvalue() + bytes(n_bytes)


def npz(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return str(path)


def csr(**members):
    small = {"format": b"csr", "shape": [2, 2], "indptr": [0, 1, 2], "indices": [0, 1], "data": [1.0, 1.0]}
    return {name: array(values) for name, values in small.items()} | members


LARGE = declared((16 * MB,), "<f4", 64 * MB)
BOMBS = {
    "more declared than there is": (
        csr(indices=declared((10**10,), "<i4", 8), data=declared((10**10,), "<f4", 8)),
        r"its array 'indices' is declared as int32 (10000000000,), but holds 136 bytes; write the file again",
    ),
    "negative shape": (csr(indices=declared((-2, -1), "<i4", 8)), "its array 'indices' is declared as int32 (-2, -1)"),
    "large format": (
        csr(format=declared((16 * MB,), "<U1", 64 * MB)),
        "a sparse matrix of the format '<U1 (16777216,)'",
    ),
    "large shape": (csr(shape=declared((8 * MB,), "<i8", 64 * MB)), "its shape is int64 (8388608,), not two whole"),
    "large data": (csr(data=LARGE), "'data' must hold 2 numbers, got float32 (16777216,); write it again"),
    "large indptr": (csr(indptr=declared((16 * MB,), "<i4", 64 * MB)), "'indptr' does not divide 2 entries among 2"),
    "all zeros": (
        csr(indptr=array([0, 1, 16 * MB]), indices=declared((16 * MB,), "<i4", 64 * MB), data=LARGE),
        "unpacks to more than 100 times its size",
    ),
    "unknown names": ({"x": LARGE, "y": LARGE}, "no sparse matrix among the arrays x, y"),
    "large lists of floats": ({"train_ids": LARGE, "valid_ids": LARGE}, "train_ids is float32 (16777216,)"),
    "large offsets": (
        {
            **dict.fromkeys(("train_ids", "valid_ids"), array([1, 2])),
            **dict.fromkeys(("train_offsets", "valid_offsets"), declared((8 * MB,), "<i8", 64 * MB)),
        },
        "unpacks to more than 100 times its size",
    ),
    "dates for a shape": (
        csr(shape=declared((2,), "<M8[7Y]", 16)[:-16] + b"\x7f" * 16),
        "its shape is datetime64[7Y] (2,), not two whole numbers: users and items; write it again",
    ),
    "dates for a format": (csr(format=declared((), "<M8[s]", 8)[:-8] + b"\x7f" * 8), "a sparse matrix of the format"),
    "dates for indices": (csr(indices=declared((2,), "<m8[s]", 16)), "'indices' is missing or does not hold whole"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_npz_is_judged_by_its_headers(tmp_path, name):
    members, expected = BOMBS[name]
    path = npz(tmp_path / "data.npz", **members)
    message = refusal(data=path)
    assert message.startswith(f"{path}: ")
    assert expected in message


def test_an_npz_that_does_not_fit_into_memory_is_not_read(tmp_path, monkeypatch):
    path = npz(tmp_path / "data.npz", train_ids=declared((MB, 8), "<i8", 64 * MB), valid_ids=array([[1]]))
    monkeypatch.setattr(files, "available_bytes", lambda: 100 * MB)
    assert refusal(data=path) == (
        f"{path}: needs 0.13 GB of memory, and 0.10 GB are available; give less data, or free some memory"
    )


@pytest.mark.parametrize("name", ["long.csv.gz", "long.csv", "ml.zip"])
@pytest.mark.parametrize("start", ["1,2,", RATINGS + "3,12,", 'user,item,note\n1,2,"a"\n2,3,'])
def test_an_endless_line_is_refused_by_its_number(tmp_path, name, start):
    content = start.encode() + b"x" * 64 * MB
    path = tmp_path / name
    if name == "ml.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("ratings.csv", content)
    else:
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    number = start.count("\n") + 1
    assert f", line {number}: longer than 262,144 bytes, the most that a line may have" in refusal(data=str(path))


@pytest.mark.parametrize("filler", ["xxxxxxx\n", 'x\n","'])
def test_an_endless_quoted_field_is_refused_where_its_row_begins(write, filler):
    path = write('user,item,note\n1,2,"a"\n2,3,"' + filler * (16 * MB // len(filler)), "ratings.csv.gz")
    message = refusal(data=path)
    assert message == (
        f"{path}, line 3: the row that begins here is longer than 262,144 bytes; is a quote left open? Close it, or "
        "shorten the row"
    )


def test_a_long_line_with_spare_separators_is_not_held(write):
    path = write("1\t10\t\n" + "2\t11\n1\t11\n" * 900 + "1\t" + "1" * 16 * MB + "\t\n", "ratings.tsv.gz")
    assert "line 1,802: longer than 262,144 bytes" in refusal(data=path)


def test_the_longest_line_allowed_is_read(write):
    note = "é" * ((files.MAX_LINE_BYTES - 10) // 2)
    assert load(DataOptions(data=write(f"user,item,note\n1,2,a\n2,3,{note}\n3,3,b\n"))).n_likes == 3


@pytest.mark.parametrize("option", ["items", "users"])
def test_a_table_that_is_a_decompression_bomb_is_refused(write, option):
    path = write("item,title\n" + "10,Heat\n" * (2 * MB), "table.csv.gz")
    options = {
        option: path,
        "keep_features": option == "users",
        "user_features": "title" if option == "users" else None,
    }
    assert f"{path}: unpacks to more than 100 times its size" in refusal(data=write(RATINGS), **options)


def test_a_zip_of_repeated_bytes_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "ml.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npz", bytes(64 * MB))
        archive.writestr("movies.csv", b"1,a\n" * 16 * MB)
    assert "is no .npz file" in refusal(data=str(tmp_path / "ml.zip"), format="lists")
    with zipfile.ZipFile(tmp_path / "ml.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npz", b"PK" + bytes(64 * MB))
    assert "data.npz: unpacks to more than 100 times its size" in refusal(data=str(tmp_path / "ml.zip"))


def test_a_parquet_file_of_a_few_bytes_has_no_million_rows(tmp_path):
    path = tmp_path / "likes.parquet"
    zeros = pa.array(np.zeros(4 * MB, np.int32))
    pq.write_table(pa.table({"user": zeros, "item": zeros}), path)
    assert "unpacks to more than 100 times its size" in refusal(data=str(path))


def test_a_long_id_that_parquet_stores_once_is_not_repeated(tmp_path):
    path, n_rows = tmp_path / "likes.parquet", 10_000
    items = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n_rows, np.int32)), pa.array(["x" * MB]))
    pq.write_table(pa.table({"user": pa.array(range(n_rows)), "item": items}), path)
    assert "an id has 1,048,576 characters; the longest allowed is 256" in refusal(data=str(path))


def test_rows_that_do_not_fit_into_memory_are_refused(write, monkeypatch):
    path = write("user,item\n" + "1,10\n2,11\n" * 50_000)
    monkeypatch.setattr(files, "available_bytes", lambda: 100_000)
    assert refusal(data=path).startswith(f"{path}: needs 0.00 GB of memory, and 0.00 GB are available")


def test_ids_that_do_not_fit_into_memory_are_refused(write, monkeypatch):
    path = write("user,item\n" + "".join(f"u{user},i\n" for user in range(5_000)) + "x" * 250 + ",j\n")
    monkeypatch.setattr(files, "available_bytes", lambda: 5 * MB)
    assert "needs 0.01 GB of memory" in refusal(data=path)  # 5,001 ids x 250 characters x 4 bytes, twice
    monkeypatch.setattr(arrow_rows, "_TEXT_STEP", 1000)
    monkeypatch.setattr(files, "available_bytes", lambda: -1)
    assert "GB are available; give less data, or free some memory" in refusal(data=path)


def test_features_that_do_not_fit_into_memory_are_refused(write, monkeypatch):
    people = write("user,tags\n" + ("1," + "a|" * 100_000 + "a\n") * 11, "people.csv")
    monkeypatch.setattr(files, "available_bytes", lambda: 50 * MB)
    with pytest.raises(DataError, match=r"people\.csv: needs 0\.22 GB of memory, and 0\.05 GB are available"):
        load(DataOptions(data=write(RATINGS), users=people, user_features="tags", keep_features=True))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
@pytest.mark.parametrize("option", ["data", "items", "users", "movies.csv", "users.csv"])
def test_a_fifo_is_never_opened(write, tmp_path, option):
    fifo = tmp_path / (option if "." in option else "fifo")
    os.mkfifo(fifo)
    write(USERS, "people.csv")
    options = {"data": write(RATINGS, "ratings.csv"), "keep_features": True}
    options |= {"users": str(fifo), "user_features": "age"} if option == "users" else {option: str(fifo)}
    options = {name: value for name, value in options.items() if "." not in name}
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(outcome_of(options)), daemon=True)
    thread.start()
    thread.join(timeout=20)
    assert outcome, "reading blocks"
    if "." in option:
        assert outcome == [None]
    else:
        assert outcome[0].startswith(f"{fifo}: is n")
        assert "a regular file" in outcome[0]
        assert outcome[0].endswith("to a file first")


def outcome_of(options):
    try:
        load(DataOptions(**options))
    except DataError as error:
        return str(error)
    return None


NUL_ROWS = [f"{user},{user % 7},5,note\n" for user in range(20_000)]


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.csv.gz", "ml.zip"])
@pytest.mark.parametrize("column", [0, 3])
@pytest.mark.parametrize("line", [1, 900, 19_000])
def test_a_nul_byte_is_refused_wherever_it_is(write, tmp_path, name, column, line):
    fields = (["user,item,rating,note\n", *NUL_ROWS])[line - 1].split(",")
    fields[column] = "\0" + fields[column]
    rows = ["user,item,rating,note\n", *NUL_ROWS]
    rows[line - 1] = ",".join(fields)
    if name == "ml.zip":
        path = str(tmp_path / name)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("ratings.csv", "".join(rows))
    else:
        path = write("".join(rows), name)
    problem = "a NUL byte, so this is not a text table; save it as UTF-8 text, or as Parquet or a scipy .npz"
    assert outcome_of({"data": path}).endswith(f", line {line:,}: {problem}")


def test_a_nul_byte_in_a_table_of_titles_is_refused(write):
    titles = write("item,title\n10,Heat\n11,A\0B\n", "titles.csv")
    assert f"{titles}, line 3: a NUL byte" in refusal(data=write(RATINGS), items=titles)


def test_a_nul_character_in_a_parquet_id_is_refused(tmp_path):
    pq.write_table(pa.table({"user": [1, 2], "item": ["a", "a\0"]}), tmp_path / "likes.parquet")
    assert "an id holds a NUL character; remove it" in refusal(data=str(tmp_path / "likes.parquet"))
