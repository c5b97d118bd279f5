from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from threading import Timer
from typing import Any

import pytest

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.history import StudyHistory
from studies.search import SearchOptions, search
from studies.storage.errors import StorageError
from studies.storage.opening import open_storage
from tests.proxy import Proxy


@pytest.mark.usefixtures("calm")
def test_a_study_on_postgresql_is_the_one_on_sqlite(
    data: Interactions, split: Split, options: SearchOptions, database: str
) -> None:
    shared = replace(options, storage=database)
    search("fragile", data, split, replace(shared, n_trials=5))
    there, here = (search("fragile", data, split, each).record() for each in (shared, options))
    assert [(t.params, t.value, t.metrics) for t in there.trials] == [
        (t.params, t.value, t.metrics) for t in here.trials
    ]


@pytest.mark.parametrize("url", ["postgresql://me:secret@db/studies", "postgresql+psycopg://me:secret@db/studies"])
def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageError, match=r"needs a driver \(.*\): pip install 'psycopg\[binary\]'") as raised:
        open_storage(url)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


class Trouble:
    """An observer that does something to the connections to the database as trials end."""

    def __init__(self, at: dict[int, Callable[[], object]]) -> None:
        self.at = at

    def search_started(self, history: StudyHistory) -> None: ...

    def rescoring(self, done: int, total: int) -> None: ...

    def trial_finished(self, history: StudyHistory, number: int) -> None:
        self.at.get(number, lambda: None)()


def through(proxy: Proxy, url: str) -> str:
    return re.sub(r":\d+/", f":{proxy.port}/", url)


def tried(history: StudyHistory) -> list[tuple[dict[str, Any], float | None]]:
    return [(dict(trial.params), trial.value) for trial in history.finished()]


@pytest.mark.usefixtures("calm")
@pytest.mark.slow
def test_connections_to_postgresql_that_break_drag_and_come_back_cost_no_trial(
    data: Interactions, split: Split, options: SearchOptions, database: str
) -> None:
    port = int(database.rpartition(":")[2].partition("/")[0])
    with Proxy(port, seconds=0.02) as proxy:

        def go_away_for_a_moment() -> None:
            proxy.mode = "refuse"
            Timer(2.0, setattr, (proxy, "mode", "pass")).start()

        def drag() -> None:
            proxy.mode = "delay"

        trouble = Trouble({1: proxy.cut, 3: go_away_for_a_moment, 4: drag})
        shared = replace(options, storage=through(proxy, database), n_trials=6, rescore=0)
        disturbed = tried(search("fragile", data, split, shared, observers=[trouble]))
        assert proxy.n_connections > 2
    assert disturbed == tried(search("fragile", data, split, replace(options, n_trials=6, rescore=0)))


@pytest.mark.usefixtures("calm")
def test_a_postgresql_that_stays_away_is_one_line_and_the_study_goes_on_when_it_is_back(
    data: Interactions, split: Split, options: SearchOptions, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studies.storage.repeating.PATIENCE", 1.0)
    port = int(database.rpartition(":")[2].partition("/")[0])
    with Proxy(port) as proxy:
        shared = replace(options, storage=through(proxy, database), n_trials=5, rescore=0)
        trouble = Trouble({1: lambda: setattr(proxy, "mode", "refuse")})
        with pytest.raises(StorageError, match=r"every finished trial is kept: see that the server is up") as raised:
            search("fragile", data, split, shared, observers=[trouble])
        assert "\n" not in str(raised.value)
        proxy.mode = "pass"
        resumed = tried(search("fragile", data, split, shared))
    assert resumed == tried(search("fragile", data, split, replace(options, n_trials=5, rescore=0)))
