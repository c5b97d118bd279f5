from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from weakref import WeakSet

import numpy as np
import pytest
import scipy.sparse as sp

import models.memory
from evaluation.metrics import Metric
from evaluation.ranking import rank_held_out
from evaluation.split import Split
from models.ease import EASE
from studies import trial
from studies.registry import load_spec
from studies.trial import TrialResult, run_trial
from tests.studies import fragile

MRR = Metric.parse("mrr@100")


def run(split: Split, **how: object) -> TrialResult:
    spec = load_spec("ials")
    config = spec.config({"n_factors": 4})
    return run_trial(spec, config, split.validation, MRR, seed=3, **how)


def assert_same(one: TrialResult, other: TrialResult) -> None:
    assert (one.value, one.n_epochs, one.curve) == (other.value, other.n_epochs, other.curve)
    for a, b in zip(one.ranks, other.ranks, strict=True):
        np.testing.assert_array_equal(a.ranks, b.ranks)


@pytest.mark.bits
def test_the_result_does_not_depend_on_threads_or_on_folds_fitted_in_parallel(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = run(split, threads=2)
    assert_same(beside, run(split, threads=1))
    monkeypatch.setattr(trial, "can_run_side_by_side", lambda: False)
    assert_same(beside, run(split, threads=2))


def test_the_value_is_the_mean_over_draws_at_the_best_epoch(split: Split) -> None:
    result = run(split)
    spec = load_spec("ials")
    means = []
    for fold in split.validation:
        model = spec.model(spec.config({"n_factors": 4}, n_epochs=result.n_epochs), seed=3).fit(fold.train)
        means.append(MRR.per_user(rank_held_out(model.scores, fold)).mean())
    assert len(means) == 2
    assert result.value == pytest.approx((means[0] + means[1]) / 2)
    assert result.value == max(result.curve) == result.curve[result.n_epochs - 1]


def test_the_callback_is_called_after_every_epoch_and_may_end_the_trial(split: Split) -> None:
    calls: list[tuple[int, float]] = []

    def after_epoch(epoch: int, value: float) -> None:
        calls.append((epoch, value))
        if epoch == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run(split, after_epoch=after_epoch)
    assert [epoch for epoch, _ in calls] == [1, 2]


def test_a_model_that_scores_nothing_but_nan_raises_and_does_not_win(split: Split) -> None:
    config = fragile.FragileConfig(fate="nan")
    with pytest.raises(ValueError, match="fragile: NaN or infinity among the scores"):
        run_trial(fragile.SPEC, config, split.validation, MRR, seed=0)


@pytest.mark.bits
def test_draws_that_do_not_fit_into_memory_together_are_fitted_in_turn(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: WeakSet[EASE] = WeakSet()
    at_once: list[int] = []

    class Counted(EASE):
        def _epochs(self, train: sp.csr_array) -> Iterator[int]:
            alive.add(self)
            at_once.append(len(alive))
            yield from super()._epochs(train)

    spec = replace(load_spec("ease"), model=Counted)
    needed = EASE.bytes_to_fit(split.validation[0].train.shape[1])
    monkeypatch.setattr(models.memory, "available_bytes", lambda: 2 * needed - 1)
    in_turn = run_trial(spec, spec.config({}), split.validation, MRR, seed=0, threads=2)
    assert at_once == [1, 1]
    monkeypatch.setattr(models.memory, "available_bytes", lambda: None)
    assert_same(in_turn, run_trial(spec, spec.config({}), split.validation, MRR, seed=0, threads=2))
