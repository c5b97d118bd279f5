"""The verdict of a study follows from the intervals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.sentences import is_established
from reports.study.verdict import verdict
from studies.record.study import Estimate, Gain, StudyRecord


def text(record: StudyRecord) -> str:
    told = verdict(record)
    return " ".join([told.headline, *told.findings, told.caveat]).replace("\u00a0", " ")


def with_gain(record: StudyRecord, over: str, low: float, high: float, other: float = 0.1) -> StudyRecord:
    difference = Estimate((low + high) / 2, low, high)
    against = Estimate(other, other - 0.01, other + 0.01)
    return replace(record, gains=(Gain(over=over, metric="mrr@100", difference=difference, other=against),))


def test_an_interval_above_zero_is_a_gain(record: StudyRecord) -> None:
    told = text(with_gain(record, "defaults", 0.002, 0.008, other=0.1))
    assert (
        "Its MRR@100 is .0050 (5.0 %) higher than that of the defaults; the 95 % interval of the difference is "
        "+.0020 to +.0080." in told
    )


def test_an_interval_below_zero_is_a_loss(record: StudyRecord) -> None:
    told = text(with_gain(record, "popularity", -0.008, -0.002))
    assert "Its MRR@100 is .0050 (5.0 %) lower than that of popularity" in told
    assert "−.0080 to −.0020" in told


def test_an_interval_with_zero_in_it_establishes_nothing(record: StudyRecord) -> None:
    told = text(with_gain(record, "defaults", -0.002, 0.006))
    assert "The difference from the defaults is not established: it is +.0020 in MRR@100" in told
    assert "95 % interval, −.0020 to +.0060, includes 0" in told
    assert "higher than that of the defaults" not in told


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.01), (-0.01, 0.0), (0.0, 0.0)])
def test_an_interval_that_touches_zero_establishes_nothing(low: float, high: float) -> None:
    assert not is_established(Estimate((low + high) / 2, low, high))


def test_a_gain_above_100_percent_is_given_as_a_factor(record: StudyRecord) -> None:
    assert "is .0800 higher than that of popularity (3.0 times as high)" in text(
        with_gain(record, "popularity", 0.07, 0.09, other=0.04)
    )


def test_the_best_configuration_comes_with_both_metrics_and_the_most_important_parameters(record: StudyRecord) -> None:
    best = record.best
    assert best is not None
    told = text(record)
    assert f"MRR@100 {best.metrics['mrr@100'].mean:.4f}".replace("0.", ".") in told
    assert f"MAP@30 {best.metrics['map@30'].mean:.4f}".replace("0.", ".") in told
    assert told.index("unobserved_weight = ") < told.index("reg = ") < told.index("n_factors = ")


def test_the_best_of_many_is_called_optimistic_and_the_test_unopened(record: StudyRecord) -> None:
    told = text(record)
    assert f"best of {len(record.complete)} completed trials" in told
    assert "optimistic" in told
    assert "did not open the sealed test" in told


def test_defaults_that_nothing_beat_are_not_compared_with_themselves(record: StudyRecord) -> None:
    trials = tuple(replace(trial, is_default=trial is record.best) for trial in record.trials)
    told = text(replace(record, trials=trials))
    assert f"default one: none of {len(record.complete) - 1} other configurations beat it." in told
    assert "that of the defaults" not in told


def test_repetitions_of_a_configuration_are_no_other_configurations(record: StudyRecord) -> None:
    best = replace(record.complete[0], is_default=True)
    copy = replace(record.complete[1], same_as=best.number, value=0.0)
    other = replace(record.complete[2], value=0.0)
    assert "Only the default configuration completed" in text(replace(record, trials=(best, copy)))
    assert "the one other configuration did not beat it." in text(replace(record, trials=(best, copy, other)))


def test_a_study_without_a_completed_trial_says_so_with_the_error(record: StudyRecord) -> None:
    failed = tuple(replace(t, state="failed", value=None, error="out of memory") for t in record.trials[:2])
    told = text(replace(record, trials=failed))
    assert "No trial completed" in told
    assert "2 trials: 2 failed" in told
    assert told.count("out of memory") == 1
    assert "No trial has run yet" in text(replace(record, trials=()))


def test_a_parameter_that_was_not_searched_is_left_to_the_table(record: StudyRecord) -> None:
    fixed = replace(record, best_config={"epsilon": 1.0, **record.best_config})
    assert "epsilon" not in text(fixed)


def test_a_model_without_hyperparameters_has_no_configuration(record: StudyRecord) -> None:
    assert "which has no hyperparameters, reaches MRR@100" in text(replace(record, best_config={}))
