"""How the winner was chosen, as the page and its table say it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.study.finalists import how_named, table
from reports.study.page import render_study
from studies.record.study import StudyRecord
from tests.reports.conftest import SPLIT, full, rescored


def test_the_table_has_three_scores_of_each_finalist_the_winner_first() -> None:
    record = rescored()
    drawn = table(record)
    assert [column.title for column in drawn.columns[1:]] == ["In the search", "On fresh draws", "Over all draws"]
    assert record.best is not None
    assert drawn.rows[0][0].text == str(record.best.number)
    assert [row[0].note for row in drawn.rows] == ["winner", "", "", "", ""]
    for row in drawn.rows:
        search, fresh, overall = (float(cell.key or 0) for cell in row[1:])
        assert overall == pytest.approx((search + fresh) / 2)
    assert table(full()).rows == ()


def test_the_page_says_how_the_winner_was_named_with_both_scores() -> None:
    record = rescored()
    best = record.best
    assert best is not None
    page = render_study(record)
    for score in (best.metrics["mrr@100"].mean, best.fresh["mrr@100"].mean):
        assert f"{score:.4f}".removeprefix("0") in how_named(record)
    assert how_named(record) in page
    assert "partly lucky" in page
    assert "partly lucky" not in render_study(full())


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (full(n_rescored=5), "Not all of the best trials have been scored on fresh draws yet"),
        (full(n_rescored=5, split=replace(SPLIT, kind="given")), "The author of the data chose these likes"),
        (full(n_rescored=5, split=replace(SPLIT, is_last_by_time=True)), "is always the same"),
    ],
)
def test_without_fresh_scores_the_page_says_why(record: StudyRecord, reason: str) -> None:
    assert reason in how_named(record)
    assert reason in render_study(record)


def test_a_study_without_rescoring_gives_no_reason() -> None:
    assert how_named(full()).endswith("chosen and measured on the same validation likes")
