from __future__ import annotations

from bench.cli.tables import aligned, display_width


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned([["", "a", "long head"], ["row", "wide", "x"]]) == ["     a     long head", "row  wide  x"]


def test_letters_of_east_asia_take_two_columns() -> None:
    assert display_width("千と cafe\u0301") == 9
    assert aligned([["千と", "x"], ["abc", "y"]]) == ["千と  x", "abc   y"]


def test_columns_without_room_follow_below_beside_the_first() -> None:
    rows = [["row", "aaaa", "bbbb", "cccc"], ["1", "2", "3", "4"]]
    assert aligned(rows, width=16) == ["row  aaaa  bbbb", "1    2     3", "", "row  cccc", "1    4"]
    assert aligned(rows, width=1) == ["row  aaaa", "1    2", "", "row  bbbb", "1    3", "", "row  cccc", "1    4"]
    assert aligned([["only"], ["x"]], width=1) == ["only", "x"]
