"""A comparison from studies to record: its entrants, the note of the opening, and the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.storages import RDBStorage

from evaluation.interactions import Interactions
from evaluation.metrics import Metric
from evaluation.split import SealedTest, Split, SplitOptions, split_likes
from studies.comparison import fits
from studies.comparison.entrants import Entrant, best_of_any_split, load_entrants, untuned
from studies.comparison.run import CompareOptions, Comparison, compare, openings_of
from studies.record.comparison import ComparisonRecord
from studies.search import SearchOptions, search
from studies.storage.errors import StorageError
from studies.storage.opening import StudyMismatchError, open_storage

MRR = Metric("mrr", 100)
MODELS = ("ials", "item2item")


@pytest.fixture(scope="module")
def many() -> Interactions:
    """Users of two tastes: each likes most of one half of the items, and a little of the other."""
    rng = np.random.default_rng(0)
    taste = (np.arange(60)[:, None] % 2) == (np.arange(40) % 2)
    users, items = np.nonzero(rng.random((60, 40)) < np.where(taste, 0.5, 0.05))
    return Interactions.from_rows("two tastes", users, items).with_titles({i: f"Film {i}" for i in range(40)})


@pytest.fixture(scope="module")
def two(many: Interactions) -> Split:
    return split_likes(many, SplitOptions(draws=1))


@pytest.fixture(scope="module")
def storage(many: Interactions, two: Split, tmp_path_factory: pytest.TempPathFactory) -> RDBStorage:
    url = f"sqlite:///{tmp_path_factory.mktemp('comparison')}/studies.db"
    for model in MODELS:
        options = SearchOptions(study_name=f"{model} study", storage=url, n_trials=2, threads=1)
        search(model, many, two, options)
    return open_storage(url)


@pytest.fixture(scope="module")
def compared(many: Interactions, two: Split, storage: RDBStorage) -> Comparison:
    entrants = load_entrants(storage, None, many, two, MRR)
    options = CompareOptions(name="of two tastes", n_seeds=2, threads=1)
    return compare(entrants, many, two, storage, options, command="typed")


@pytest.fixture(scope="module")
def record(compared: Comparison) -> ComparisonRecord:
    return compared.record


def test_the_entrants_are_the_best_of_each_study_and_the_baselines(
    many: Interactions, two: Split, storage: RDBStorage
) -> None:
    entrants = {entrant.name: entrant for entrant in load_entrants(storage, None, many, two, MRR)}
    assert list(entrants) == [*MODELS, "popularity", "random"]
    assert entrants["ials"].study == "ials study"
    assert entrants["ials"].n_trials == 2
    assert entrants["ials"].validation["mrr@100"].mean == pytest.approx(entrants["ials"].value)
    assert [entrant.is_floor for entrant in entrants.values()] == [False, False, True, True]
    assert load_entrants(storage, ["item2item"], many, two, MRR)[0].name == "item2item"


def test_a_study_with_other_held_out_items_is_refused(many: Interactions, storage: RDBStorage) -> None:
    other = split_likes(many, SplitOptions(draws=1, seed=7))
    with pytest.raises(StudyMismatchError, match=r"'ials study' cannot be compared: split\.seed is 0 there and 7 here"):
        load_entrants(storage, ["ials"], many, other, MRR)


def test_where_only_the_likes_differ_shortened_hashes_are_shown(
    many: Interactions, two: Split, storage: RDBStorage
) -> None:
    other = replace(two, test=SealedTest(two.test.open(), "ab" * 32))
    with pytest.raises(
        StudyMismatchError, match=r"compared: split\.test_hash is [0-9a-f]{12}… there and abababababab… h"
    ):
        load_entrants(storage, ["ials"], many, other, MRR)


def test_a_study_of_another_metric_is_refused(many: Interactions, two: Split, storage: RDBStorage) -> None:
    with pytest.raises(StudyMismatchError, match="metric is mrr@100 there and map@30 here"):
        load_entrants(storage, None, many, two, Metric("map", 30))


def test_models_without_a_study_are_named_and_can_be_tuned(many: Interactions, two: Split, storage: RDBStorage) -> None:
    with pytest.raises(StorageError, match=r"bpr has no study of two tastes .*--tune 30"):
        load_entrants(storage, ["bpr"], many, two, MRR)
    assert untuned(storage, ["bpr", "ials", "popularity"], many, two, MRR) == ["bpr"]
    assert not {"ials", "item2item", "random"} & set(untuned(storage, None, many, two, MRR))
    assert "ials" in untuned(storage, None, many, split_likes(many, SplitOptions(draws=1, seed=7)), MRR)


def test_other_data_have_no_studies(two: Split, storage: RDBStorage) -> None:
    other = Interactions.from_rows("others", [1, 1, 2, 2], [1, 2, 1, 3])
    with pytest.raises(StorageError, match="No model has a study of others"):
        load_entrants(storage, None, other, two, MRR)


def test_a_configuration_is_found_whatever_its_split(many: Interactions, storage: RDBStorage) -> None:
    _, config, study = best_of_any_split(storage, "ials", many)
    assert study == "ials study"
    spec, config, study = best_of_any_split(storage, "popularity", many)
    assert (config, study) == (spec.model.config_type(), None)


def test_the_opening_is_noted_before_it_happens(
    many: Interactions, two: Split, storage: RDBStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise KeyboardInterrupt("no refit today")

    before = len(openings_of(storage, two.test.hash))
    monkeypatch.setattr(fits, "refit", refuse)
    entrants = load_entrants(storage, None, many, two, MRR)
    with pytest.raises(KeyboardInterrupt, match="no refit today"):
        compare(entrants, many, two, storage, CompareOptions(name="cut short", threads=1))
    assert len(openings_of(storage, two.test.hash)) == before + 1
    assert openings_of(storage, "another hash") == ()


@pytest.mark.parametrize("step", ["lists_on", "refit"])
def test_a_model_that_cannot_be_fitted_is_left_out_with_its_error(
    step: str, many: Interactions, two: Split, storage: RDBStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = getattr(fits, step)

    def fails(entrant: Entrant, *args: Any, **options: Any) -> Any:
        if entrant.name == "ials":
            raise ArithmeticError("singular")
        return works(entrant, *args, **options)

    monkeypatch.setattr(fits, step, fails)
    entrants = load_entrants(storage, None, many, two, MRR)
    record = compare(entrants, many, two, storage, CompareOptions(name="one fails", n_seeds=1, threads=1)).record
    assert record.failures == {"ials": "ArithmeticError: singular"}
    assert {entrant.name for entrant in record.entrants} == {"item2item", "popularity", "random"}


def test_openings_are_counted_by_the_split_not_by_the_study(
    record: ComparisonRecord, many: Interactions, two: Split, storage: RDBStorage
) -> None:
    assert record.openings[-1].id == record.id
    assert record.openings[-1].command == "typed"
    n = len(openings_of(storage, two.test.hash))
    entrants = load_entrants(storage, ["item2item"], many, two, MRR)
    again = compare(entrants, many, two, storage, CompareOptions(name="again", n_seeds=1, threads=1)).record
    assert len(again.openings) == n + 1
    assert len({opening.id for opening in again.openings}) == n + 1


def test_every_algorithm_is_there_the_best_first(record: ComparisonRecord) -> None:
    scores = [entrant.metrics["mrr@100"].mean for entrant in record.entrants]
    assert scores == sorted(scores, reverse=True)
    assert {entrant.name for entrant in record.entrants} == {*MODELS, "popularity", "random"}
    assert record.entrant("ials").metrics["mrr@100"].mean > record.entrant("random").metrics["mrr@100"].mean
    for entrant in record.entrants:
        assert len(entrant.fit_seconds) == len(entrant.by_seed["mrr@100"]) == 2
        assert entrant.metrics["mrr@100"].mean == pytest.approx(np.mean(entrant.by_seed["mrr@100"]))
        assert 0 < (entrant.beyond["coverage@10"] or 0) <= 1


def test_seeds_change_only_models_with_random_numbers(record: ComparisonRecord) -> None:
    assert len(set(record.entrant("item2item").by_seed["mrr@100"])) == 1
    assert len(set(record.entrant("ials").by_seed["mrr@100"])) == 2


def test_all_pairs_are_compared_and_follow_from_the_scores(record: ComparisonRecord) -> None:
    assert len(record.pairs) == 3
    means = {entrant.name: entrant.metrics["mrr@100"].mean for entrant in record.entrants}
    for pair in record.pairs:
        assert pair.difference.mean == pytest.approx(means[pair.a] - means[pair.b])
        assert pair.p <= pair.p_adjusted <= 1


def test_the_diagonal_is_an_algorithm_against_its_other_seeds(record: ComparisonRecord) -> None:
    for heatmap in record.heatmaps:
        values = np.array(heatmap.values)
        own = dict(zip(record.order, np.diag(values), strict=True))
        assert own["item2item"] == own["popularity"] == 1
        assert values == pytest.approx(values.T)
        assert (values >= 0).all()
        assert (values <= 1).all()
    of_ten = next(
        h for h in record.heatmaps if (h.of, h.measure, h.k, h.among) == ("recommendations", "overlap", 10, "all")
    )
    assert of_ten.values[record.order.index("ials")][record.order.index("ials")] < 1
    assert "random" not in record.order


def test_with_one_seed_the_diagonal_is_empty(many: Interactions, two: Split, storage: RDBStorage) -> None:
    entrants = load_entrants(storage, ["item2item"], many, two, MRR)
    single = compare(entrants, many, two, storage, CompareOptions(name="single", n_seeds=1, threads=1)).record
    assert {heatmap.values[i][i] for heatmap in single.heatmaps for i in range(len(single.order))} == {None}


def test_slices_and_buckets_contain_every_user_and_item_once(record: ComparisonRecord, two: Split) -> None:
    n_test = two.test.n_users
    assert sum(each.n for each in record.slices if each.by == "activity") == n_test
    assert sum(each.n for each in record.slices if each.by == "popularity") == n_test  # one held-out item a user
    assert sum(each.n for each in record.slices if each.by == "rarity") == n_test
    activity = [each for each in record.slices if each.by == "activity"]
    mean = sum(each.n * each.scores["ials"].mean for each in activity) / n_test
    assert mean == pytest.approx(record.entrant("ials").metrics["mrr@100"].mean)


def test_the_shares_of_a_blend_add_up(record: ComparisonRecord) -> None:
    (blend,) = record.blends
    assert set(blend.members) == set(MODELS)
    assert blend.found_by_all + sum(blend.found_by_one.values()) == pytest.approx(blend.found_by_any)
    first = max(record.entrant(name).by_seed["mrr@100"][0] for name in MODELS)
    assert blend.oracle >= first
    assert blend.test.mean - blend.gain.mean == pytest.approx(record.entrant(blend.best_member).by_seed["mrr@100"][0])


def test_examples_are_by_title_and_hold_nothing_seen(record: ComparisonRecord) -> None:
    assert len(record.neighbours) == 5
    for each in record.neighbours:
        assert each.item.startswith("Film ")
        assert all(each.item not in titles for titles in each.lists.values())
    for user in record.sample_users:
        assert len(user.hidden) == 1
        for name, titles in user.lists.items():
            assert not set(user.history) & set(titles)
            assert (user.hidden[0] in titles) == (user.ranks[name] <= 10)


def test_only_latent_models_are_mapped(record: ComparisonRecord, compared: Comparison) -> None:
    assert [each.name for each in record.maps] == ["ials"]
    assert list(compared.item_vectors) == ["ials"]
    (drawn,) = record.maps
    assert len(drawn.x) == len(drawn.y) == len(record.map_titles) == 40
    assert 0 < (drawn.explained or 0) <= 1


def test_items_to_show_can_be_chosen(many: Interactions, two: Split, storage: RDBStorage) -> None:
    entrants = load_entrants(storage, ["item2item"], many, two, MRR)
    options = CompareOptions(name="asked", n_seeds=1, threads=1, items=(7, 3))
    chosen = compare(entrants, many, two, storage, options).record
    assert [each.item for each in chosen.neighbours] == ["Film 7", "Film 3"]


def test_refits_in_parallel_give_the_same_results(
    record: ComparisonRecord, many: Interactions, two: Split, storage: RDBStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from joblib import parallel_config

    entrants = load_entrants(storage, None, many, two, MRR)
    with parallel_config(backend="threading"):  # processes would import everything again
        options = CompareOptions(name="of two tastes", n_seeds=2, threads=1, jobs=2)
        beside = compare(entrants, many, two, storage, options).record
    assert [e.by_seed for e in beside.entrants] == [e.by_seed for e in record.entrants]
    assert beside.heatmaps == record.heatmaps


def test_cold_start_users_are_compared_by_their_histories(many: Interactions, tmp_path: Path) -> None:
    split = split_likes(many, SplitOptions(protocol="fold-in", draws=1, test_users=12))
    url = f"sqlite:///{tmp_path}/studies.db"
    search("ials", many, split, SearchOptions(study_name="folded", storage=url, n_trials=1, threads=1))
    storage = open_storage(url)
    entrants = load_entrants(storage, None, many, split, MRR)
    folded = compare(entrants, many, split, storage, CompareOptions(name="folded", n_seeds=2, threads=1)).record
    assert folded.split.protocol == "fold-in"
    assert folded.entrant("ials").metrics["mrr@100"].mean > folded.entrant("random").metrics["mrr@100"].mean


def test_several_held_out_items_a_user_are_compared_too(many: Interactions, tmp_path: Path) -> None:
    split = split_likes(many, SplitOptions(n_held_out=2, draws=1))
    url = f"sqlite:///{tmp_path}/studies.db"
    search("item2item", many, split, SearchOptions(study_name="two hidden", storage=url, n_trials=1, threads=1))
    storage = open_storage(url)
    entrants = load_entrants(storage, None, many, split, MRR)
    record = compare(entrants, many, split, storage, CompareOptions(name="two", n_seeds=1, threads=1)).record
    by_popularity = [each for each in record.slices if each.by == "popularity"]
    assert sum(each.n for each in by_popularity) == 2 * split.test.n_users
    irspack = next(each for each in record.conventions if each.library == "irspack")
    assert irspack.map["item2item"] > 0


@pytest.mark.parametrize(("wrong", "message"), [({"n_seeds": 0}, "at least 1"), ({"margin": -1.0}, "above 0")])
def test_options_that_mean_nothing_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CompareOptions(name="x"), **wrong)


def test_lists_contain_seen_items_where_those_are_ranked(many: Interactions, tmp_path: Path) -> None:
    split = split_likes(many, SplitOptions(seen="include", draws=1))
    url = f"sqlite:///{tmp_path}/studies.db"
    search("item2item", many, split, SearchOptions(study_name="seen", storage=url, n_trials=1, threads=1))
    storage = open_storage(url)
    entrants = load_entrants(storage, None, many, split, MRR)
    record = compare(entrants, many, split, storage, CompareOptions(name="seen", n_seeds=1, threads=1)).record
    assert any(set(user.history) & set(user.lists["item2item"]) for user in record.sample_users)
