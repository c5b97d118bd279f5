from __future__ import annotations

import numpy as np
import optuna
import pytest
from optuna.pruners import MedianPruner

from studies.samplers import pruning
from studies.samplers.pruning import FIRST_PRUNED_EPOCH, MedianRule
from studies.samplers.seeded import N_STARTUP_TRIALS
from studies.storage.schema import RESULT, SAME_AS

PRUNER = MedianPruner(n_startup_trials=N_STARTUP_TRIALS, n_warmup_steps=FIRST_PRUNED_EPOCH)


def study_of(*curves: list[float], **attrs: object) -> optuna.Study:
    study = optuna.create_study(direction="maximize", pruner=PRUNER)
    for curve in curves:
        complete(study, curve, **attrs)
    return study


def complete(study: optuna.Study, curve: list[float], **attrs: object) -> None:
    values = dict(enumerate(curve, 1))
    user_attrs = {RESULT.key: {"curve": curve}, **attrs}
    study.add_trial(optuna.trial.create_trial(value=max(curve), user_attrs=user_attrs, intermediate_values=values))


def test_the_rule_stops_the_curves_that_optunas_median_pruner_stops() -> None:
    rng = np.random.default_rng(0)
    study = study_of(*(rng.random(rng.integers(1, 12)).tolist() for _ in range(25)))
    rule, n_stopped = MedianRule(study), 0
    for _ in range(50):
        curve: list[float] = []
        trial = study.ask()
        for value in rng.random(10).tolist():
            curve.append(value)
            trial.report(value, len(curve))
            assert rule.stops(curve) == trial.should_prune()
            n_stopped += rule.stops(curve)
    assert n_stopped


def test_the_best_value_so_far_is_compared_with_the_median_of_the_epoch() -> None:
    curves = [[0.0, 0.0, 0.0, value] for value in np.linspace(0.1, 0.9, 9).tolist()]
    rule = MedianRule(study_of([0.0] * 3, *curves))
    assert rule.stops([0.4, 0.3, 0.2, 0.1])
    assert not rule.stops([0.5, 0.3, 0.2, 0.1])
    assert not rule.stops([0.0] * 3)
    assert not rule.stops([0.0] * 5)  # no other trial has this epoch


def test_repeated_configurations_count_once() -> None:
    curve = [0.5] * 4
    study = study_of(*[curve] * 9)
    complete(study, curve, **SAME_AS.entry(0))
    assert not MedianRule(study).stops([0.0] * 4)


def test_curves_completed_meanwhile_count_after_the_next_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(*[[0.5] * 4] * 9)
    rule = MedianRule(study)
    complete(study, [0.5] * 4)
    assert not rule.stops([0.0] * 4)
    monkeypatch.setattr(pruning, "READ_AGAIN_SECONDS", 0.0)
    assert rule.stops([0.0] * 4)
