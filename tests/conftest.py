"""What all tests share: how Hypothesis draws examples, markers, and real servers."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers import find_postgresql, mlflow_server, postgresql_server

# CI tries the same examples each time, so that a change is judged by what it changes; elsewhere they are drawn afresh
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
    """The URL of a PostgreSQL server that these tests share."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with postgresql_server(programs) as url:
        yield url


@pytest.fixture
def database(postgresql: str) -> str:
    """The URL of an empty database of its own on that server."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{postgresql.rpartition('/')[0]}/{name}"


@pytest.fixture(scope="session")
def mlflow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an MLflow server that these tests share: ask it for one experiment, not for all."""
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as url:
        yield url
