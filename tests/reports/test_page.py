"""The file of a page: its name, and how it is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import page
from reports.page import file_name

HOSTILE_NAMES = [
    "../../etc/passwd",
    "/absolute",
    "a\\b",
    "",
    ".",
    "..",
    ".hidden",
    "a\x00b",
    "line\nbreak",
    "</script><script>",
    "x" * 500,
    "Ünïcode",
    "\ud800",
    "con.",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_stays_in_the_folder(name: str, tmp_path: Path) -> None:
    path = page.write("text", tmp_path / "html", name)
    assert path.parent == tmp_path / "html"
    assert path.read_text() == "text"
    assert len(path.name) < 100


def test_a_plain_name_is_kept() -> None:
    assert file_name("ials-movielens_small.2") == "ials-movielens_small.2.html"


def test_hostile_names_do_not_collide_with_each_other_or_with_plain_ones() -> None:
    names = ["a b", "a-b", "A-B", "a/b", "a\\b", "ä-b", "a\u202e-b", *HOSTILE_NAMES]
    disguised = [file_name(name).removesuffix(".html") for name in names]
    assert len({file_name(name) for name in {*names, *disguised}}) == len({*names, *disguised})


@given(st.text(), st.text())
def test_two_names_have_two_files_also_where_case_is_ignored(one: str, other: str) -> None:
    assert (file_name(one).lower() == file_name(other).lower()) == (one == other)


def test_a_second_page_of_one_study_replaces_the_first(tmp_path: Path) -> None:
    page.write("old", tmp_path, "study")
    page.write("new", tmp_path, "study")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


def test_a_failed_write_keeps_the_old_page_and_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page.write("old", tmp_path, "study")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        page.write("new", tmp_path, "study")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
