from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from evaluation.interactions import Interactions
from evaluation.split import Split, SplitOptions, split_likes
from studies import registry
from studies.search import SearchOptions
from tests.studies import fragile
from tests.studies.dask_cluster import Cluster


@pytest.fixture(scope="session")
def data() -> Interactions:
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((50, 30)) < np.linspace(0.05, 0.6, 30))
    return Interactions.from_rows("toy", [f"user {user}" for user in users], items)


@pytest.fixture(scope="session")
def split(data: Interactions) -> Split:
    return split_likes(data, SplitOptions(draws=2))


@pytest.fixture
def options(tmp_path: Path) -> SearchOptions:
    return SearchOptions(study_name="toy study", storage=f"sqlite:///{tmp_path}/studies.db", n_trials=12, threads=1)


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model "fragile" with a space in which every trial completes."""
    monkeypatch.setattr(fragile, "SPEC", fragile.CALM)
    monkeypatch.setitem(registry.MODELS, "fragile", "tests.studies.fragile")


@pytest.fixture
def stormy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model "fragile", two thirds of whose configurations fail."""
    monkeypatch.setitem(registry.MODELS, "fragile", "tests.studies.fragile")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(stack, tmp_path)
