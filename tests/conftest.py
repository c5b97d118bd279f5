"""Fixtures of all tests: Hypothesis profiles and real servers."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers import find_postgresql, mlflow_server, postgresql_server

# CI tries the same examples each time, so that only a change can make a test fail; elsewhere examples are random
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


#: Marker -> fixtures: a test that uses one of them gets the marker.
MARKED_BY_FIXTURE = {
    "servers": {"postgresql", "mlflow_url", "cluster"},
    "browser": {"browser"},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker, fixtures in MARKED_BY_FIXTURE.items():
            if fixtures & set(getattr(item, "fixturenames", ())):
                item.add_marker(marker)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server, shared by all tests."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with postgresql_server(programs) as url:
        yield url


@pytest.fixture
def database(postgresql: str) -> str:
    """URL of a new, empty database on that server."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{postgresql.rpartition('/')[0]}/{name}"


@pytest.fixture(scope="session")
def mlflow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of an MLflow server, shared by all tests: read a single experiment, not all of them."""
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as url:
        yield url
