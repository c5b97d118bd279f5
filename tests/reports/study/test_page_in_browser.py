"""The page of a study in a browser: figures, widths, keyboard, no messages in the console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reports.study.page import render_study
from studies.record.study import StudyRecord
from tests.reports.waiting import wait_until

BACKGROUND = "getComputedStyle(document.body).backgroundColor"
INK = "getComputedStyle(document.querySelector('[data-plot=history] .xtick text')).fill"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DRAWN = "[data-plot]:has(svg.main-svg .trace)"
Open = Callable[..., Any]


def column(page: Any, index: int) -> list[str]:
    return list(
        page.locator(f".sortable tbody tr > :nth-child({index})").evaluate_all("c => c.map(e => e.dataset.key ?? '')")
    )


@pytest.mark.slow
def test_on_a_phone_every_figure_draws_in_silence_and_nothing_is_too_wide(
    any_record: StudyRecord, opened: Open
) -> None:
    page = opened(any_record, viewport={"width": 390, "height": 844})
    assert page.locator("[data-plot]").count() == page.locator(DRAWN).count()
    assert page.evaluate(OVERFLOW) == 0
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert page.evaluate(OVERFLOW) == 0


def test_a_hostile_name_runs_nothing(hostile_record: StudyRecord, opened: Open) -> None:
    page = opened(hostile_record)
    assert page.evaluate("window.pwned") is None
    assert "</script><script>window.pwned=1</script>" in page.locator("h1").inner_text()
    page.locator("[data-plot=history]").hover()
    labels = page.locator("[data-plot=slice-0] .xtick text").all_text_contents()
    assert any(label.startswith("</") for label in labels), labels
    assert page.evaluate("window.pwned") is None


def test_figures_follow_the_width_of_the_window(record: StudyRecord, opened: Open) -> None:
    page = opened(record)
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until(page, "document.querySelector('[data-plot=history] .main-svg').clientWidth < 390")
    assert page.evaluate(OVERFLOW) == 0


def test_a_click_sorts_the_trials_and_says_so(record: StudyRecord, opened: Open) -> None:
    page = opened(record)
    header = page.locator(".sortable thead th", has_text="MRR@100")
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    keys = column(page, 3)
    valued = [float(key) for key in keys if key]
    assert valued == sorted(valued)
    assert keys[len(valued) :] == [""] * (len(keys) - len(valued))

    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    keys = column(page, 3)
    assert [float(key) for key in keys[: len(valued)]] == sorted(valued, reverse=True)
    assert page.locator(".sortable [aria-sort]").count() == 1


def test_the_keyboard_sorts_the_trials(record: StudyRecord, opened: Open) -> None:
    page = opened(record)
    header = page.locator(".sortable thead th", has_text="Trial").first
    header.locator("button").focus()
    for key, direction in (("Enter", "ascending"), ("Space", "descending")):
        page.keyboard.press(key)
        assert header.get_attribute("aria-sort") == direction
    assert column(page, 1)[0] == str(record.trials[-1].number)


def test_dark_and_light_change_page_and_plots(record: StudyRecord, opened: Open) -> None:
    page = opened(record, color_scheme="light")
    light = page.evaluate(f"[{BACKGROUND}, {INK}]")
    page.emulate_media(color_scheme="dark")
    wait_until(page, f"{INK} !== '{light[1]}'")
    assert page.evaluate(BACKGROUND) != light[0]


def test_paper_is_light_and_figures_fit_it(record: StudyRecord, opened: Open) -> None:
    page = opened(record, color_scheme="dark")
    dark = page.evaluate(INK)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    assert page.evaluate(INK) != dark
    assert page.locator("[data-plot=history] .main-svg").first.bounding_box()["width"] <= 180 / 25.4 * 96 + 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(INK) == dark


def test_the_copy_button_copies_or_names_the_keys_to_press(record: StudyRecord, opened: Open) -> None:
    page = opened(record)
    page.locator("[data-copy=command]").click()
    wait_until(page, "document.querySelector('[data-copy=command] ~ .copied').textContent !== ''")
    assert page.evaluate("getSelection().toString().trim()") == record.command


def test_it_draws_inside_a_sandboxed_frame(record: StudyRecord, opened: Open) -> None:
    page = opened(record)
    page.evaluate(
        """async (source) => {
            const frame = document.createElement("iframe");
            frame.setAttribute("sandbox", "allow-scripts");
            frame.srcdoc = source;
            document.body.append(frame);
            await new Promise((loaded) => (frame.onload = loaded));
        }""",
        render_study(record),
    )
    assert page.frames[-1].locator(DRAWN).count() == page.locator(DRAWN).count()
