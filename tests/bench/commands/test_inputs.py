from __future__ import annotations

from bench.commands.inputs import default_name
from evaluation.interactions import Interactions


def test_data_whose_name_is_not_valid_unicode_gives_a_name_that_a_database_takes() -> None:
    assert default_name("ials", Interactions.from_rows("caf\udce9.csv", [1, 2], [1, 2])) == "ials-caf?.csv"
    assert default_name("ials", Interactions.from_rows("café.csv", [1, 2], [1, 2])) == "ials-café.csv"
