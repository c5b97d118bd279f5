"""Features of items and users from tables: what is read, what is refused, and with which message."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.datasets import DataError, DataOptions, load
from evaluation.interactions import FeatureTable, Interactions

RATINGS = "userId,movieId,rating\n" + "".join(f"{u},{i},5\n" for u in range(1, 5) for i in range(10, 16) if (u + i) % 3)
MOVIES = """movieId,title,genres,year
10,A,Drama|War,1990
11,"B, the second",Drama,1991
12,C,(no genres listed),1990
13,D,Comedy | Drama |,1992
99,Not rated,Western,1930
"""


def a_folder(tmp_path: Path, **files: str) -> Path:
    for name, content in {"ratings.csv": RATINGS, "movies.csv": MOVIES, **files}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def loaded(folder: Path, **options: Any) -> Interactions:
    return load(DataOptions(data=str(folder), keep_features=True, **options))


def of(table: FeatureTable | None, ids: np.ndarray) -> dict[str, set[str]]:
    """Id -> names of features."""
    assert table is not None
    assert (table.matrix.data == 1).all()
    rows = [table.names[table.matrix.indices[a:b]] for a, b in pairwise(table.matrix.indptr)]
    return {str(each): set(row.tolist()) for each, row in zip(ids, rows, strict=True)}


def test_genres_are_taken_where_there_are_any(tmp_path: Path) -> None:
    data = loaded(a_folder(tmp_path))
    drama, war, comedy = "genres=Drama", "genres=War", "genres=Comedy"
    expected = {"10": {drama, war}, "11": {drama}, "12": set(), "13": {comedy, drama}, "14": set(), "15": set()}
    assert of(data.item_features, data.item_ids) == expected
    assert "3 features of items from genres; 3 of 6 items have none" in data.source.notes
    assert data.user_features is None


def test_columns_are_chosen_by_name_and_none_is_none(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    data = loaded(folder, item_features="year, genres")
    assert of(data.item_features, data.item_ids)["10"] == {"year=1990", "genres=Drama", "genres=War"}
    assert data.item_features is not None
    assert data.item_features.columns == ("year", "genres")
    assert loaded(folder, item_features="none").item_features is None


def test_features_change_neither_the_likes_nor_their_hash(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    with_them, without = loaded(folder), load(DataOptions(data=str(folder)))
    assert without.item_features is None
    assert with_them.content_hash == without.content_hash
    others = loaded(folder, item_features="year")
    assert others.item_features is not None
    assert others.item_features.content_hash != with_them.item_features.content_hash


def test_numbers_of_many_values_are_cut_into_ranges(tmp_path: Path) -> None:
    years = "movieId,title,year\n" + "".join(f"{10 + n % 6},T,{1900 + n}\n" for n in range(60))
    data = loaded(a_folder(tmp_path, **{"movies.csv": years}), item_features="year")
    assert data.item_features is not None
    assert len(data.item_features.names) == 10
    assert {"year=1900 to 1905", "year=1954 to 1959"} < set(data.item_features.names.tolist())


def test_several_rows_of_an_id_are_united(tmp_path: Path) -> None:
    tags = "movieId,title,tag\n10,A,slow\n10,A,slow\n10,A,blue\n"
    data = loaded(a_folder(tmp_path), items=str(a_folder(tmp_path, **{"tags.csv": tags}) / "tags.csv"))
    assert of(data.item_features, data.item_ids)["10"] == {"tag=slow", "tag=blue"}


def test_users_have_features_from_a_table_of_their_own(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, **{"people.tsv": "id\tcountry\tage\n1\tFR\t30\n2\tDE\t41\n3\tDE\t\n"})
    data = loaded(folder, users=str(folder / "people.tsv"), user_features="country,age")
    expected = {"1": {"country=FR", "age=30"}, "2": {"country=DE", "age=41"}, "3": {"country=DE"}, "4": set()}
    assert of(data.user_features, data.user_ids) == expected


def test_movielens_tables_without_a_header_are_known(tmp_path: Path) -> None:
    flags = "|".join("1" if n in (1, 8) else "0" for n in range(19))
    files = {
        "u.data": "".join(f"{u}\t{i}\t5\t880000000\n" for u in range(1, 4) for i in (1, 2)),
        "u.item": f"1|Toy|01-Jan-1995||http://x|{flags}\n2|Eye|01-Jan-1995||http://y|{'|'.join(['0'] * 19)}\n",
        "u.user": "1|24|M|writer|85711\n2|53|F|other|94043\n3|23|M|writer|32067\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    data = loaded(tmp_path, user_features="gender,occupation")
    assert of(data.item_features, data.item_ids) == {"1": {"genres=Action", "genres=Drama"}, "2": set()}
    assert of(data.user_features, data.user_ids)["2"] == {"gender=F", "occupation=other"}


def test_the_embedded_set_has_genres() -> None:
    data = load(DataOptions(keep_features=True))
    assert data.item_features is not None
    assert "genres=Film-Noir" in data.item_features.names
    toy_story = of(data.item_features, data.item_ids)["1"]
    assert toy_story == {f"genres={g}" for g in ("Adventure", "Animation", "Children", "Comedy", "Fantasy")}


def test_names_of_features_are_kept_as_they_are_and_cut(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\x1b[31m" + "x" * 500
    data = loaded(a_folder(tmp_path, **{"movies.csv": f"movieId,title,genres\n10,A,{hostile}\n"}))
    assert data.item_features is not None
    (name,) = data.item_features.names.tolist()
    assert name == f"genres={hostile}"[:120]


def test_a_table_that_was_not_asked_for_may_be_unusable(tmp_path: Path) -> None:
    data = loaded(a_folder(tmp_path, **{"movies.csv": ""}))
    assert data.item_features is None
    assert any(note.startswith("no titles, for") for note in data.source.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"item_features": "genre"},
            r"movies.csv, line 1: --item-features: no column 'genre'. "
            r"Choose one of: movieId, title, genres, year. Did you mean 'genres'\?",
        ),
        ({"item_features": "genres,"}, "'genres,' has a column without a name; write for instance genres,year"),
        ({"user_features": "age"}, "--user-features needs a table of users; name its file with --users"),
        (
            {"users": "people.csv"},
            "people.csv: name the columns to learn from with --user-features; there are: user, age",
        ),
        ({"users": "people.csv", "user_features": "age"}, r"people.csv, line 3: 1 columns where 2 are expected"),
        ({"users": "none.csv", "user_features": "age"}, "none.csv: there is no such file; check the path"),
        ({"users": "others.csv", "user_features": "age"}, "none of its ids is a user of the data, such as '1'"),
        ({"items": "plain.dat", "item_features": "year"}, "no header here, so name a column by its number, 1 to 3"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path: Path, options: dict[str, str], message: str) -> None:
    files = {
        "people.csv": "user,age\n1,30\n2\n",
        "others.csv": "user,age\n77,30\n",
        "plain.dat": "10::A::x\n11::B::y\n",
    }
    folder = a_folder(tmp_path, **files)
    paths = {name: str(folder / value) if name in ("users", "items") else value for name, value in options.items()}
    with pytest.raises(DataError, match=message) as raised:
        loaded(folder, **paths)
    assert "\n" not in str(raised.value)
