"""Searching items by title or id."""

from __future__ import annotations

import pytest

from bench.commands.title_search import ItemNotFoundError, find_items, one_item_each
from evaluation.interactions import Interactions

TITLES = {
    10: "Toy Story (1995)",
    20: "Toy Story 2 (1999)",
    30: "Amélie (Fabuleux destin d'Amélie Poulain, Le)",
    40: "Star Wars: Episode V - The Empire Strikes Back",
    50: "Star Wars",
    60: "M",
    70: "12",
}


@pytest.fixture
def films() -> Interactions:
    """Each item has one like more than the item before it."""
    pairs = [(user, item) for place, item in enumerate(TITLES) for user in range(place + 1)]
    users, items = zip(*pairs, strict=True)
    return Interactions.from_rows("films", users, items).with_titles(TITLES)


def found(films: Interactions, query: str, most: int = 20) -> list[int]:
    return [int(films.item_ids[item]) for item in find_items(films, query, most)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("toy story", [20, 10]),  # the more popular first
        ("TOY-STORY (1995)", [10]),
        ("story toy", [20, 10]),  # words in any order, after titles that hold them as typed
        ("star wars", [50, 40]),  # the title itself first
        ("amelie", [30]),
        ("empire", [40]),
        ("10", [10]),  # an id is meant before a number in a title
        ("tyo story", [20, 10]),
        ("Star Warz", [50, 40]),
    ],
)
def test_a_query_finds_items_best_match_first(films: Interactions, query: str, ids: list[int]) -> None:
    assert found(films, query) == ids


def test_at_most_that_many_items_are_found(films: Interactions) -> None:
    assert found(films, "s", most=2) == [50, 40]


def test_the_best_match_of_each_query_is_taken(films: Interactions) -> None:
    assert [int(films.item_ids[item]) for item in one_item_each(films, ["star wars", "toy"])] == [50, 20]


@pytest.mark.parametrize("query", ["qqqqqqqqqq", "", "  ", "?!"])
def test_a_query_without_a_match_is_refused(films: Interactions, query: str) -> None:
    with pytest.raises(ItemNotFoundError, match="item"):
        find_items(films, query)


def test_without_titles_ids_are_searched() -> None:
    plain = Interactions.from_rows("plain", [1, 1, 2], ["apple pie", "apple tart", "pear"])
    assert [str(plain.item_ids[item]) for item in find_items(plain, "apple")] == ["apple pie", "apple tart"]
