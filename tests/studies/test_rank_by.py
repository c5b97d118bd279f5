"""Ranks follow from the scores of the model, also where a factor model ranks by a faster path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.fold import Fold
from evaluation.ranking import NonFiniteScoresError, rank_held_out
from models.base import Recommender
from models.factor_model import FactorModel
from studies import trial
from studies.registry import MODELS, load_spec
from studies.trial import rank_by


@pytest.fixture(scope="module")
def fold() -> Fold:
    rng = np.random.default_rng(0)
    likes = rng.random((300, 80)) < 0.2
    likes[:, :2] = (True, False)
    held_out = np.zeros_like(likes)
    held_out[np.arange(300), rng.integers(1, 80, 300)] = True
    train = sp.csr_array((likes & ~held_out).astype(np.float32))
    return Fold(
        train=train,
        users=np.arange(300),
        histories=train,
        held_out=sp.csr_array(held_out.astype(np.float32)),
        fold_in=False,
    )


def n_near_ties(model: Recommender[Any], fold: Fold) -> NDArray[np.int64]:
    """For each user the items that tie with the held-out item in some order of summation; only products have one."""
    if not isinstance(model, FactorModel):
        return np.zeros(len(fold.users), np.int64)
    scores = model.scores(fold.queries(slice(None)))
    distances = np.abs(scores - scores[np.arange(len(scores)), fold.held_out.indices][:, None])
    return (distances <= 4e-7 * np.abs(scores).max(axis=1, keepdims=True)).sum(axis=1) - 1


@pytest.mark.bits
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("fold_in", [False, True], ids=["warm", "fold-in"])
def test_ranks_are_those_of_the_scores_on_any_number_of_threads(
    name: str, fold_in: bool, fold: Fold, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = load_spec(name)
    fold = replace(fold, fold_in=fold_in)
    model = spec.model(spec.config({}), threads=2).fit(fold.train)
    found, expected = rank_by(model, fold).ranks, rank_held_out(model.scores, fold).ranks
    assert (np.abs(found - expected) <= n_near_ties(model, fold) / 2).all()
    np.testing.assert_array_equal(rank_by(model.on_one_thread(), fold).ranks, found)
    monkeypatch.setattr(trial, "can_run_side_by_side", lambda: False)
    np.testing.assert_array_equal(rank_by(model, fold).ranks, found)
    assert model.threads == 2


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("bpr", "init_scale", 1e30),
        ("bpr", "learning_rate", 1e6),
        ("funk_svd", "learning_rate", 1e6),
        ("hybrid", "init_scale", 1e30),
        ("ials", "init_scale", 1e18),
        ("logistic_mf", "reg", 1e6),
        ("svdpp", "reg_implicit", 1e6),
        ("warp", "init_scale", 1e30),
    ],
)
def test_scores_that_are_not_finite_fail_with_the_model_and_the_setting(
    name: str, setting: str, value: float, fold: Fold
) -> None:
    spec = load_spec(name)
    config = replace(spec.config({}, n_epochs=8), **{setting: value})
    model = spec.model(config, threads=2).fit(fold.train)
    with pytest.raises(NonFiniteScoresError, match=f"^{name}: NaN or infinity among the scores") as raised:
        rank_by(model, fold)
    assert str(raised.value).partition(". ")[2].startswith(f"Look at {setting} first: {value:g}, by default 0.")


def test_no_setting_is_named_where_all_are_the_defaults(fold: Fold) -> None:
    spec = load_spec("funk_svd")
    model = spec.model(spec.config({}), threads=2).fit(fold.train)
    model.item_factors[0] = np.inf
    with pytest.raises(NonFiniteScoresError, match=r"funk_svd: NaN or infinity .* the fit has probably diverged$"):
        rank_by(model, fold)
