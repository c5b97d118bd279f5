"""Neighbours and recommendations in the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.commands.show import table_lines
from tests.bench.conftest import Command

HOSTILE = "\x1b[31mred\x1b[0m\u202e"


@pytest.fixture
def titled(tmp_path: Path) -> None:
    """Two halves of items, each liked by its half of the users; one title would colour the terminal."""
    pairs = [(user, item + 20 * (user % 2)) for user in range(120) for item in range(20) if (user * item) % 3]
    rows = "\n".join(f"u{user},{item}" for user, item in pairs)
    (tmp_path / "likes.csv").write_text(f"user_id,item_id\n{rows}\n")
    titles = "\n".join(f"{item},{'Left' if item < 20 else 'Right'} film {item}" for item in range(1, 39))
    (tmp_path / "films.csv").write_text(f"item_id,title\n{titles}\n39,Right film {HOSTILE}\n")


DATA = ("--data", "likes.csv", "--items", "films.csv")


@pytest.mark.usefixtures("titled")
def test_neighbours_stand_side_by_side_and_shared_ones_are_marked(command: Command) -> None:
    done = command("show", "--model", "item2item", "popularity", "--item", "left film 7", "--k", "5", *DATA)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("Left film 7 (liked by ")
    assert lines[1].split() == ["item2item", "popularity"]
    assert len([line for line in lines if line[:3].strip().isdigit()]) == 5
    assert all("Left film" in line[4:40] for line in lines[2:7])
    assert "item2item: its defaults, fitted on all likes" in done.err


@pytest.mark.usefixtures("titled")
def test_several_matches_are_listed(command: Command) -> None:
    done = command("show", "--model", "popularity", "--item", "left", *DATA)
    assert "More titles match" in done.out
    assert done.out.count("Left film") > 15


@pytest.mark.usefixtures("titled")
def test_a_users_history_stands_above_what_is_recommended(command: Command) -> None:
    done = command("show", "--model", "item2item", "--user", "u2", "--k", "3", *DATA)
    assert done.code == 0, done.err
    history, _, recommended = done.out.partition("Recommended:")
    assert history.startswith("User u2 likes 13 items")
    assert history.rstrip().endswith("\n  and 3 more")
    liked = {line.strip() for line in history.splitlines()[1:] if line.strip()}
    assert liked
    assert not any(title in recommended for title in liked if len(title) > len("Left film 1"))


@pytest.mark.usefixtures("titled")
def test_the_best_configuration_of_a_study_is_used(command: Command) -> None:
    command("study", "--model", "item2item", "--trials", "2", "--no-mlflow", *DATA)
    done = command("show", "--model", "item2item", "--item", "7", *DATA)
    assert "item2item: the best of study item2item-likes.csv" in done.err


@pytest.mark.usefixtures("titled")
def test_a_title_cannot_act_on_the_terminal(command: Command) -> None:
    done = command("show", "--model", "popularity", "--item", "right film", *DATA)
    assert "red" in done.out
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


@pytest.mark.usefixtures("titled")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "popularity", "--item", "qqqqqqqq"), "No item of likes.csv is like 'qqqqqqqq'"),
        (("--model", "popularity", "--user", "9"), "likes.csv has no user '9'; ids look like u"),
        (("--model", "iasl", "--user", "u1"), "Did you mean 'ials'?"),
        (("--model", "ials"), "one of the arguments --item --user is required"),
    ],
)
def test_what_cannot_be_shown_is_one_line(command: Command, words: tuple[str, ...], message: str) -> None:
    done = command("show", *words, *DATA)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_columns_keep_to_the_width_also_where_letters_are_wide() -> None:
    lists = {"a": ["千と千尋の神隠し" * 4, "short"], "b": ["short", "cafe\u0301 " * 20]}
    lines = table_lines(lists, 60)
    assert lines[-1] == "* in several lists"
    import unicodedata

    for line in lines:
        wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in line)
        marks = sum(bool(unicodedata.combining(letter)) for letter in line)
        assert len(line) + wide - marks <= 60
