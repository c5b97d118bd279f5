"""The pages of ``bench.peers`` and ``bench.speed``, as text and in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import reports
from bench.benchmarks.tasks import INSTALLABLE
from reports.peers.charts import LOOKS
from reports.peers.page import render_peers, write_peers
from reports.peers.tables import headline
from reports.speed.page import SYMBOLS, render_speed, write_speed
from reports.study.trial_marks import STATES
from studies.record.peers import Spread
from tests.reports.measurements import contest, entry, ials, peers_record, speed_record

HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>{{7*7}}"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
Open = Callable[..., Any]


def check_drawn(page: Any, n_plots: int) -> None:
    assert page.locator("[data-plot]").count() == n_plots
    assert page.locator("[data-plot]:has(svg.main-svg .trace)").count() == n_plots
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_of_peers_draws_every_figure_in_silence(width: int, opened_file: Open, tmp_path: Path) -> None:
    page = opened_file(write_peers(peers_record(), tmp_path), viewport={"width": width, "height": 844})
    check_drawn(page, 3)  # ratios, iALS, WARP


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_of_speed_draws_every_figure_in_silence(width: int, opened_file: Open, tmp_path: Path) -> None:
    page = opened_file(write_speed(speed_record(), tmp_path), viewport={"width": width, "height": 844})
    check_drawn(page, 2)


def test_a_hostile_name_runs_nothing(opened_file: Open, tmp_path: Path) -> None:
    check_drawn(opened_file(write_peers(peers_record(HOSTILE), tmp_path)), 3)
    check_drawn(opened_file(write_speed(speed_record(HOSTILE), tmp_path)), 2)


def test_no_two_models_of_a_figure_look_the_same() -> None:
    page = render_speed(speed_record(n_models=80))
    (first, _) = re.findall(r'<ul class="legend".*?</ul>', page, re.DOTALL)
    looks = re.findall(r"<svg.*?</svg>", first, re.DOTALL)
    assert len(looks) == len(set(looks)) == 80


def test_every_symbol_of_a_figure_is_drawn_in_the_legend() -> None:
    symbols = {*SYMBOLS, *(look.symbol for look in LOOKS.values()), *(mark.symbol for mark in STATES.values())}
    macros = (Path(reports.__file__).parent / "templates" / "macros.html").read_text()
    assert symbols == set(re.findall(r'key\.symbol == "([^"]+)"', macros))


def test_a_comparison_without_peers_says_so() -> None:
    alone = contest("bpr", "BPR", "tiny", (entry("mfbench", "mfbench", seconds=0.1),))
    text = render_peers(peers_record(contests=(alone,)))
    assert "No other library was measured: all times are those of mfbench." in text
    assert "Neither BPR nor WARP was run." in text


def test_a_page_with_nothing_measured_can_be_written() -> None:
    assert "Nothing was measured." in render_peers(peers_record(contests=(), skipped={}))
    assert "Nothing was timed." in render_speed(speed_record(n_models=0))


def test_the_headline_compares_with_the_fastest_other_library_only() -> None:
    # irspack takes half of our .06 s per iteration, and 3 * .03 s to the target; our fastest takes 2 * .05 s to it
    record = peers_record(contests=(ials("a"),))
    assert headline(record) == (
        "mfbench is faster than the fastest other library in 0 of 2 comparisons. The fastest other library takes 0.50 "
        "to 0.90 times as long as mfbench (median 0.70)."
    )


def test_a_ratio_is_taken_run_by_run() -> None:
    ours = replace(entry("mfbench", "mfbench", seconds=1), seconds=(1.0, 2.0, 4.0))
    theirs = replace(entry("implicit", "implicit", seconds=1), seconds=(3.0, 4.0, 4.0))
    assert contest("bpr", "BPR", "tiny", (ours, theirs)).ratio(theirs) == Spread(2.0, 1.0, 3.0)


def test_failures_and_libraries_that_were_not_measured_are_on_the_page() -> None:
    failed = replace(entry("irspack", "irspack", seconds=1), seconds=(), problem="ValueError: no memory")
    text = render_peers(peers_record(contests=(contest("bpr", "BPR", "tiny", (failed,)),)))
    assert "failed: ValueError: no memory" in text
    assert "Not measured: lightfm-next: not installed." in text


def test_every_library_that_can_be_measured_has_a_colour_and_a_symbol() -> None:
    assert LOOKS.keys() == {"mfbench", *INSTALLABLE}
