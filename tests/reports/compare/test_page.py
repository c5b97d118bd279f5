"""What a comparison's page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.compare import charts
from reports.compare.charts import differences, scores, tree
from reports.compare.details import conventions, shared_lists, slices
from reports.compare.overlaps import overlap_view
from reports.compare.page import render_comparison, write_comparison_page
from reports.compare.tables import pairs, quality
from tests.reports.comparisons import comparison, hostile, smallest
from tests.reports.conftest import HOSTILE


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


def test_a_comparison_of_nothing_says_so() -> None:
    page = render_comparison(smallest())
    for absence in ("overlaps with nobody", "needs two tuned", "Nothing was chosen", "nothing to differ from"):
        assert absence in page


def test_users_and_seeds_noise_stand_apart() -> None:
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
        "Deviation by seed",
    ]


def test_a_figure_that_another_library_would_give_is_marked_where_it_differs() -> None:
    ours, theirs = conventions(comparison(), "mrr@100").rows
    assert not any(cell.is_marked for cell in ours)
    assert [cell.is_marked for cell in theirs[2:]] == [True] * 5


def test_a_title_is_the_darker_the_more_lists_hold_it() -> None:
    table = shared_lists({"a": ("x", "y"), "b": ("x", "z"), "c": ("x", "y")}, held_out=("z",))
    first, second = table.rows
    assert [cell.note for cell in first[1:]] == ["in 3 of 3"] * 3
    assert [cell.note for cell in second[1:]] == ["in 2 of 3", "★ the hidden like", "in 2 of 3"]
    heats = [cell.heat or 0.0 for cell in (first[1], second[1], second[2])]
    assert heats[0] > heats[1] > heats[2] == 0


def test_lists_of_different_lengths_stand_side_by_side() -> None:
    rows = shared_lists({"a": ("x", "y"), "b": ()}).rows
    assert [[cell.text for cell in row] for row in rows] == [["1", "x", ""], ["2", "y", ""]]


def test_within_a_slice_the_best_is_the_darkest() -> None:
    for row in slices(comparison(), "activity").rows:
        heats = [cell.heat for cell in row[2:]]
        assert heats[0] == 1
        assert heats == sorted(heats, reverse=True)


def test_every_choice_of_the_heatmap_has_its_values() -> None:
    view = overlap_view(comparison())
    assert view is not None
    for of, buckets in view.buckets.items():
        for measure in view.measures:
            for k in view.cuts:
                for among, _ in buckets:
                    assert f"{of}/{measure}/{k}/{among}" in view.maps
    assert overlap_view(smallest()) is None


def test_differences_are_drawn_by_what_was_found() -> None:
    (plot,) = differences(comparison()).plots
    assert [key.name for key in plot.legend] == ["established"]
    (band,) = plot.layout["shapes"]
    assert (band["x0"], band["x1"]) == (-0.005, 0.005)


def test_of_too_many_pairs_those_of_the_best_are_drawn_and_all_are_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = comparison()
    assert "Drawn are" not in render_comparison(record)
    monkeypatch.setattr(charts, "MOST_PAIRS", 2)
    (plot,) = differences(record).plots
    best, *rest = [entrant.name for entrant in record.entrants if entrant.name in record.order]
    assert sorted(pair for trace in plot.data for pair in trace["y"]) == sorted(f"{best} − {name}" for name in rest)
    n = len(pairs(record).rows)
    assert n > len(rest)
    assert f"Drawn are the {len(rest)} pairs of the best algorithm; the table has all {n}." in render_comparison(record)


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
