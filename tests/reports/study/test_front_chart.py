"""The Pareto front of a study of two metrics."""

from __future__ import annotations

from reports.study.front_chart import front, on_the_front
from reports.study.page import render_study
from tests.reports.conftest import full, one_trial, pareto, rescored


def test_the_front_is_drawn_with_every_completed_trial_and_its_members_in_the_table() -> None:
    record = pareto()
    drawn = front(record)
    (plot,) = drawn.plots
    rest, members = plot.data
    assert len(members["x"]) == len(record.front) > 1
    assert len(rest["x"]) + len(members["x"]) == len(record.complete)
    assert members["y"] == sorted(members["y"], reverse=True)
    assert members["x"] == sorted(members["x"])
    for x, y in zip(rest["x"], rest["y"], strict=True):
        assert any(a >= x and b >= y for a, b in zip(members["x"], members["y"], strict=True))
    assert drawn.table is not None
    assert [row[0].text for row in drawn.table.rows] == [str(number) for number in record.front]
    assert drawn.table.rows[0][0].note == "best"


def test_the_page_says_what_is_on_the_front_and_how_the_best_was_chosen() -> None:
    record = pareto()
    page = render_study(record)
    assert on_the_front(record) in page
    assert f"{len(record.front)} of {len(record.complete)} completed trials" in on_the_front(record)
    assert "chosen by MRR@100" in page
    assert "No trial was pruned" in page
    assert "on the front of both metrics it is the best in MRR@100" in page


def test_a_study_of_one_metric_has_no_such_section() -> None:
    assert on_the_front(full()) == ""
    assert front(full()).absence
    assert "Two metrics" not in render_study(rescored())


def test_a_front_of_one_trial_is_described_as_such() -> None:
    record = one_trial()
    alone = pareto().complete[0]
    lonely = type(record)(
        **{
            **vars(record),
            "trials": (alone,),
            "second_metric": "recall@30",
            "front": (alone.number,),
            "winner": alone.number,
        }
    )
    assert on_the_front(lonely).startswith(f"Only trial {alone.number} is on the front")
    assert front(lonely).plots
