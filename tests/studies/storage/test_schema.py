"""What studies persist: stored studies open, values survive JSON, and damage is one line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState

from evaluation.interactions import Interactions
from evaluation.significance import Estimate
from evaluation.split import Split
from models.errors import UserError
from studies.comparison.run import openings_of
from studies.history import StudyHistory
from studies.registry import load_spec
from studies.search import SearchOptions, search
from studies.storage import schema
from studies.storage.errors import StorageError, storage_errors_explained
from studies.storage.opening import load_study, open_storage
from studies.storage.schema import (
    AGAIN,
    ATTEMPT,
    DEATHS,
    ERROR,
    RESULT,
    RUN,
    SAMPLERS,
    SETTINGS,
    Attempt,
    Attribute,
    AttributeGroup,
    Result,
    Run,
    has_entries,
)
from tests.studies import fragile

EARLIER = "stored by an earlier version"


@pytest.fixture(scope="module")
def earlier_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that an earlier version stored: every kind of trial, two samplers, two finalists and an opening."""
    path = tmp_path_factory.mktemp("earlier") / "studies.db"
    script = Path(__file__).with_name("earlier_study.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


@pytest.fixture(scope="module")
def earlier(earlier_file: Path) -> optuna.Study:
    return load_study(open_storage(f"sqlite:///{earlier_file}"), EARLIER)


class TestAStudyOfAnEarlierVersion:
    def test_its_trials_are_read(self, earlier: optuna.Study) -> None:
        record = StudyHistory(earlier).record()
        states = {trial.number: trial.state for trial in record.trials}
        assert 6 not in states  # abandoned, and repeated by trial 7
        assert [number for number, state in states.items() if state == "complete"] == [0, 3, 5, 8, 11, 13, 15]
        assert [number for number, state in states.items() if state == "pruned"] == [7]
        by_number = {trial.number: trial for trial in record.trials}
        assert by_number[0].is_default
        assert by_number[8].same_as == 0
        assert by_number[1].error == "ArithmeticError: the matrix </script> is singular"
        assert (by_number[7].curve, by_number[7].value, by_number[7].seconds) == (
            (0.125, 0.25, 0.1875, 0.125),
            0.25,
            0.5,
        )
        assert (by_number[13].value, by_number[13].metrics["mrr@100"].mean) == pytest.approx((0.24383117, 0.24383117))

    def test_its_results_are_read(self, earlier: optuna.Study) -> None:
        history = StudyHistory(earlier)
        record = history.record()
        assert record.winner == 3
        assert [trial.number for trial in record.finalists] == [3, 0]
        assert record.best_config == {"quality": pytest.approx(0.47917349), "fate": "fine", "n_epochs": 4}
        assert record.finalists[0].overall["mrr@100"].mean == pytest.approx(0.3125475534)
        assert record.floors["popularity"]["mrr@100"].mean == pytest.approx(0.2505994174)
        rows = list(history.per_user_ranks())
        assert len(rows) == 22
        assert rows[0]["user"] == "user 0"

    def test_its_circumstances_are_read(self, earlier: optuna.Study) -> None:
        record = StudyHistory(earlier).record()
        assert record.samplers == {0: "TPE, multivariate", 9: "random"}
        assert (record.n_trials, record.n_rescored, record.model) == (15, 2, "fragile")
        assert record.command == "python -m bench.study --model fragile --sampler random"
        assert record.space["fate"].choices == ("fine", "raises", "nan")
        assert record.environment["python"] == "3.11.7"
        (opening,) = openings_of(earlier._storage._backend, record.split.test_hash)  # type: ignore[attr-defined]
        assert (opening.id, opening.when) == ("5f0c", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
        again = earlier.get_trials(deepcopy=False)[7].user_attrs
        assert (AGAIN.read(again), DEATHS.read(again)) == (6, 1)

    def test_every_attribute_is_written_again_as_it_stands(self, earlier: optuna.Study) -> None:
        """Not a key and not a value changes on the way from JSON to types and back."""
        stored = [earlier.user_attrs, *(trial.user_attrs for trial in earlier.get_trials(deepcopy=False))]
        written: set[str] = set()
        for attrs in stored:
            for key, value in attrs.items():
                again = {through_json(each._adapter, value) for each in attributes_of(key)}
                assert json.dumps(value, sort_keys=True) in again
                written.add(key.rstrip("0123456789"))
        assert len(written) == 16


def attributes_of(key: str) -> Iterator[Attribute[Any] | AttributeGroup[Any]]:
    """The readers of an attribute: a result is written with the values of a completed trial or of any other."""
    for each in vars(schema).values():
        if (isinstance(each, Attribute) and each.key == key) or (
            isinstance(each, AttributeGroup) and key.startswith(each.prefix)
        ):
            yield each


def through_json(adapter: Any, value: Any) -> str | None:
    try:
        return json.dumps(adapter.dump_python(adapter.validate_python(value)), sort_keys=True)
    except ValueError:
        return None


numbers = st.floats(allow_nan=False)
estimates = st.builds(Estimate, mean=numbers, low=numbers, high=numbers)
values = st.one_of(st.none(), st.booleans(), st.integers(), numbers, st.text())
results = st.builds(
    Result,
    config=st.dictionaries(st.text(), values),
    n_epochs=st.integers(1, 1000),
    curve=st.lists(numbers).map(tuple),
    seconds=numbers,
    fit_seconds=numbers,
    evaluate_seconds=numbers,
    errors=st.dictionaries(st.text(), estimates),
    ranks=st.lists(st.text()).map(tuple),
    tie_shares=st.lists(numbers).map(tuple),
)
runs = st.builds(
    Run,
    command=st.text(),
    configuration=st.text(),
    sampler=st.text(),
    n_trials=st.integers(),
    rescore=st.integers(),
    started=st.datetimes(timezones=st.just(UTC)),
    environment=st.dictionaries(st.text(), st.text()),
)


class TestValues:
    @given(results)
    def test_a_result_survives_json(self, result: Result) -> None:
        assert RESULT.read(json.loads(json.dumps(RESULT.entry(result)))) == result

    @given(runs)
    def test_a_run_survives_json_and_its_time_is_in_iso_format(self, run: Run) -> None:
        stored = json.loads(json.dumps(RUN.entry(run)))
        assert RUN.read(stored) == run
        assert stored[RUN.key]["started"] == run.started.isoformat()

    @given(st.dictionaries(st.integers(), st.text()))
    def test_numbers_of_trials_become_texts_and_numbers_again(self, samplers: dict[int, str]) -> None:
        assert SAMPLERS.read(json.loads(json.dumps(SAMPLERS.entry(samplers)))) == samplers

    def test_what_is_missing_is_none_or_an_error(self) -> None:
        assert ERROR.read({}) is None
        with pytest.raises(StorageError, match=r"damaged: its attribute mfbench:run cannot be read \(it is missing\)"):
            RUN.require({})

    def test_entries_are_found_again_after_json_unless_one_is_missing_or_differs(self) -> None:
        entries = ATTEMPT.entry(Attempt(curve=(0.1, 0.2), seconds=3.0)) | ERROR.entry("no memory")
        stored = json.loads(json.dumps(entries | DEATHS.entry(1)))
        assert has_entries(stored, entries)
        assert not has_entries(stored, entries | ERROR.entry("another"))
        assert not has_entries(stored, entries | AGAIN.entry(7))

    def test_an_attribute_is_not_mistaken_for_its_key(self) -> None:
        with pytest.raises(TypeError, match="unhashable"):
            assert ERROR in {"mfbench:error": "x"}  # type: ignore[comparison-overlap]


# --- damage ---


class Copy:
    """A study in memory with the attributes and trials of another, as far as JSON has them."""

    def __init__(self, study: optuna.Study) -> None:
        self.attrs = json.loads(json.dumps(study.user_attrs))
        self.trials = study.get_trials()
        self.trial_attrs = [json.loads(json.dumps(trial.user_attrs)) for trial in self.trials]

    def read(self) -> None:
        """Everything that a report shows; through a new study, whose attributes may be damaged."""
        study = optuna.create_study(study_name=EARLIER, direction="maximize")
        for key, value in self.attrs.items():
            study.set_user_attr(key, value)
        for trial, attrs in zip(self.trials, self.trial_attrs, strict=True):
            study.add_trial(with_attrs(trial, attrs))
        history = StudyHistory(study)
        history.record()
        list(history.per_user_ranks())


def with_attrs(trial: optuna.trial.FrozenTrial, attrs: dict[str, Any]) -> optuna.trial.FrozenTrial:
    return optuna.trial.create_trial(
        state=trial.state,
        values=trial.values if trial.state is TrialState.COMPLETE else None,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=attrs,
    )


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def damaged(draw: st.DrawFn, value: Any) -> Any:
    """The JSON value with another value somewhere in it, or without a part of it."""
    if isinstance(value, dict | list) and value and draw(st.integers(0, 9)):
        place = draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
        if draw(st.integers(0, 9)):
            value[place] = draw(damaged(value[place]))
        else:
            del value[place]
        return value
    return draw(json_values)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importances take a second and are computed by Optuna, from parameters and values alone."""
    monkeypatch.setattr("studies.history.MIN_TRIALS_FOR_IMPORTANCE", 1000)


class TestDamage:
    @pytest.mark.usefixtures("quick")
    @settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_attributes_of_a_wrong_shape_are_read_or_one_line(self, earlier: optuna.Study, data: st.DataObject) -> None:
        copy = Copy(earlier)
        attrs = data.draw(st.sampled_from([copy.attrs, copy.attrs, *copy.trial_attrs]))
        key = data.draw(st.sampled_from(sorted(attrs)))
        attrs[key] = data.draw(damaged(attrs[key]))
        one_line(copy.read)

    @pytest.mark.usefixtures("quick")
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(flips=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 7)), min_size=1, max_size=20))
    def test_a_file_with_flipped_bits_is_read_or_one_line(
        self, earlier_file: Path, tmp_path: Path, flips: list[tuple[int, int]]
    ) -> None:
        content = bytearray(earlier_file.read_bytes())
        for place, bit in flips:
            content[place % len(content)] ^= 1 << bit
        file = tmp_path / "damaged.db"
        file.write_bytes(content)

        def read() -> None:
            url = f"sqlite:///{file}"
            with storage_errors_explained(url):
                StudyHistory(load_study(open_storage(url), EARLIER)).record()

        one_line(read)

    @pytest.mark.parametrize(
        ("table", "column"),
        [
            ("study_user_attributes", "value_json"),
            ("trial_user_attributes", "value_json"),
            ("trial_params", "distribution_json"),
            ("trials", "datetime_start"),
            ("trials", "state"),
            ("study_directions", "direction"),
        ],
    )
    def test_content_that_optuna_cannot_decode_is_one_line_when_a_search_resumes(
        self, data: Interactions, split: Split, options: SearchOptions, table: str, column: str
    ) -> None:
        search("item2item", data, split, with_trials(options, 1))
        with closing(sqlite3.connect(options.storage.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute(f"UPDATE {table} SET {column} = 'x' || {column}")
        with pytest.raises(StorageError, match=r"cannot be read \(.*\); it is damaged: restore a copy") as raised:
            search("item2item", data, split, with_trials(options, 2))
        assert "\n" not in str(raised.value)

    def test_settings_of_a_wrong_shape_are_one_line_when_a_search_resumes(
        self, data: Interactions, split: Split, options: SearchOptions
    ) -> None:
        search("popularity", data, split, options)
        study = optuna.load_study(study_name=options.study_name, storage=options.storage)
        study.set_user_attr(SETTINGS.key, ["no", "settings"])
        with pytest.raises(StorageError, match=r"its attribute mfbench:settings cannot be read"):
            search("popularity", data, split, options)

    def test_a_configuration_that_the_model_does_not_take_is_one_line(self, earlier: optuna.Study) -> None:
        result = RESULT.require(earlier.get_trials(deepcopy=False)[3].user_attrs)
        assert result.refit_config(fragile.SPEC).n_epochs == 4
        with pytest.raises(StorageError, match=r"mfbench:result cannot be read \(ease takes no such config: .*quality"):
            result.refit_config(load_spec("ease"))

    def test_errors_of_writers_are_not_taken_for_damage(self, earlier: optuna.Study) -> None:
        with pytest.raises(TypeError, match="not JSON serializable"), storage_errors_explained("sqlite:///x.db"):
            earlier.set_user_attr("x", np.int64(1))


def with_trials(options: SearchOptions, n: int) -> SearchOptions:
    return replace(options, n_trials=n, rescore=0)


def one_line(read: Callable[[], None]) -> None:
    """Read, or raise an error of one line that a command prints."""
    try:
        read()
    except UserError as error:
        if "\n" in str(error):
            raise
