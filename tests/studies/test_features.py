"""Models that learn from features: what they are trained on, and that a study resumes only with equal features."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from bench.datasets import DataOptions, load
from evaluation.interactions import FeatureTable, Interactions
from evaluation.metrics import DEFAULT
from evaluation.split import SplitOptions, fresh_folds, split_likes
from models.hybrid import Hybrid
from models.ials import IALS
from studies.comparison.entrants import Entrant, best_of_any_split
from studies.comparison.refit import fit_on
from studies.registry import load_spec
from studies.search import SearchOptions, search
from studies.storage.opening import StudyMismatchError, open_storage
from studies.training_data import describe_features, features_of_fold, fit_on_all, need_features
from studies.trial import fit_and_rank, run_trial

SPEC = load_spec("hybrid")
CONFIG = SPEC.config({"n_factors": 4}, n_epochs=2)


def table(n_rows: int, names: list[str], seed: int = 0) -> FeatureTable:
    dense = np.random.default_rng(seed).random((n_rows, len(names))) < 0.5
    return FeatureTable(matrix=sp.csr_array(dense.astype(np.float32)), names=np.array(names), columns=("genres",))


@pytest.fixture(scope="module")
def known(data: Interactions) -> Interactions:
    return replace(data, item_features=table(data.n_items, ["a", "b", "c"]), user_features=table(data.n_users, ["d"]))


@pytest.mark.parametrize("protocol", ["warm", "fold-in"])
def test_every_fold_has_features_and_holds_out_the_same_items(
    data: Interactions, known: Interactions, protocol: Any
) -> None:
    options = SplitOptions(draws=2, protocol=protocol)
    without, split = split_likes(data, options), split_likes(known, options)
    assert (split.validation_hash, split.test.hash) == (without.validation_hash, without.test.hash)
    assert known.item_features is not None
    for fold in (*split.validation, split.test.open(), *fresh_folds(known, split)):
        features = features_of_fold(Hybrid(), fold)
        assert features is not None
        assert features.items is known.item_features.matrix
        assert features.users is fold.user_features
        assert features_of_fold(IALS(), fold) is None


def test_trials_refits_and_fits_on_all_data_learn_from_features(known: Interactions) -> None:
    (fold,) = split_likes(known, SplitOptions(draws=1)).validation
    bare = replace(fold, item_features=None, user_features=None)
    there, not_there = (run_trial(SPEC, CONFIG, [each], DEFAULT, seed=0).ranks[0].ranks for each in (fold, bare))
    assert (there != not_there).any()
    entrant = Entrant(name="hybrid", spec=SPEC, config=CONFIG, validation={})
    n_rows = known.n_items + 3
    for fitted in (fit_on(entrant, fold, seed=0, threads=1), fit_on_all(Hybrid(CONFIG), known)):
        assert isinstance(fitted, Hybrid)
        assert fitted.item_embeddings.shape == (n_rows, 5)


def test_a_study_resumes_only_with_equal_features(known: Interactions, options: SearchOptions) -> None:
    split, options = split_likes(known, SplitOptions(draws=1)), replace(options, n_trials=1, rescore=0)
    record = search("hybrid", known, split, options).record()
    description = describe_features(Hybrid, known)
    assert description is not None
    assert record.data.features == description
    assert description.startswith("1 of users from genres (")
    assert "; 3 of items from genres (" in description
    others = replace(known, item_features=table(known.n_items, ["a", "b", "c"], seed=1))
    for data in (others, replace(known, item_features=None, user_features=None)):
        with pytest.raises(
            StudyMismatchError, match=r"data\.features is 1 of users from genres \(\w{16}\); 3 of items"
        ):
            search("hybrid", data, split, options)
    storage = open_storage(options.storage)
    assert best_of_any_split(storage, "hybrid", known)[2] == options.study_name
    assert best_of_any_split(storage, "hybrid", others)[2] is None


def test_studies_of_other_models_ignore_features(
    data: Interactions, known: Interactions, options: SearchOptions
) -> None:
    options = replace(options, n_trials=1, rescore=0)
    record = search("item2item", data, split_likes(data, SplitOptions(draws=1)), options).record()
    assert record.data.features is None
    search("item2item", known, split_likes(known, SplitOptions(draws=1)), options)  # is resumed
    assert need_features(["ials", "hybrid"])
    assert not need_features(["ials", "warp"])


def test_genres_rank_items_with_few_likes_higher() -> None:
    """Share in the first 100 of held-out items that at most nine other users like, on the embedded data."""
    data = load(DataOptions(keep_features=True))
    folds = split_likes(data, SplitOptions(draws=3)).validation
    config = SPEC.config({"n_factors": 32, "reg_user": 0.1, "reg_item": 0.1}, n_epochs=15)

    def found(features: bool) -> float:
        known = folds if features else [replace(fold, item_features=None) for fold in folds]
        ranks = fit_and_rank(SPEC, config, known, seed=0)
        n_likes = [np.bincount(f.train.indices, minlength=f.train.shape[1])[f.held_out.indices] for f in folds]
        rare = np.concatenate([each.ranks for each in ranks])[np.concatenate(n_likes) < 10]
        assert len(rare) > 300
        return float((rare <= 100).mean())

    assert found(features=True) > 1.2 * found(features=False)
