"""How numbers and names are written."""

from __future__ import annotations

import math

import pytest

from reports import formats
from studies.record.study import Estimate


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.114, ".1140"),
        (1.0, "1.0000"),
        (0.0, ".0000"),
        (-0.0123, "−.0123"),
        (-0.00001, ".0000"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_a_score_has_four_decimals_and_no_leading_zero(value: float | None, text: str) -> None:
    assert formats.score(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "+.0123"), (-0.5, "−.5000"), (0.00001, ".0000"), (1.25, "+1.2500")]
)
def test_a_difference_carries_its_sign(value: float, text: str) -> None:
    assert formats.signed(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4211, "0.42 s"),
        (9.999, "10.0 s"),
        (12.34, "12.3 s"),
        (99.96, "1 min 40 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (None, "–"),
    ],
)
def test_a_duration_takes_the_unit_it_needs(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (64, "64"), (1e-7, "1e-7"), (0.0031416, "0.003142"), ("log", "log"), (None, "–"), (1e5, "1e5")],
)
def test_a_parameter_keeps_its_kind(value: object, text: str) -> None:
    assert formats.parameter(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.584, "58 %"), (0.0345, "3.5 %"), (0.0, "0 %"), (0.0001, "under 0.1 %"), (0.0996, "10 %"), (-0.02, "−2.0 %")],
)
def test_a_share_is_in_per_cent(share: float, text: str) -> None:
    assert formats.percent(share).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("metric", "name"), [("mrr@100", "MRR@100"), ("ndcg@10", "NDCG@10"), ("recall@10", "Recall@10")]
)
def test_a_metric_is_called_as_the_field_calls_it(metric: str, name: str) -> None:
    assert formats.metric_name(metric) == name


def test_characters_that_turn_or_hide_text_become_visible() -> None:
    assert formats.visible("a\u202eb\x00c\ud800d\ne") == "a\ufffdb\ufffdc\ufffdd\ne"
    assert formats.visible("שלום, Łódź, 東京") == "שלום, Łódź, 東京"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0000613, "61.3 µs"),
        (0.00099949, "999 µs"),
        (0.00099951, "1.00 ms"),
        (0.0613, "61.3 ms"),
        (0.99949, "999 ms"),
        (0.99951, "1.00 s"),
        (12.34, "12.3 s"),
        (99.96, "1 min 40 s"),
    ],
)
def test_a_brief_time_has_three_digits(seconds: float, text: str) -> None:
    assert formats.brief(seconds).replace("\u00a0", " ") == text


@pytest.mark.parametrize(("low", "high", "text"), [(0.1, 0.2, ".1000 to .2000"), (0.12071, 0.12074, ".1207")])
def test_an_interval_whose_ends_read_the_same_is_one_number(low: float, high: float, text: str) -> None:
    assert formats.interval(Estimate(low, low, high)) == text


@pytest.mark.parametrize(("text", "shown"), [("short", "short"), ("n_factors_of_users", "n_fac…users"), ("", "")])
def test_a_long_name_loses_its_middle(text: str, shown: str) -> None:
    assert formats.shorten(text, 11) == shown


@pytest.mark.parametrize(("ratio", "text"), [(0.871, "0.87"), (1.104, "1.10"), (12.34, "12.3"), (1234.5, "1,234")])
def test_a_ratio_has_three_digits_at_most(ratio: float, text: str) -> None:
    assert formats.times(ratio) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"), [(310 << 20, "310 MiB"), (1023 << 20, "1.00 GiB"), (12 << 30, "12.0 GiB")]
)
def test_memory_is_in_binary_units(n_bytes: int, text: str) -> None:
    assert formats.size(n_bytes).replace("\u00a0", " ") == text
