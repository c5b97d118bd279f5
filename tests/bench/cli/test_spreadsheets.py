from __future__ import annotations

from typing import Any

import pytest

from bench.cli.spreadsheets import safe_cell


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\x1b", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_what_would_begin_a_formula_is_a_text(start: str) -> None:
    assert safe_cell(f"{start}SUM(A1)") == f"'{start}SUM(A1)"


@pytest.mark.parametrize("value", ["u1", "", "'x", "a=b", "-3", "+4.5", "-1e-7", -3, 0.5, None])
def test_numbers_and_other_texts_stay(value: Any) -> None:
    assert safe_cell(value) == value


@pytest.mark.parametrize("value", ["-3+4", "--3", "-", "+", "-3\n", "-1e", "-\u0663"])
def test_what_only_begins_like_a_number_is_no_number(value: str) -> None:
    assert safe_cell(value) == f"'{value}"
