"""The page of a comparison in a browser: figures, widths, choices, no messages in the console."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.compare.page import write_comparison_page
from studies.record.comparison import ComparisonRecord
from tests.reports.comparisons import comparison, hostile, smallest
from tests.reports.waiting import wait_until

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DRAWN = "[data-plot]:has(svg.main-svg .trace)"
CELL = ".heatmap tbody tr:first-child td:nth-child(3)"  # the first algorithm beside the second
Open = Callable[..., Any]


@pytest.fixture
def opened_comparison(opened_file: Open, tmp_path: Path) -> Open:
    return lambda record, **context: opened_file(write_comparison_page(record, tmp_path), **context)


@pytest.mark.parametrize("make", [comparison, smallest, hostile])
def test_on_a_phone_every_figure_draws_in_silence_and_nothing_is_too_wide(
    make: Callable[[], ComparisonRecord], opened_comparison: Open
) -> None:
    page = opened_comparison(make(), viewport={"width": 390, "height": 844})
    assert page.locator("[data-plot]").count() == page.locator(DRAWN).count() > 0
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate("window.pwned") is None


def test_a_choice_fills_the_heatmap(opened_comparison: Open) -> None:
    page = opened_comparison(comparison())
    assert page.locator(CELL).inner_text() == ".11"  # overlap at 10
    assert page.locator(".heatmap .own").first.inner_text() == ".90"
    page.locator("select[name=measure]").select_option("rbo")
    page.locator("select[name=k]").select_option("100")
    assert page.locator(CELL).inner_text() == ".40"
    assert "p = 0.99" in page.locator(".described").inner_text()
    page.locator("select[name=of]").select_option("neighbours")
    assert page.locator(CELL).inner_text() == ".80"
    assert page.locator(CELL).get_attribute("style") == "--heat: 0.8;"
    assert page.locator(CELL).get_attribute("title") == (
        "popularity and item2item; two fits of popularity .90; two fits of item2item .90"
    )


def test_the_groups_to_choose_from_depend_on_the_lists(opened_comparison: Open) -> None:
    page = opened_comparison(comparison())
    page.locator("select[name=among]").select_option("2 to 20")
    page.locator("select[name=of]").select_option("neighbours")
    assert page.locator("select[name=among]").input_value() == "all"  # items have no such group
    offered = page.locator("select[name=among] option:not([disabled])").all_text_contents()
    assert offered == ["All items", "Items with 5 to 9 likes"]


def test_the_keyboard_chooses_too(opened_comparison: Open) -> None:
    page = opened_comparison(comparison())
    page.locator("select[name=k]").focus()
    page.keyboard.press("ArrowDown")
    wait_until(page, f"document.querySelector('{CELL}').textContent === '.13'")


def test_one_length_of_list_shows_at_a_time(opened_comparison: Open) -> None:
    page = opened_comparison(comparison())
    chooser = page.locator("[data-chooser]").first
    assert chooser.locator("table:visible").count() == 1
    assert chooser.locator("th", has_text="HR@10").first.is_visible()
    chooser.locator("select").select_option("100")
    assert chooser.locator("table:visible").count() == 1
    assert chooser.locator("th", has_text="HR@100").is_visible()


def test_a_sorted_table_puts_the_worst_first_and_last(opened_comparison: Open) -> None:
    page = opened_comparison(comparison())
    table = page.locator("[data-choice='10'] table").first
    table.locator("thead th", has_text="MRR@100").locator("button").click()
    assert table.locator("tbody th").first.inner_text().startswith("random")


def test_dark_changes_heat_and_plots(opened_comparison: Open) -> None:
    heat = f"getComputedStyle(document.querySelector('{CELL}')).backgroundColor"
    page = opened_comparison(comparison(), color_scheme="light")
    light = page.evaluate(heat)
    page.emulate_media(color_scheme="dark")
    wait_until(page, f"{heat} !== '{light}'")


def test_paper_shows_figures_within_its_width(opened_comparison: Open) -> None:
    page = opened_comparison(comparison())
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("[data-plot=scores] .main-svg").first.bounding_box()["width"] <= 180 / 25.4 * 96 + 1
