from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.search import SearchOptions, search
from studies.storage import StorageError, open_storage


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
