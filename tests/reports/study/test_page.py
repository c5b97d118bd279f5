"""A study's page as text: complete, self-contained, and safe whatever the names in it."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from plotly.offline import get_plotlyjs

from bench.commands.study_results import print_study
from reports.study.page import render_study
from studies.record.study import StudyRecord

SECTIONS = [
    "verdict",
    "configuration",
    "measured",
    "history",
    "importances",
    "parallel",
    "slices",
    "curves",
    "timing",
    "trials",
    "space",
    "machine",
    "reproduce",
]


class Outline(HTMLParser):
    """The tags in order, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.raw = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.raw = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self.raw = ""

    def handle_data(self, data: str) -> None:
        self.text += "" if self.raw else data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def figures(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="plots">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def test_every_section_stands_once_and_is_linked(any_record: StudyRecord) -> None:
    outline = Outline(render_study(any_record))
    front = ["front"] if any_record.second_metric else []
    sections = [*SECTIONS[: SECTIONS.index("history")], *front, *SECTIONS[SECTIONS.index("history") :]]
    assert [attrs["id"] for tag, attrs in outline.tags if tag == "h2"] == sections
    assert [attrs["href"] for tag, attrs in outline.tags if tag == "a"][1:] == [f"#{section}" for section in sections]
    assert outline.count("h1") == 1


def test_plotly_is_in_the_page_exactly_once(record: StudyRecord) -> None:
    assert render_study(record).count(get_plotlyjs()) == 1


def test_every_drawing_has_its_figure_and_a_table_of_numbers(any_record: StudyRecord) -> None:
    page = render_study(any_record)
    outline = Outline(page)
    drawn = {str(attrs["data-plot"]) for _, attrs in outline.tags if "data-plot" in attrs}
    assert drawn == set(figures(page))
    assert page.count("Numbers of this figure") == outline.count("figure")


def test_every_table_has_a_caption_and_scoped_headers(any_record: StudyRecord) -> None:
    outline = Outline(render_study(any_record))
    assert outline.count("table") == outline.count("caption")
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in outline.tags if tag == "th")


def test_ids_are_unique(any_record: StudyRecord) -> None:
    ids = [attrs["id"] for _, attrs in Outline(render_study(any_record)).tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_a_hostile_name_stays_text_wherever_it_stands(hostile_record: StudyRecord, record: StudyRecord) -> None:
    page = render_study(hostile_record)
    outline, tame = Outline(page), Outline(render_study(record))
    assert outline.count("script") == tame.count("script")
    assert outline.count("img") == outline.count("b") == 0
    assert "window.pwned=1" in outline.text
    assert "49" not in outline.text.split("Verdict")[0]
    assert not [name for _, attrs in outline.tags for name in attrs if name.startswith("on")]
    assert "\u202e" not in page


def test_the_text_of_a_drawing_cannot_become_markup(hostile_record: StudyRecord) -> None:
    drawn = json.dumps(figures(render_study(hostile_record)), ensure_ascii=False)
    assert "window.pwned" in drawn or "&lt;/script&gt;" in drawn
    assert "<script" not in drawn
    assert "<img" not in drawn


def test_the_page_names_no_address_to_load_from(record: StudyRecord) -> None:
    page = render_study(record).replace(get_plotlyjs(), "")
    assert not re.findall(r'\bsrc=|href="(?!#)|url\(|@import|https?://', page)


def test_numbers_that_are_none_do_not_break_the_figures(record: StudyRecord) -> None:
    broken = replace(record.trials[1], value=float("nan"), state="pruned", curve=(), fit_seconds=float("inf"))
    shown = figures(render_study(replace(record, trials=(record.trials[0], broken, *record.trials[2:]))))
    assert "NaN" not in json.dumps(shown)


def test_formulas_hashes_terms_and_command_are_printed(record: StudyRecord) -> None:
    text = Outline(render_study(record)).text
    for stated in (
        *record.formulas.values(),
        *record.data.terms.splitlines(),
        record.data.content_hash,
        record.split.test_hash,
        record.split.validation_hash,
        record.command,
        "AP@30 equals RR@30",
        "48,436",
    ):
        assert stated in text


def test_a_failed_trial_keeps_its_configuration_and_its_error(record: StudyRecord) -> None:
    text = Outline(render_study(record)).text
    failed = next(trial for trial in record.trials if trial.state == "failed")
    assert "▼ failed" in text
    assert str(failed.error) in text


def test_with_several_held_out_items_mrr_and_map_are_two_metrics(record: StudyRecord) -> None:
    several = replace(record, split=replace(record.split, holdout="5 random likes a user", n_hidden=5))
    text = Outline(render_study(several)).text
    assert "AP@30 equals RR@30" not in text
    assert "5 random likes per user" in text


def test_a_holdout_by_time_has_a_caution(record: StudyRecord) -> None:
    by_time = replace(record, split=replace(record.split, is_last_by_time=True))
    assert "scores of every model are too high" in Outline(render_study(by_time)).text


def test_the_parameters_are_only_called_ranked_if_their_importance_is_known(record: StudyRecord) -> None:
    assert "the most important first" in render_study(record)
    unranked = render_study(replace(record, importances={}))
    assert "the most important first" not in unranked
    assert "too few completed trials to estimate which parameters matter" in unranked


def test_thirty_trials_render_within_a_second(record: StudyRecord) -> None:
    render_study(record)
    start = time.perf_counter()
    render_study(record)
    assert time.perf_counter() - start < 1


def test_a_best_value_at_an_end_of_its_range_is_named_on_the_page_and_in_the_terminal(
    record: StudyRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    def with_factors(n_factors: int) -> StudyRecord:
        assert record.best is not None
        best = replace(record.best, params={**record.best.params, "n_factors": n_factors})
        trials = tuple(best if trial.number == best.number else trial for trial in record.trials)
        return replace(record, trials=trials, best_config={**record.best_config, "n_factors": n_factors})

    for n_factors, is_named in ((250, True), (64, False)):
        changed = with_factors(n_factors)
        sentence = re.search(r"Of ([\w ]+) the best value is at an end of its range", render_study(changed))
        assert ("n_factors" in (sentence[1] if sentence else "")) == is_named
        print_study(changed, [])
        assert (f"n_factors = {n_factors}, at an end of the searched range" in capsys.readouterr().out) == is_named
