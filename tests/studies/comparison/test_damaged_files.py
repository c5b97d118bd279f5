"""A comparison file that was damaged is refused in one line, or still makes a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.compare.page import render_comparison
from studies.comparison.file import SUFFIX, ComparisonFileError, read_comparison
from studies.record.as_json import to_json
from tests.reports.comparisons import comparison

SCORES = {"ials": 0.113, "warp": 0.111, "popularity": 0.04, "random": 0.001}
TEXT = to_json(comparison(SCORES))
OTHER_VALUES = (None, True, -1, 0.5, "text", [], [0.5], {}, {"text": 0.5}, [[[]]])
fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def places(content: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to every value inside ``content``."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*place, key)
        yield from places(value, (*place, key))


PLACES = list(places(json.loads(TEXT)))


def read(content: bytes | str, folder: Path) -> str:
    """The message of the refusal; empty if the file was read and made a page."""
    path = folder / f"x{SUFFIX}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        record = read_comparison(path)
    except ComparisonFileError as error:
        message = str(error)
        assert message.startswith(f"The comparison {path} cannot be read: ")
        assert message.endswith("Restore the file, or run bench.compare again")
        assert message.isprintable()
        return message
    assert "<h1>" in render_comparison(record)
    return ""


def changed(place: tuple[str | int, ...], value: Any) -> str:
    """The text with another value at this place; without it, if the value is ``...``."""
    content = json.loads(TEXT)
    parent = content
    for step in place[:-1]:
        parent = parent[step]
    if value is ...:
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    return json.dumps(content)


@fuzz
@given(at=st.integers(0, len(TEXT) - 1), byte=st.integers(0, 255))
def test_a_changed_byte(at: int, byte: int, tmp_path: Path) -> None:
    damaged = bytearray(TEXT.encode())
    damaged[at] = byte
    read(bytes(damaged), tmp_path)


@fuzz
@given(at=st.integers(0, len(TEXT) - 1))
def test_a_file_that_ends_too_early(at: int, tmp_path: Path) -> None:
    assert "it is not JSON" in read(TEXT[:at], tmp_path)


@fuzz
@given(place=st.sampled_from(PLACES), value=st.sampled_from(OTHER_VALUES))
def test_another_value(place: tuple[str | int, ...], value: Any, tmp_path: Path) -> None:
    read(changed(place, value), tmp_path)


@fuzz
@given(place=st.sampled_from(PLACES))
def test_a_missing_value(place: tuple[str | int, ...], tmp_path: Path) -> None:
    read(changed(place, ...), tmp_path)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("entrants", 0, "metrics", "mrr@100", "mean"), "high", "entrants[0].metrics.mrr@100.mean: Input should be"),
        (("entrants", 0, "metrics", "mrr@100"), ..., "entrants[0]: 'mrr@100' is missing from metrics or by_seed"),
        (("entrants", 1, "fit_seconds"), [], "entrants[1].fit_seconds: empty"),
        (("entrants", 1, "name"), "ials", "entrants: each must have its own name"),
        (("entrants", 1, "errors"), {"a\n": {"mean": 1, "low": 0}}, r"entrants[1].errors.'a\n'.high: Field required"),
        (("order", 0), "bpr", "order: not a list of different entrants"),
        (("pairs", 0, "a"), "popularity", "pairs: not each pair of order once"),
        (("slices", 0, "scores", "ials"), ..., "slices[0].scores: not one for each name in order"),
        (("conventions", 0, "map", "ials"), ..., "conventions[0]: not one value for each entrant"),
        (("merges", 0, 0), 3.0, "merges[0]: joins a branch that does not exist"),
        (("heatmaps", 0, "values", 0, 0), ..., "heatmaps[0].values: not one row and one column for each name in order"),
        (("map_likes", 0), -1, "map_likes: not a count for each of map_titles"),
        (("maps", 0, "x"), [0.0], "maps[0]: not a point for each of map_titles"),
        (("seconds",), ..., "seconds: Field required"),
    ],
)
def test_the_message_names_the_field(place: tuple[str | int, ...], value: Any, message: str, tmp_path: Path) -> None:
    assert message in read(changed(place, value), tmp_path)
