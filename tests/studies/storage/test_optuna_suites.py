"""Optuna's own tests of storages, on RetryingStorage as a search uses it, behind Optuna's cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.storages import BaseStorage, get_storage
from optuna.testing.pytest_storages import StorageTestCase

from studies.storage.opening import open_storage
from studies.storage.retrying import RetryingStorage

pytestmark = pytest.mark.slow


class OwnersLeftOut(StorageTestCase):
    """Two tests compare all attributes of a trial with those that it was given: they run without the owner's name."""

    @pytest.fixture
    def ownerless(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RetryingStorage, "_ownership", lambda self: {})

    @pytest.mark.usefixtures("ownerless")
    def test_create_new_trial(self, storage: BaseStorage) -> None:
        super().test_create_new_trial(storage)

    @pytest.mark.usefixtures("ownerless")
    def test_set_trial_user_attr(self, storage: BaseStorage) -> None:
        super().test_set_trial_user_attr(storage)


class TestOnSQLite(OwnersLeftOut):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> BaseStorage:
        return get_storage(open_storage(f"sqlite:///{tmp_path}/x.db"))


class TestOnPostgreSQL(OwnersLeftOut):
    @pytest.fixture
    def storage(self, database: str) -> BaseStorage:
        return get_storage(open_storage(database))
