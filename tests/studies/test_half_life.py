from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluation.interactions import Interactions, InvalidInteractionsError
from evaluation.split import SplitOptions, split_likes
from models.item2item import Item2ItemConfig
from studies.half_life import HalfLifeError, with_times
from studies.search import SearchOptions, search
from studies.storage.opening import StudyMismatchError

SPLIT = SplitOptions(draws=2)


@pytest.fixture(scope="module")
def timed(data: Interactions) -> Interactions:
    return replace(data, timestamps=np.random.default_rng(1).integers(0, 10**8, data.n_likes))


def test_a_fold_gets_the_times_of_its_training_likes_only_where_a_half_life_is_given(timed: Interactions) -> None:
    split = split_likes(timed, SPLIT)
    folds = with_times(split.validation, timed, [Item2ItemConfig(half_life_days=9.0)])
    users, items = timed.matrix.nonzero()
    when = dict(zip(zip(users, items, strict=True), timed.timestamps, strict=True))
    for fold in folds:
        assert [when[pair] for pair in zip(*fold.train.nonzero(), strict=True)] == fold.timestamps.tolist()
    assert with_times(split.validation, timed, [Item2ItemConfig()])[0].timestamps is None


def test_one_half_life_is_fixed_and_several_are_searched(timed: Interactions, options: SearchOptions) -> None:
    split = split_likes(timed, SPLIT)
    several = search("item2item", timed, split, replace(options, half_life=(None, 30.0, 300.0))).record()
    tried = {trial.params["half_life_days"] for trial in several.trials}
    assert tried <= {None, 30.0, 300.0}
    assert len(tried) > 1
    assert several.trials[0].params["half_life_days"] is None
    fixed = replace(options, study_name="fixed", half_life=(30.0,), n_trials=3)
    assert {t.params["half_life_days"] for t in search("item2item", timed, split, fixed).record().trials} == {30.0}
    with pytest.raises(StudyMismatchError, match=r"half_life_days.choices is \[30\.0\] there and \[60\.0\] here"):
        search("item2item", timed, split, replace(fixed, half_life=(60.0,)))
    with pytest.raises(StudyMismatchError, match=r"half_life_days.choices is \[30\.0\] there and absent here"):
        search("item2item", timed, split, replace(fixed, half_life=()))


def test_models_without_a_half_life_and_data_without_times_are_refused(
    data: Interactions, timed: Interactions, options: SearchOptions
) -> None:
    given = replace(options, half_life=(30.0,))
    with pytest.raises(HalfLifeError, match=r"ease has no use for the age of a like; .* or take ials, item2item,"):
        search("ease", timed, split_likes(timed, SPLIT), given)
    with pytest.raises(InvalidInteractionsError, match="toy has no timestamps, which --half-life needs"):
        search("ials", data, split_likes(data, SPLIT), given)
