"""``python -m bench.data``: what it prints, what it writes, and how it ends."""

import os
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from bench import data


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MFBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def ratings(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    rows = [
        (user, item, 1 + (user * item) % 5, 10**9 + user) for user in range(40) for item in range(0, 30, 1 + user % 3)
    ]
    lines = [",".join(map(str, row)) for row in rows]
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "\n".join(lines))
    (folder / "movies.csv").write_text('movieId,title\n12,"</script><script>alert(1)</script>"\n6,\x1b[31mHeat\n')
    return str(folder)


def test_list_names_every_set_and_its_terms(capsys):
    assert data.main(["list"]) == 0
    printed = capsys.readouterr().out
    assert "movielens-25m (not fetched)" in printed
    assert "for non-commercial use; cite http://www.last.fm" in printed


def test_inspect_tells_counts_dropped_rows_distributions_and_titles(ratings, capsys):
    assert data.main(["inspect", ratings]) == 0
    printed = capsys.readouterr().out
    assert "Kept 238 of 745 ratings as likes (rating >= 4); 32 of 40 users, 24 of 30 items" in printed
    assert "Note: 28 of 30 items have no title" in printed
    assert "Time     2001-09-09 to 2001-09-09" in printed
    assert "median 6" in printed
    assert "\\x1b[31mHeat" in printed
    assert "\x1b" not in printed
    assert re.search(
        r"\nLoading took \d+\.\d\d s, \d+\.\d\d s of processor time(, and \d+ MB of memory at its peak)?\n", printed
    )


def test_inspect_takes_the_options_of_every_command(ratings, capsys):
    assert data.main(["inspect", ratings, "--positive-from", "1", "--min-user-likes", "15"]) == 0
    assert "Dropped 130: user with fewer than 15 likes" in capsys.readouterr().out


def test_page_holds_the_same_and_keeps_hostile_titles_text(ratings, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert data.main(["inspect", ratings, "--html", str(page)]) == 0
    html = page.read_text()
    assert "Kept 238 of 745 ratings" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")
    assert html.count('class="bar"') == 9


def test_page_that_cannot_be_written_is_explained(ratings, tmp_path, capsys):
    assert data.main(["inspect", ratings, "--html", str(tmp_path / "no" / "page.html")]) == 2
    assert "cannot be written (No such file or directory); choose another file" in capsys.readouterr().err


def test_fetch_takes_a_file_on_disk_shows_the_terms_and_verifies(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "ml-latest-small.zip", "w") as archive:
        archive.writestr("ml-latest-small/ratings.csv", "userId,movieId,rating,timestamp\n1,2,4,5\n2,3,5,6\n")
    assert data.main(["fetch", "movielens-latest-small", "--from", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "GroupLens: for research" in printed
    assert "use it with --data movielens-latest-small" in printed
    assert data.main(["inspect", "movielens-latest-small"]) == 0
    assert "GroupLens: for research" in capsys.readouterr().out


def test_wrong_file_on_disk_ends_with_code_2(tmp_path, capsys):
    (tmp_path / "ml-1m.zip").write_bytes(b"not the zip")
    assert data.main(["fetch", "movielens-1m", "--from", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "c4d9eecfca2ab87c1945afe126590906 is expected" in error


def test_convert_writes_a_file_without_pickles(tmp_path, capsys):
    lists = np.empty(2, dtype=object)
    lists[:] = [[1, 2], [3]]
    np.savez(tmp_path / "data.npz", train_ids=lists, valid_ids=lists)
    command = ["convert", str(tmp_path / "data.npz"), "--to", str(tmp_path / "safe.npz")]
    assert data.main(command) == 2
    assert "add --trust-pickle" in capsys.readouterr().err
    assert data.main([*command, "--trust-pickle"]) == 0
    assert data.main([*command, "--trust-pickle"]) == 2
    assert "cannot be written (File exists)" in capsys.readouterr().err
    assert data.main(["inspect", str(tmp_path / "safe.npz")]) == 0
    assert "Kept 3 of 3 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fetch", "movielens-1n"], "Unknown data set 'movielens-1n'. Choose one of: movielens-100k, "),
        (["inspect", "nowhere.csv"], "nowhere.csv: there is no such file or folder; check the path"),
        (["inspect", "--repeats", "some"], "argument --repeats: 'some' is none of sum, last; --help"),
    ],
)
def test_bad_input_is_one_line_and_code_2(words, message, capsys):
    try:
        code = data.main(words)
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["list"], ["fetch"], ["inspect"], ["convert"]])
def test_help_has_examples_and_is_quick(words):
    before = os.times().children_user
    command = [sys.executable, "-m", "bench.data", *words, "--help"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert os.times().children_user - before < 2  # of processor time: a machine may be busy
    assert "examples:\n  python -m bench.data" in answer.stdout


def test_the_command_imports_nothing_slow():
    program = (
        "import sys, bench.data; assert not {'pandas', 'pyarrow', 'numba', 'mlflow', 'optuna'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
