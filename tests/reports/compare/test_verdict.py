"""The words of a comparison follow from its tests and intervals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.compare.verdict import relation, verdict, words
from studies.record.comparison import ComparisonRecord, OpeningRecord
from tests.reports.comparisons import SURE, UNSURE, around, comparison, pair, smallest


def with_first_pair(**changes: object) -> ComparisonRecord:
    """The whole record, but for the pair of the best two."""
    record = comparison()
    first, *rest = record.pairs
    return replace(record, pairs=(replace(first, **changes), *rest))


def test_what_is_established_everywhere_is_the_best() -> None:
    told = verdict(comparison())
    assert told.headline == (
        "ials is the best: MRR@100\u00a0.1130 (95\u00a0% interval .0980 to .1280) on the test likes, ahead of all 3 "
        "others by more than chance."
    )


def test_a_lead_that_may_be_chance_makes_no_winner() -> None:
    record = with_first_pair(difference=around(0.002, UNSURE), p=0.4, p_adjusted=0.8)
    headline = verdict(record).headline
    assert headline.startswith("No single winner is established. ials has the highest score")
    assert "do not tell it apart from warp" in headline
    assert "ahead of the other 2 by more than chance" in headline
    assert "best" not in headline


def test_a_high_p_alone_or_an_interval_over_0_alone_is_enough_for_doubt() -> None:
    assert relation(with_first_pair(p_adjusted=0.06), "ials", "warp") == "open"
    assert relation(with_first_pair(difference=around(0.002, UNSURE)), "ials", "warp") == "open"


def test_less_than_the_margin_is_practically_equal_however_certain() -> None:
    record = with_first_pair(is_equivalent=True)
    assert verdict(record).headline.startswith("ials and warp are practically equal: ials reaches")
    assert "differ by less than the margin of .0050" in verdict(record).headline
    assert words(record, record.pairs[0]) == "practically equal, though not the same"
    unsure = with_first_pair(is_equivalent=True, p_adjusted=0.5)
    assert words(unsure, unsure.pairs[0]) == "practically equal"


@pytest.mark.parametrize(("difference", "said"), [(0.01, "ials is better"), (-0.01, "warp is better")])
def test_a_pair_is_read_in_either_direction(difference: float, said: str) -> None:
    record = with_first_pair(difference=around(difference, SURE))
    assert words(record, record.pairs[0]) == said
    assert relation(record, "ials", "warp") != relation(record, "warp", "ials")


def test_the_lead_is_said_from_the_leaders_side_whichever_way_the_pair_is_stored() -> None:
    record = comparison()
    turned = replace(record, pairs=(pair("warp", "ials", -0.002), *record.pairs[1:]))
    assert verdict(turned).findings[0] == verdict(record).findings[0]
    assert "+.0020" in verdict(turned).findings[0]


def test_what_does_not_beat_popularity_is_named() -> None:
    record = comparison()
    *others, last = record.pairs
    unsure = (*others, replace(last, p_adjusted=0.3))
    assert (last.a, last.b) == ("item2item", "popularity")
    assert any(
        "item2item is not shown to beat popularity" in f for f in verdict(replace(record, pairs=unsure)).findings
    )
    assert any("Every tuned algorithm beats popularity" in finding for finding in verdict(record).findings)


def test_blending_pays_only_where_its_gain_is_established() -> None:
    record = comparison()
    told = [finding for finding in verdict(record).findings if finding.startswith("Blending")]
    assert told[0].startswith("Blending is not shown to pay")
    sure = tuple(replace(blend, gain=around(0.004, 0.001)) for blend in record.blends)
    assert any(f.startswith("Blending pays") for f in verdict(replace(record, blends=sure)).findings)
    useless = tuple(replace(blend, validation=0.01) for blend in record.blends)
    assert any(f.startswith("Blending does not pay") for f in verdict(replace(record, blends=useless)).findings)


def test_every_further_opening_of_the_test_is_a_caveat() -> None:
    record = comparison()
    assert "opened for the first time" in verdict(record).caveat
    again = (*record.openings, OpeningRecord(id="another", when=record.started, command=""))
    assert "opened 2 times" in verdict(replace(record, openings=again)).caveat


def test_unequal_budgets_are_a_caveat() -> None:
    record = comparison()
    assert "not tuned alike" not in verdict(record).caveat
    first, *rest = record.entrants
    uneven = replace(record, entrants=(replace(first, n_trials=5), *rest))
    assert "not tuned alike: between 5 and 30 trials" in verdict(uneven).caveat


def test_what_could_not_be_refitted_is_said() -> None:
    caveat = verdict(comparison(failures={"bpr": "NonFiniteScoresError: NaN among the scores"})).caveat
    assert "bpr was left out, because it could not be refitted (NonFiniteScoresError: NaN among the scores)." in caveat


def test_one_algorithm_alone_is_no_winner() -> None:
    assert verdict(smallest()).headline.endswith("nothing else was compared.")
