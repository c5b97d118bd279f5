"""The verdict of a comparison follows from its tests and intervals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.compare.verdict import finding, relation, verdict
from studies.record.comparison import ComparisonRecord, OpeningRecord
from tests.reports.comparisons import SURE, UNSURE, around, comparison, pair, smallest


def with_first_pair(**changes: object) -> ComparisonRecord:
    """The whole record with another first pair, which is that of the two best algorithms."""
    record = comparison()
    first, *rest = record.pairs
    return replace(record, pairs=(replace(first, **changes), *rest))


def test_an_algorithm_that_beats_all_others_is_the_best() -> None:
    told = verdict(comparison())
    assert told.headline == (
        "ials is the best: MRR@100\u00a0.1130 (95\u00a0% interval .0980 to .1280) on the test likes, ahead of all 3 "
        "others by more than chance."
    )


def test_a_lead_that_may_be_chance_makes_no_winner() -> None:
    record = with_first_pair(difference=around(0.002, UNSURE), p=0.4, p_adjusted=0.8)
    headline = verdict(record).headline
    assert headline.startswith("No single winner is established. ials has the highest score")
    assert (
        "it is not statistically distinguishable from warp. ials is ahead of the other 2 by more than chance"
        in headline
    )
    assert "best" not in headline


def test_a_high_p_alone_or_an_interval_over_0_alone_is_enough_for_doubt() -> None:
    assert relation(with_first_pair(p_adjusted=0.06), "ials", "warp") == "open"
    assert relation(with_first_pair(difference=around(0.002, UNSURE)), "ials", "warp") == "open"


def test_less_than_the_margin_is_practically_equal_however_certain() -> None:
    record = with_first_pair(is_equivalent=True)
    assert verdict(record).headline.startswith("ials and warp are practically equal: ials reaches")
    assert "the other differs from it by less than the margin of .0050" in verdict(record).headline
    assert finding(record, record.pairs[0]) == "practically equal, though not identical"
    unsure = with_first_pair(is_equivalent=True, p_adjusted=0.5)
    assert finding(unsure, unsure.pairs[0]) == "practically equal"


@pytest.mark.parametrize(("difference", "text"), [(0.01, "ials is better"), (-0.01, "warp is better")])
def test_a_pair_is_read_in_either_direction(difference: float, text: str) -> None:
    record = with_first_pair(difference=around(difference, SURE))
    assert finding(record, record.pairs[0]) == text
    assert relation(record, "ials", "warp") != relation(record, "warp", "ials")


def test_the_lead_is_positive_whichever_way_the_pair_is_stored() -> None:
    record = comparison()
    turned = replace(record, pairs=(pair("warp", "ials", -0.002), *record.pairs[1:]))
    assert verdict(turned).findings[0] == verdict(record).findings[0]
    assert "+.0020" in verdict(turned).findings[0]


def test_algorithms_that_do_not_beat_popularity_are_named() -> None:
    record = comparison()
    *others, last = record.pairs
    unsure = (*others, replace(last, p_adjusted=0.3))
    assert (last.a, last.b) == ("item2item", "popularity")
    assert any(
        "item2item is not shown to beat popularity" in f for f in verdict(replace(record, pairs=unsure)).findings
    )
    assert any("Every tuned algorithm beats popularity" in told for told in verdict(record).findings)


def blending(record: ComparisonRecord) -> str:
    (told,) = [finding for finding in verdict(record).findings if "fusion" in finding]
    return told.replace("\u00a0", " ")


def test_blending_pays_only_if_its_gain_is_established() -> None:
    record = comparison()
    assert blending(record).startswith("Blending is not shown to pay: the fusion with the highest validation score")
    assert blending(record).endswith("+.0040 (95 % interval −.0020 to +.0100) over ials alone.")
    sure = tuple(replace(blend, gain=around(0.004, 0.001)) for blend in record.blends)
    assert blending(replace(record, blends=sure)).startswith("Blending pays:")
    worse = tuple(replace(blend, gain=around(-0.004, 0.001)) for blend in record.blends)
    assert blending(replace(record, blends=worse)).startswith("Blending costs:")


def test_a_fusion_that_beats_its_own_best_member_may_still_lose_to_the_best_algorithm() -> None:
    record = comparison()
    ials_warp, ials_item2item, warp_item2item = record.blends
    assert warp_item2item.members == ("warp", "item2item")
    below = (
        replace(ials_warp, validation=0.112),
        replace(ials_item2item, validation=0.1),
        replace(warp_item2item, validation=0.1125, best_member_validation=0.111),
    )
    assert blending(replace(record, blends=below)) == (
        "Blending does not pay: on the validation likes the best fusion, of warp and item2item, scores .1125, and ials "
        "alone .1130; 1 of the 3 fusions scores higher than its own best member, but none scores higher than ials "
        "alone."
    )
    useless = tuple(replace(blend, validation=0.01) for blend in record.blends)
    assert blending(replace(record, blends=useless)).endswith("scores .0100, and ials alone .1130.")


def test_a_fusion_without_the_winner_is_not_said_to_beat_it() -> None:
    record = comparison()
    *others, last = record.blends
    assert last.best_member == "warp"
    told = blending(replace(record, blends=(*others, replace(last, validation=0.2, gain=around(0.01, 0.001)))))
    assert told.startswith("On the test likes the fusion with the highest validation score, of warp and item2item,")
    assert "scores .1150, and ials alone .1130; the gain of the fusion was tested only over warp" in told
    assert "pays" not in told


def test_a_fusion_of_many_members_is_counted_instead_of_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.compare.verdict.MOST_MEMBERS", 2)
    record = comparison()
    everyone = replace(record.blends[0], members=("ials", "warp", "item2item"), validation=0.3)
    assert "of all 3 tuned algorithms" in blending(replace(record, blends=(everyone,)))


def test_the_fastest_and_the_slowest_fit_are_named_beside_the_best_algorithm() -> None:
    record = comparison()
    assert "Fitting ials takes 450\u00a0ms." in verdict(record).findings  # all take the same time
    seconds = {"warp": (0.1,), "item2item": (2.0,)}
    entrants = tuple(replace(e, fit_seconds=seconds.get(e.name, e.fit_seconds)) for e in record.entrants)
    assert [told.replace("\u00a0", " ") for told in verdict(replace(record, entrants=entrants)).findings][3] == (
        "Fitting ials takes 450 ms; warp, the fastest to fit, takes 100 ms; "
        "item2item, the slowest to fit, takes 2.00 s."
    )


def test_every_further_opening_of_the_test_is_a_caveat() -> None:
    record = comparison()
    assert "opened for the first time" in verdict(record).caveat
    again = (*record.openings, OpeningRecord(id="another", when=record.started, command=""))
    assert "opened 2 times" in verdict(replace(record, openings=again)).caveat


def test_unequal_budgets_are_a_caveat() -> None:
    record = comparison()
    assert "different budgets" not in verdict(record).caveat
    first, *rest = record.entrants
    uneven = replace(record, entrants=(replace(first, n_trials=5), *rest))
    assert "different budgets: between 5 and 30 trials" in verdict(uneven).caveat


def test_an_algorithm_that_could_not_be_fitted_is_named() -> None:
    caveat = verdict(comparison(failures={"bpr": "NonFiniteScoresError: NaN or infinity among the scores"})).caveat
    assert (
        "bpr is missing because it could not be fitted again (NonFiniteScoresError: NaN or infinity among the scores)."
        in caveat
    )


def test_one_algorithm_alone_is_no_winner() -> None:
    assert verdict(smallest()).headline.endswith("no other algorithm was compared.")
