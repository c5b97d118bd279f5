"""The page of a comparison as text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from reports.cells import Cell
from reports.compare import charts
from reports.compare.charts import differences, scores, tree
from reports.compare.details import conventions, shared_lists, slices
from reports.compare.overlaps import overlap_view
from reports.compare.page import render_comparison, write_comparison_page
from reports.compare.tables import costs, pairs, quality
from reports.study.page import render_study
from tests.reports.comparisons import comparison, hostile, smallest
from tests.reports.conftest import HOSTILE, SPLIT, full


def test_the_answer_comes_first_and_every_section_is_reached() -> None:
    page = render_comparison(comparison())
    body = page[page.index("<main") :]
    assert body.index('class="verdict"') < body.index("<table") < body.index("Reproduce")
    links = set(re.findall(r'<a href="#([a-z]+)">', page))
    assert links <= set(re.findall(r'<h2 id="([a-z]+)"', page)) | {"content"}
    assert len(links) > 15


def test_it_is_one_file_and_asks_for_nothing() -> None:
    page = render_comparison(comparison())
    assert not re.search(r'<(?:link|img|iframe|script[^>]+src)\b|@import|url\(["\']?http', page)


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    page = render_comparison(hostile())
    assert "<script>window.pwned" not in page
    assert "<img src=x" not in page
    assert write_comparison_page(hostile(), tmp_path).parent == tmp_path


def test_a_comparison_of_one_algorithm_says_what_is_missing() -> None:
    page = render_comparison(smallest())
    for absence in ("no overlap to show", "needs two tuned", "No configuration was chosen", "no pair to compare"):
        assert absence in page


def test_both_pages_say_whether_seen_items_are_ranked() -> None:
    split = replace(SPLIT, seen_may_return=True)
    pages = [render_comparison(comparison(split=split)), render_study(full(split=split))]
    assert all("among all items, seen ones included: the full catalogue" in page for page in pages)
    pages = [render_comparison(comparison()), render_study(full())]
    assert all("among all items that the user has not seen: the full catalogue" in page for page in pages)


def test_a_range_whose_ends_read_the_same_is_left_out() -> None:
    record = comparison()
    first, *rest = record.entrants
    fixed = replace(first, by_seed={"mrr@100": (0.113, 0.113)}, fit_seconds=(0.1, 0.1))
    record = replace(record, entrants=(fixed, *rest))
    assert quality(record, 10).rows[0][-1] == Cell(".0000", 0.0)
    assert costs(record).rows[0][1].note == ""
    assert costs(comparison()).rows[0][1].note == "400\u00a0ms to 500\u00a0ms"


def test_the_noise_of_users_and_of_seeds_have_separate_columns() -> None:
    table = quality(comparison(), 10)
    (ials, *_), (*_, deviation) = table.rows[0], table.rows[0]
    assert ials.text == "ials"
    # two refits .006 apart: their standard deviation is .006 / sqrt(2)
    assert deviation.text == ".0042"
    assert [column.title for column in table.columns[1:]] == [
        "MRR@100",
        "MAP@30",
        "HR@10",
        "NDCG@10",
        "Recall@10",
        "Deviation over seeds",
    ]


def test_a_metric_that_another_library_computes_differently_is_marked() -> None:
    ours, theirs = conventions(comparison(), "mrr@100").rows
    assert not any(cell.is_marked for cell in ours)
    assert [cell.is_marked for cell in theirs[2:]] == [True] * 5


def test_a_title_has_a_stronger_colour_if_more_lists_contain_it() -> None:
    table = shared_lists({"a": ("x", "y"), "b": ("x", "z"), "c": ("x", "y")}, held_out=("z",))
    first, second = table.rows
    assert [cell.note for cell in first[1:]] == ["in 3 of 3"] * 3
    assert [cell.note for cell in second[1:]] == ["in 2 of 3", "★ held-out item", "in 2 of 3"]
    heats = [cell.heat or 0.0 for cell in (first[1], second[1], second[2])]
    assert heats[0] > heats[1] > heats[2] == 0


def test_lists_of_different_lengths_are_shown_side_by_side() -> None:
    rows = shared_lists({"a": ("x", "y"), "b": ()}).rows
    assert [[cell.text for cell in row] for row in rows] == [["1", "x", ""], ["2", "y", ""]]


def test_the_best_algorithm_of_a_slice_has_the_strongest_colour() -> None:
    for row in slices(comparison(), "activity").rows:
        heats = [cell.heat for cell in row[2:]]
        assert heats[0] == 1
        assert heats == sorted(heats, reverse=True)


def test_every_choice_of_the_heatmap_has_values() -> None:
    view = overlap_view(comparison())
    assert view is not None
    for of, buckets in view.buckets.items():
        for measure in view.measures:
            for k in view.cuts:
                for among, _ in buckets:
                    assert f"{of}/{measure}/{k}/{among}" in view.maps
    assert overlap_view(smallest()) is None


def test_differences_are_coloured_by_the_result_of_their_tests() -> None:
    (plot,) = differences(comparison()).plots
    assert [key.name for key in plot.legend] == ["established"]
    (band,) = plot.layout["shapes"]
    assert (band["x0"], band["x1"]) == (-0.005, 0.005)


def test_the_figure_has_only_the_pairs_of_the_best_algorithm_if_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = comparison()
    assert "The figure shows the" not in render_comparison(record)
    monkeypatch.setattr(charts, "MOST_PAIRS", 2)
    (plot,) = differences(record).plots
    best, *rest = [entrant.name for entrant in record.entrants if entrant.name in record.order]
    assert sorted(pair for trace in plot.data for pair in trace["y"]) == sorted(f"{best} − {name}" for name in rest)
    n = len(pairs(record).rows)
    assert n > len(rest)
    assert (
        f"The figure shows the {len(rest)} pairs of the best algorithm; the table has all {n} pairs."
        in render_comparison(record)
    )


def test_the_tree_joins_every_algorithm() -> None:
    figure = tree(comparison())
    (plot,) = figure.plots
    assert list(plot.layout["yaxis"]["ticktext"]) == list(comparison().order)
    assert figure.table is not None
    assert len(figure.table.rows) == len(comparison().order) - 1


def test_scores_show_a_mark_for_each_refit() -> None:
    (plot,) = scores(comparison()).plots
    mean, refits = plot.data
    assert len(refits["x"]) == 2 * len(mean["x"])


@pytest.mark.parametrize("text", [HOSTILE])
def test_titles_in_hover_texts_are_escaped_for_plotly(text: str) -> None:
    from reports.compare.charts import maps

    for plot in maps(hostile()).plots:
        assert not any("<script" in each for each in plot.data[0]["text"])
        assert not any("<script" in each["text"] for each in plot.layout["annotations"])
