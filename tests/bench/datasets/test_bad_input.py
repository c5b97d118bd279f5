"""Every bad input gets one line that says what is wrong, where, the value and what to do."""

import gzip
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.datasets import DataError, DataOptions, arrow_rows, load

HEADER = "user,item,rating,timestamp\n"
GOOD = "1,10,5,100\n2,11,4,101\n"


def parquet(**columns):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def csr(*, indptr=(0, 1, 2), indices=(0, 1), data=(1.0, 1.0), shape=(2, 2), form="csr"):
    return npz(
        indptr=np.array(indptr), indices=np.array(indices), data=np.array(data), shape=np.array(shape), format=form
    )


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


PARQUET = parquet(user=list(range(500)), item=[str(row % 9) for row in range(500)])
ZIP = zipped(**{"ml/ratings.csv": HEADER + "".join(f"{row},{row % 9},5,{row}\n" for row in range(3000))})

BAD_TEXT = {
    "empty file": ("", "the file is empty; give one"),
    "only blank lines": ("\n\n  \n", "the file is empty"),
    "header alone": (HEADER, "there are no rows; give one"),
    "one column": ("user\n1\n2\n", r"line 1: only one column in 'user'; give a user and an item a line"),
    "too many columns": (
        HEADER + GOOD + "1,12,5,100,9\n",
        r"line 4: 5 columns where 4 are expected: '1,12,5,100,9'; correct or remove the line",
    ),
    "too few columns": (HEADER + GOOD + "1,12\n" + GOOD, r"line 4: 2 columns where 4 are expected: '1,12'"),
    "text where a number belongs": (HEADER + GOOD + "3,12,good,5\n", r"line 4: the rating 'good' is not a number"),
    "no rating": (HEADER + GOOD + "3,12,,5\n", r"line 4: the rating '' is not a number"),
    "NaN": (HEADER + GOOD + "3,12,NaN,5\n", r"line 4: the rating is nan; give a finite number"),
    "infinite": (HEADER + GOOD + "3,12,-inf,5\n", r"line 4: the rating is -inf; give a finite number"),
    "too large for a float": (HEADER + GOOD + "3,12,1e39,5\n", r"line 4: the rating is 1e\+39; give a finite number"),
    "negative weight": ("user,item,plays\n1,2,3\n2,3,-4\n", r"line 3: the weight -4 is negative; give 0 or more"),
    "no user id": (HEADER + GOOD + ",12,5,5\n", r"line 4: the user id is empty; give one, or remove the line"),
    "id beyond 64 bits": (
        HEADER + GOOD + f"{2**64},12,5,5\n",
        r"line 4: the user id 18446744073709551616 is beyond 64 bits; give smaller ids",
    ),
    "endless id": (f"user,item\n{'x' * 300},1\ny,2\n", r"line 2: the user id has 300 characters; the longest"),
    "no time": (HEADER + GOOD + "3,12,5,soon\n", r"line 4: the time 'soon' is neither seconds since 1970 nor a date"),
    "no user column": ("item,rating\n1,5\n2,4\n", "no column for user among: item, rating; say which with --columns"),
    "something between the colons": ("1::2::3\n1::3::3\n2:x:3::3\n", "line 3: 2 columns where 3 are expected"),
    "open quote": ('user,item\n1,"2\n2,3\n', "line 2: a quote is opened and never closed"),
    "open quote where nothing is read": (
        'user,item,note\n1,2,a\n2,3,"b\n3,4,c\n4,5,d\n',
        "line 3: a quote is opened and never closed",
    ),
    "one user": (
        "user,item\n1,2\n1,3\n",
        r"what is left of 2 rows has 1 of the users and 2 of the items \(none dropped\); at least two",
    ),
    "one item": ("user,item\n1,2\n2,2\n", "has 2 of the users and 1 of the items"),
    "all filtered away": (
        "user,item,rating\n1,10,2\n2,11,3\n",
        r"what is left of 2 rows has 0 of the users and 0 of the items \(2 dropped: rating below 4\)",
    ),
    "mixed encodings": (
        "user,item\nzoë,1\n".encode() + "zoë,2\n".encode("latin-1"),
        "line 3: not UTF-8, while line 2 is; save the whole file as UTF-8",
    ),
    "UTF-16": ("user,item\n1,2\n".encode("utf-16"), "is not a text table; save it as UTF-8"),
}

BAD_BINARY = {
    "empty.npz": (b"", "is no .npz file, or cut short"),
    "text.npz": (b"user,item", "is no .npz file, or cut short"),
    "cut.npz": (csr()[:-60], "is broken, cut short"),
    "cut.csv.gz": (gzip.compress((HEADER + GOOD * 999).encode())[:-20], "is broken, cut short"),
    "cut.parquet": (PARQUET[:-60], "is broken, cut short"),
    "cut.zip": (ZIP[: len(ZIP) // 2], "is broken, cut short"),
    "unsafe.zip": (zipped(**{"../../ratings.csv": "1,2\n"}), "unsafe name '../../ratings.csv'; do not use this zip"),
    "without.zip": (zipped(**{"readme.txt": "hello"}), "no ratings here; expected one of .*, found readme.txt"),
    "pickled.npz": (
        npz(train_ids=np.array([[1], [2, 3]], dtype=object), valid_ids=np.array([[1], [2]])),
        "'train_ids' holds Python objects, .* add --trust-pickle, or make it safe once with: .*bench.data convert",
    ),
    "other.npz": (npz(a=np.arange(3)), "no sparse matrix among the arrays a"),
    "uneven.npz": (
        npz(train_ids=np.array([[1]]), valid_ids=np.array([[1], [2]])),
        "1 lists in train_ids but 2 in valid_ids",
    ),
    "floats.npz": (npz(train_ids=np.array([[0.5]]), valid_ids=np.array([[1]])), "train_ids is float64"),
    "range.npz": (csr(indices=(0, 7)), "column number 7 is outside the shape 2 x 2"),
    "negative_index.npz": (csr(indices=(0, -1)), "column number -1 is outside the shape"),
    "indptr.npz": (csr(indptr=(0, 2, 1)), "'indptr' does not divide 2 entries among 2"),
    "huge.npz": (csr(shape=(10**12, 2)), "1,000,000,000,000 x 2 is more than an index can hold"),
    "cube.npz": (csr(shape=(2, 2, 2)), r"its shape is int64 \(3,\), not two whole numbers: users and items"),
    "dia.npz": (csr(form="dia"), "of the format 'dia'; save it as csr, csc or coo"),
    "nan.npz": (csr(data=(1.0, np.nan)), "entry 2: the weight is nan"),
    "negative.npz": (csr(data=(1.0, -3.0)), "entry 2: the weight -3 is negative"),
    "text_data.npz": (csr(data=("a", "b")), "'data' must hold 2 numbers"),
    "columns.parquet": (parquet(a=[1], b=[2]), "no column for user and item among: a, b; say which with --columns"),
    "null.parquet": (parquet(user=[1, None], item=[1, 2]), "1 rows have no user; give one, or remove them"),
    "text_rating.parquet": (
        parquet(user=[1, 2], item=[1, 2], rating=["a", "b"]),
        "rating column is of the type string",
    ),
    "nan.parquet": (parquet(user=[1, 2], item=[1, 2], rating=[4.0, float("nan")]), "row 2: the rating is nan"),
    "float_ids.parquet": (parquet(user=[1.5, 2.0], item=[1, 2]), "user ids are of the type double"),
}


def message_of(**options):
    with pytest.raises(DataError) as caught:
        load(DataOptions(**options))
    message = str(caught.value)
    assert message.isprintable()
    return message


@pytest.mark.parametrize("case", BAD_TEXT)
def test_bad_text_is_explained(write, case):
    content, expected = BAD_TEXT[case]
    path = write(content)
    message = message_of(data=path)
    assert message.startswith(path)
    assert re.search(expected, message)


@pytest.mark.parametrize("name", BAD_BINARY)
def test_bad_binary_files_are_explained(tmp_path, name):
    content, expected = BAD_BINARY[name]
    path = tmp_path / name
    path.write_bytes(content)
    message = message_of(data=str(path))
    assert message.startswith(str(path))
    assert re.search(expected, message)


def test_missing_file_is_explained(tmp_path):
    assert "there is no such file or folder; check the path" in message_of(data=str(tmp_path / "ratings.csv"))


def test_missing_file_of_titles_is_explained(write, tmp_path):
    message = message_of(data=write(HEADER + GOOD), items=str(tmp_path / "movies.csv"))
    assert message == f"{tmp_path / 'movies.csv'}: there is no such file; check the path"


def test_titles_of_other_items_are_refused(write):
    titles = write("id,title\n77,Heat\n", "movies.csv")
    message = message_of(data=write(HEADER + GOOD), items=titles)
    assert message == f"{titles}: no title for any item of the data, such as '10'; give another file"


def test_folder_without_ratings_is_explained(tmp_path):
    assert "no ratings here; expected one of ratings.*" in message_of(data=str(tmp_path))


def test_unknown_name_is_refused_with_the_nearest_name():
    message = message_of(data="movielens-smal")
    assert message.startswith("Unknown data set 'movielens-smal'. Choose one of: movielens-small, ")
    assert message.endswith("or give a path. Did you mean 'movielens-small'?")


def test_set_that_is_not_fetched_says_how_to_fetch_it():
    assert message_of(data="movielens-1m") == (
        "'movielens-1m' is not on this machine yet; get it with: python -m bench.data fetch movielens-1m"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"positive_from": float("nan")}, "--positive-from must be a finite number, got nan"),
        ({"min_user_likes": 0}, "min_user_likes must be at least 1, got 0"),
        ({"top_items": 5}, "top_items must be at most 1, got 5"),
        ({"sample_seed": -1}, "sample_seed must be at least 0, got -1"),
        ({"separator": '"'}, "--separator must be one ASCII character, '::' or '\\t', got '\"'"),
        ({"separator": ",,"}, "--separator must be one ASCII character, '::' or '\\t', got ',,'"),
        ({"format": "parket"}, "Unknown --format 'parket'. Choose one of: ... Did you mean 'parquet'?"),
        ({"repeats": "first"}, "Unknown --repeats 'first'. Choose one of: sum, last."),
        ({"columns": "user"}, "--columns: 'user' is not ROLE=COLUMN; write for instance user=uid,item=track"),
        ({"columns": "usr=a"}, "--columns: unknown role 'usr'. Choose one of: ... Did you mean 'user'?"),
        ({"columns": "user=a,user=b"}, "--columns: user is named twice; name it once"),
        ({"columns": "rating=a,weight=b"}, "--columns: name either a rating or a weight, not both"),
    ],
)
def test_impossible_option_is_explained(options, expected):
    with pytest.raises(DataError) as caught:
        DataOptions(**options)
    start, _, end = expected.partition(" ... ")
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith(end)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"columns": "rating=stars"}, "--columns: no column 'stars'. Choose one of: user, item."),
        ({"columns": "user=usr,item=item"}, "no column 'usr'. Choose one of: user, item. Did you mean 'user'?"),
        ({"columns": "user=1,item=3", "header": False}, "name a column by its number, 1 to 2"),
        ({"positive_from": 3}, "--positive-from 3 needs ratings, but there is no rating column; leave it out, or say"),
    ],
)
def test_option_that_the_file_cannot_satisfy_is_explained(write, options, expected):
    assert expected in message_of(data=write("user,item\n1,10\n2,11\n"), **options)


def test_option_that_does_not_apply_is_refused():
    assert (
        message_of(header=True)
        == "movielens-small: --header does not apply to embedded or synthetic data; leave it out"
    )


def test_a_device_is_not_read():
    assert "is neither a regular file nor a folder" in message_of(data="/dev/zero")


def test_folder_that_may_not_be_listed_is_explained(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert message_of(data=str(tmp_path)) == f"{tmp_path}: may not be read; change its permissions"


def test_adding_up_ratings_is_refused(write):
    assert "--repeats sum adds weights up" in message_of(data=write(HEADER + GOOD), repeats="sum")


def test_more_rows_than_an_index_can_hold_are_refused(write, monkeypatch):
    monkeypatch.setattr(arrow_rows, "_MAX_ROWS", 1)
    assert "more than 1 rows, which an index cannot hold; give fewer" in message_of(data=write(HEADER + GOOD))


def test_hostile_values_cannot_break_the_line_or_the_terminal(write):
    message = message_of(data=write("user,item,rating\n1,2,3\n1,2,\x1b[31mred\r\n"))
    assert "\\x1b[31mred" in message


def test_a_parquet_id_that_is_not_utf8_is_explained(tmp_path):
    broken = pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 1, 2], np.int32)), pa.py_buffer(b"a\xff"))
    path = tmp_path / "likes.parquet"
    pq.write_table(pa.table({"user": [1, 2], "item": broken}), path)
    with pytest.raises(DataError, match=r"likes\.parquet.*an id is not UTF-8 \(b'\\xff'\); write the file anew"):
        load(DataOptions(data=str(path)))
