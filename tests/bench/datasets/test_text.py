"""Text tables: every layout that the reader recognises, and the messages about others."""

from pathlib import Path

import numpy as np
import pytest

from bench.datasets import DataError, DataOptions, diagnosis, load, text
from bench.datasets.files import DataFile
from bench.datasets.layout import layout_of

ROWS = [("1", "10", "5", "100"), ("1", "11", "4", "101"), ("2", "10", "4.5", "102"), ("2", "12", "3", "103")]


def table(separator, *, header=None, rows=ROWS, ending="\n"):
    lines = [*([header] if header else []), *rows]
    return ending.join(separator.join(line) for line in lines) + ending


def assert_is_the_table(interactions):
    assert interactions.user_ids.tolist() == [1, 2]
    assert interactions.item_ids.tolist() == [10, 11]
    assert interactions.matrix.toarray().tolist() == [[1, 1], [1, 0]]
    assert interactions.timestamps.tolist() == [100, 101, 102]
    assert interactions.source.dropped == {"rating below 4": 1}
    assert (interactions.source.users_read, interactions.source.items_read) == (2, 3)


@pytest.mark.parametrize("separator", ["::", "\t", ",", ";", "|"])
@pytest.mark.parametrize("header", [None, ("userId", "movieId", "rating", "timestamp")])
@pytest.mark.parametrize("name", ["ratings.dat", "ratings.gz"])
def test_separator_header_and_gzip_are_recognised(write, separator, header, name):
    assert_is_the_table(load(DataOptions(data=write(table(separator, header=header), name))))


@pytest.mark.parametrize(
    ("text", "case"),
    [
        (table(",", ending="\r\n"), "Windows line ends"),
        (table(",").rstrip("\n"), "no last line end"),
        ("\n\n" + table(",", header=("user", "item", "rating", "time")), "blank lines before the header"),
        (table(",").replace("\n", "\n\n"), "blank lines between"),
        ("\ufeff" + table(",", header=("user", "item", "rating", "time")), "byte order mark"),
        (table(",").replace("10,4.5", '"10","4.5"'), "quoted fields"),
        (
            table(
                ",", header=("note", *("user", "item", "rating", "time")), rows=[("é,", *row) for row in ROWS]
            ).replace("é,,", '"é,\n",'),
            "quoted line breaks",
        ),
    ],
)
def test_oddities_that_change_nothing(write, text, case):
    assert_is_the_table(load(DataOptions(data=write(text))))


def test_file_without_header_is_read_by_position(write):
    interactions = load(DataOptions(data=write("7,30,4,100\n7,10,5,101\n9,10,3,102\n9,30,4.5,103\n")))
    assert interactions.n_likes == 3
    assert interactions.timestamps.tolist() == [101, 100, 103]


def test_header_of_unknown_names_is_no_row(write):
    interactions = load(DataOptions(data=write("who,what\n1,10\n2,11\n"), columns="user=who,item=what"))
    assert interactions.source.rows_read == 2


def test_columns_are_found_by_name_in_any_order(write):
    text = "timestamp,movieId,note,rating,userId\n5,10,a,4,1\n6,11,b,5,2\n7,10,c,1,2\n"
    interactions = load(DataOptions(data=write(text)))
    assert interactions.source.dropped == {"rating below 4": 1}
    assert interactions.timestamps.tolist() == [5, 6]


def test_columns_can_be_chosen_by_name(write):
    path = write("uid,track,plays,ts\na,x,3,100\nb,y,1,200\na,y,2,300\n")
    interactions = load(DataOptions(data=path, columns="user=uid,item=track,weight=plays,time=ts"))
    assert interactions.matrix.toarray().tolist() == [[3, 2], [0, 1]]
    assert interactions.timestamps.tolist() == [100, 300, 200]


def test_columns_can_be_chosen_by_number_without_a_header(write):
    interactions = load(DataOptions(data=write("10,1\n11,2\n"), columns="user=2,item=1"))
    assert interactions.item_ids.tolist() == [10, 11]


def test_chosen_rating_replaces_a_recognised_weight(write):
    path = write("user,item,count,grade\n1,10,9,5\n2,11,9,1\n1,11,9,4\n2,10,9,4\n")
    interactions = load(DataOptions(data=path, columns="rating=grade"))
    assert interactions.source.dropped == {"rating below 4": 1}
    assert not interactions.is_weighted


def test_separator_and_header_can_be_chosen(write):
    path = write("5 10\n6 11\n7 12\n")
    interactions = load(DataOptions(data=path, separator=" ", header=True, columns="user=5,item=10"))
    assert interactions.user_ids.tolist() == [6, 7]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["9007199254740993", "2"], [2, 9007199254740993]),
        (["18446744073709551615", "2"], [2, 18446744073709551615]),
        (["-4", "2"], [-4, 2]),
        (["007", "7"], ["007", "7"]),
        (["bob", "7"], ["7", "bob"]),
        (["NA", "null"], ["NA", "null"]),
        (["zoë", "日本"], ["zoë", "日本"]),
    ],
)
def test_ids_keep_their_value_and_their_kind(write, ids, expected):
    text = "user,item\n" + "".join(f"{user},{item}\n" for user in ids for item in ("1", "2"))
    assert load(DataOptions(data=write(text))).user_ids.tolist() == expected


@pytest.mark.parametrize(("late", "kind"), [(2**31, "i"), (2**63, "u"), ("x", "U")])
def test_id_that_does_not_fit_the_first_lines_widens_the_column(write, late, kind):
    text = "user,item\n" + "".join(f"{user},{user % 7}\n" for user in range(1, 400)) + f"{late},1\n"
    interactions = load(DataOptions(data=write(text)))
    assert interactions.user_ids.dtype.kind == kind
    assert late in interactions.user_ids.tolist()
    assert interactions.n_likes == 400


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        (("1000000000", "1000000001"), (1_000_000_000, 1_000_000_001)),
        (("1000000000.9", "1000000001.0"), (1_000_000_000, 1_000_000_001)),
        (("1000000000000", "1000000001999"), (1_000_000_000, 1_000_000_001)),
        (("2001-09-09T01:46:40Z", "2001-09-09T01:46:41Z"), (1_000_000_000, 1_000_000_001)),
        (("2001-09-09 01:46:40", "2001-09-09 01:46:41.5"), (1_000_000_000, 1_000_000_001)),
        (("2001-09-09", "2001-09-10"), (999_993_600, 1_000_080_000)),
    ],
)
def test_times_are_read_as_seconds(write, times, seconds):
    interactions = load(DataOptions(data=write(f"user,item,timestamp\n1,1,{times[0]}\n2,2,{times[1]}\n")))
    assert interactions.timestamps.tolist() == list(seconds)


def test_latin_1_ids_are_read(write):
    interactions = load(DataOptions(data=write("user,item\nzo\xeb,1\nann,2\n".encode("latin-1"))))
    assert interactions.user_ids.tolist() == ["ann", "zoë"]


def test_spare_separators_are_cut_and_noted(write):
    interactions = load(DataOptions(data=write(table("\t").replace("4\t101", "4\t101\t"))))
    assert_is_the_table(interactions)
    assert interactions.source.notes == ("lines cut at the end, where they had spare separators: 1",)


def test_rows_past_the_first_block_are_read_in_order(write):
    n_rows = 200_000
    text = "user,item,timestamp\n" + "".join(f"{row // 100},{row % 100},{row}\n" for row in range(n_rows))
    interactions = load(DataOptions(data=write(text)))
    assert (interactions.timestamps == np.arange(n_rows)).all()


def test_layout_is_that_of_most_lines(write):
    path = write("1\t10\t\n2\t11\n1\t11\n")
    assert layout_of(DataFile(Path(path)), DataOptions()).n_columns == 2
    assert load(DataOptions(data=path)).n_likes == 3


def test_error_in_a_late_line_names_that_line(write):
    text = "user,item,rating\n" + "1,10,4\n2,11,5\n" * 40_000 + "\n3,12,good\n"
    with pytest.raises(DataError, match="line 80,003: the rating 'good' is not a number"):
        load(DataOptions(data=write(text)))


def test_quotes_may_begin_late(write):
    text = "user,item\n" + "1,10\n2,11\n" * 10_000 + '3,"12"\n"4",13\n'
    assert load(DataOptions(data=write(text))).user_ids.tolist() == [1, 2, 3, 4]


def test_a_single_quote_sign_in_a_name_is_part_of_it(write):
    text = "user,item\n" + "ann,10\nbob,11\n" * 10_000 + 'jim "the cat,12\n'
    assert 'jim "the cat' in load(DataOptions(data=write(text))).user_ids.tolist()


@pytest.mark.parametrize(
    ("third", "weights", "times"),
    [
        (("5", "4"), [1, 1], None),
        (("5", "40"), [5, 40], None),
        (("978300760", "978302109"), [1, 1], [978300760, 978302109]),
    ],
)
def test_role_of_a_third_column_without_a_name_follows_its_values(write, third, weights, times):
    interactions = load(DataOptions(data=write(f"1,10,{third[0]}\n2,11,{third[1]}\n")))
    assert interactions.matrix.data.tolist() == weights
    assert (None if interactions.timestamps is None else interactions.timestamps.tolist()) == times


def test_a_file_that_pyarrow_may_still_read_ahead_is_not_closed(tmp_path, monkeypatch):
    """A reading thread would take bytes from the next file with the same descriptor, here of the second attempt."""
    path = tmp_path / "u.data"
    path.write_text("1\t10\t5\t100\t\n" + table("\t"))
    opened, open_arrow = [], DataFile.open_arrow
    monkeypatch.setattr(DataFile, "open_arrow", lambda file: opened.append(open_arrow(file)) or opened[-1])
    mended = load(DataOptions(data=str(path)))
    assert mended.source.notes == ("lines cut at the end, where they had spare separators: 1",)
    assert [stream.closed for stream in opened] == [False]


LATE = {  # header, lines that need another layout, rows in them, a user in them
    "an id of 64 bits": ("user,item\n", f"{2**40},1\n", 1, 2**40),
    "an id beyond int64": ("user,item\n", f"{2**63},1\n", 1, 2**63),
    "text among numbers": ("user,item\n", "zoë,1\n", 1, "zoë"),
    "quotes": ("user,item\n", '"77777","1"\n', 1, 77777),
    "a spare separator": ("user,item\n", "77777,1,\n", 1, 77777),
    "blank lines": ("\n\nuser,item\n\n", f"\n\n{2**40},1\n\n", 1, 2**40),
    "carriage returns": ("user,item\r", f"{2**40},1\r", 1, 2**40),
    "all of them": ("user,item\n", f'{2**40},1\n"zoë","1"\n5,1,\n', 3, "zoë"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("case", LATE)
def test_a_late_row_changes_the_layout_whatever_the_message_of_pyarrow(write, monkeypatch, case, encoding):
    header, late, n_late, user = LATE[case]
    adapted = text.adapted
    monkeypatch.setattr(text, "adapted", lambda *args, reason, **known: adapted(*args, reason="?", **known))
    rows = [f"{row % 5000},{row % 7}{header[-1]}" for row in range(40_000)]
    content = "".join([header, *rows, late, *rows[:100]])
    interactions = load(DataOptions(data=write(content.encode(encoding))))
    assert interactions.source.rows_read == 40_100 + n_late
    assert user in interactions.user_ids.tolist()


def test_the_search_for_a_bad_row_starts_where_reading_stopped(write, monkeypatch):
    rows = "".join(f"{row},{row % 7}\n" for row in range(200_000))
    path = write("user,item\n" + rows + f"{2**40},1\n")
    numbers, changed = [], diagnosis._changed
    monkeypatch.setattr(diagnosis, "_changed", lambda *args: numbers.append(args[2]) or changed(*args))
    load(DataOptions(data=path))
    assert numbers[-1] == 200_002
    assert len(numbers) < 80_000
