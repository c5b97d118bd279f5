"""What the verdict claims follows from the intervals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.study.verdict import is_established, verdict
from studies.record.study import Estimate, Gain, StudyRecord


def text(record: StudyRecord) -> str:
    said = verdict(record)
    return " ".join([said.headline, *said.findings, said.caveat]).replace("\u00a0", " ")


def with_gain(record: StudyRecord, over: str, low: float, high: float, other: float = 0.1) -> StudyRecord:
    difference = Estimate((low + high) / 2, low, high)
    against = Estimate(other, other - 0.01, other + 0.01)
    return replace(record, gains=(Gain(over=over, metric="mrr@100", difference=difference, other=against),))


def test_an_interval_above_zero_is_a_gain(record: StudyRecord) -> None:
    said = text(with_gain(record, "defaults", 0.002, 0.008, other=0.1))
    assert (
        "That is higher than the defaults by .0050, or 5.0 % (95 % interval of the difference +.0020 to +.0080)."
        in said
    )


def test_an_interval_below_zero_is_a_loss(record: StudyRecord) -> None:
    said = text(with_gain(record, "popularity", -0.008, -0.002))
    assert "That is lower than popularity by .0050" in said
    assert "−.0080 to −.0020" in said


def test_an_interval_with_zero_in_it_establishes_nothing(record: StudyRecord) -> None:
    said = text(with_gain(record, "defaults", -0.002, 0.006))
    assert "A difference from the defaults is not established: +.0020 in MRR@100" in said
    assert "−.0020 to +.0060, which includes 0" in said
    assert "higher than the defaults" not in said


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.01), (-0.01, 0.0), (0.0, 0.0)])
def test_an_interval_that_touches_zero_establishes_nothing(low: float, high: float) -> None:
    assert not is_established(Estimate((low + high) / 2, low, high))


def test_more_than_double_is_said_as_a_factor(record: StudyRecord) -> None:
    assert "by .0800, 3.0 times its score" in text(with_gain(record, "popularity", 0.07, 0.09, other=0.04))


def test_the_best_configuration_comes_with_both_metrics_and_the_most_important_parameters(record: StudyRecord) -> None:
    best = record.best
    assert best is not None
    said = text(record)
    assert f"MRR@100 {best.metrics['mrr@100'].mean:.4f}".replace("0.", ".") in said
    assert f"MAP@30 {best.metrics['map@30'].mean:.4f}".replace("0.", ".") in said
    assert said.index("unobserved_weight = ") < said.index("reg = ") < said.index("n_factors = ")


def test_the_best_of_many_is_called_optimistic_and_the_test_unopened(record: StudyRecord) -> None:
    said = text(record)
    assert f"best of {len(record.complete)} completed trials" in said
    assert "optimistic" in said
    assert "sealed test likes stay unopened" in said


def test_defaults_that_nothing_beat_are_not_compared_with_themselves(record: StudyRecord) -> None:
    trials = tuple(replace(trial, is_default=trial is record.best) for trial in record.trials)
    said = text(replace(record, trials=trials))
    assert "The defaults themselves are the best" in said
    assert "than the defaults" not in said


def test_a_study_without_a_completed_trial_says_so_with_the_error(record: StudyRecord) -> None:
    failed = tuple(replace(t, state="failed", value=None, error="out of memory") for t in record.trials[:2])
    said = text(replace(record, trials=failed))
    assert "No trial completed" in said
    assert "2 trials: 2 failed" in said
    assert said.count("out of memory") == 1
    assert "No trial has run yet" in text(replace(record, trials=()))


def test_a_parameter_that_was_not_searched_is_left_to_the_table(record: StudyRecord) -> None:
    fixed = replace(record, best_config={"epsilon": 1.0, **record.best_config})
    assert "epsilon" not in text(fixed)


def test_a_model_without_hyperparameters_has_no_configuration(record: StudyRecord) -> None:
    assert "which has no hyperparameters, reaches MRR@100" in text(replace(record, best_config={}))
