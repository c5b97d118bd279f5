"""Records as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from studies.record.as_json import from_json, to_json
from studies.record.comparison import ComparisonRecord
from studies.record.peers import PeersRecord
from studies.record.speed import SpeedRecord
from tests.reports.comparisons import comparison, hostile, smallest
from tests.reports.measurements import peers_record, speed_record

RECORDS = [comparison(), smallest(), hostile(), peers_record(), speed_record()]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_is_read_as_it_was_written(record: Any) -> None:
    assert from_json(type(record), to_json(record)) == record


@pytest.mark.parametrize("record", RECORDS)
def test_the_text_is_that_of_earlier_versions(record: Any) -> None:
    key = "mfbench comparison" if isinstance(record, ComparisonRecord) else "format"
    earlier = json.dumps({key: 1, **asdict(record)}, default=lambda date: date.isoformat())
    assert from_json(type(record), earlier) == record
    now = json.loads(to_json(record))
    assert now.pop("started").endswith("Z")
    assert {**json.loads(earlier), "started": ""}.keys() == {**now, "started": ""}.keys()


def test_values_that_json_or_the_record_cannot_hold_are_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(comparison(seconds=float("nan")))
    with pytest.raises(ValueError, match="Expected `int`"):
        to_json(comparison(seed=0.5))


def test_half_of_a_surrogate_pair_in_a_command_becomes_a_question_mark() -> None:
    record = comparison(command="bench.compare --data \udcff")
    assert from_json(ComparisonRecord, to_json(record)) == replace(record, command="bench.compare --data ?")


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (ComparisonRecord, "{", "it is not JSON"),
        (ComparisonRecord, "[" * 100_000, "it is not JSON"),
        (ComparisonRecord, "[1]", "it was not written by mfbench"),
        (ComparisonRecord, '{"mfbench comparison": 2}', "its version is 2, not 1"),
        (PeersRecord, '{"format": 1}', "command: Field required"),
        (SpeedRecord, '{"format": 1, "command": 3}', "command: Input should be a valid string"),
        (SpeedRecord, to_json(speed_record()).replace("0.4", "1e999", 1), r"models\[0\].fit_seconds: .*finite number"),
        (PeersRecord, to_json(peers_record()).replace('"is_ours": true', '"is_ours": 1', 1), r"contests\[0\].entries"),
    ],
)
def test_any_other_text_is_refused_in_one_line_that_names_the_field(kind: Any, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        from_json(kind, text)
    assert "\n" not in str(refused.value)
