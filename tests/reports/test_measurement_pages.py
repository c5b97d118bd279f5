"""The pages of ``bench.peers`` and ``bench.speed``, as text and in a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.benchmarks.tasks import INSTALLABLE
from reports.peers.charts import LOOKS
from reports.peers.page import render_peers, write_peers
from reports.peers.tables import headline
from reports.speed.page import render_speed, write_speed
from studies.record.peers import Contest, DataSet, Entry, PeersRecord, Spread
from studies.record.speed import Latency, ModelSpeed, SpeedRecord

HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>{{7*7}}"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
STARTED = datetime(2026, 11, 21, 17, 50, tzinfo=UTC)
Open = Callable[..., Any]


def entry(name: str, library: str, *, seconds: float, values: tuple[float, ...] = (), at: int = 0) -> Entry:
    return Entry(
        name=name,
        library=library,
        is_ours=library == "mfbench",
        seconds=(seconds, 1.2 * seconds, 0.9 * seconds),
        cpu_seconds=(2 * seconds,) * 3,
        target_seconds=tuple(at * factor * seconds for factor in (1, 1.2, 0.9)) if at else (),
        lap_seconds=tuple(seconds for _ in values or (0,)),
        values=values,
        quality=0.11,
        peak_bytes=300 << 20,
        added_bytes=5 << 20,
    )


def contest(task: str, title: str, data: str, entries: tuple[Entry, ...], **more: Any) -> Contest:
    fields: dict[str, Any] = {
        "unit": "a fit",
        "threads": 2,
        "watched": "",
        "target": None,
        "target_rule": "",
        "quality": "MRR@100",
    }
    return Contest(data=data, task=task, title=title, entries=entries, **(fields | more))


def ials(data: str) -> Contest:
    losses = (3000.0, 2200.0, 2100.0)
    return contest(
        "ials-64",
        "iALS, 64 factors",
        data,
        (
            entry("mfbench cg", "mfbench", seconds=0.06, values=losses, at=3),
            entry("mfbench subspace", "mfbench", seconds=0.05, values=losses, at=2),
            entry("implicit CG", "implicit", seconds=0.15, values=losses),
            entry("irspack CG", "irspack", seconds=0.03, values=losses, at=3),
        ),
        unit="an iteration",
        watched="loss",
        target=2102.1,
        target_rule="within 0.1% of the exact solver's loss after 8 iterations",
    )


def warp(data: str) -> Contest:
    curve = (0.05, 0.07, 0.09)
    entries = (
        entry("mfbench", "mfbench", seconds=0.2, values=curve, at=3),
        entry("lightfm-next", "lightfm", seconds=1.6, values=curve, at=3),
    )
    return contest("warp", "WARP, 64 factors", data, entries, watched="MRR@100", target=0.089, target_rule="nearly")


def peers_record(name: str = "movielens-small", **more: Any) -> PeersRecord:
    failed = Entry(name="irspack", library="irspack", is_ours=False, problem=name)
    neighbors = contest(
        "item2item", "Item neighbours", name, (entry("mfbench", "mfbench", seconds=0.2), failed), unit="a fit"
    )
    data = DataSet(
        label=name, name=name, n_users=671, n_items=6170, n_likes=50236, n_validation_users=666, content_hash="04f7"
    )
    fields: dict[str, Any] = {
        "contests": (ials(name), warp(name), neighbors),
        "skipped": {"lightfm-next": "not installed"},
    }
    return PeersRecord(
        command=f"python -m bench.peers --data '{name}'",
        started=STARTED,
        seconds=81.2,
        n_runs=3,
        sets=(data, replace(data, label="other", terms=name)),
        environment={"cores": "2"},
        **(fields | more),
    )


def speed_record(name: str = "movielens-small", n_models: int = 7) -> SpeedRecord:
    def latency(operation: str, n: int) -> Latency:
        return Latency(operation=operation, n=n, n_calls=200, median=1e-4 * n**0.3, p99=5e-4 * n**0.3)

    swept = tuple(latency("top N of one user", n) for n in (1, 10, 100, 1000, 10000))
    swept += tuple(latency("top 10 of many users", n) for n in (1, 10, 100))
    models = tuple(
        ModelSpeed(
            model=f"model{number}",
            fit_seconds=0.4,
            latencies=(*swept, latency("ranking given items", 10), *[latency("fold-in of one user", 1)] * (number % 2)),
        )
        for number in range(n_models)
    )
    return SpeedRecord(
        command="python -m bench.speed",
        started=STARTED,
        seconds=20.0,
        threads=2,
        data=name,
        n_users=671,
        n_items=6170,
        n_likes=51568,
        content_hash="04f7",
        terms=name,
        models=models,
        environment={"cores": "2"},
    )


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
