"""The cluster of compose.yaml: what of it can be checked without starting it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def words(service: str) -> list[str]:
    return [*SERVICES[service].get("entrypoint", []), *SERVICES[service].get("command", [])]


def test_it_keeps_to_the_compose_specification() -> None:
    import compose_spec

    compose_spec.PyCompose.from_json(json.dumps(COMPOSE)).validate()


def test_the_services_of_the_page_are_there() -> None:
    assert set(SERVICES) >= {"postgres", "mlflow", "scheduler", "worker", "study"}


def test_what_a_service_names_is_there() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", [])) <= set(SERVICES), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        volumes = {volume.partition(":")[0] for volume in service.get("volumes", [])}
        assert {volume for volume in volumes if not volume.startswith(".")} <= set(COMPOSE["volumes"]), name
    assert set(re.findall(r"@(\w+)/", TEXT)) <= set(SERVICES)


def test_no_password_is_written_down_or_given_on_a_command_line() -> None:
    assert re.findall(r"://[^/\s]*:[^/\s]*@", TEXT) == []
    for name, service in SERVICES.items():
        settings = service.get("environment", {})
        assert [key for key in settings if "PASSWORD" in key and not key.endswith("_FILE")] == [], name
        given = [word for word in words(name) if "PASSWORD" in word.upper()]
        assert [word for word in given if 'PGPASSWORD="$$(cat /run/secrets/database_password)"' not in word] == [], name
    assert all(list(secret) == ["file"] for secret in COMPOSE["secrets"].values())


@pytest.mark.parametrize(("service", "module"), [("scheduler", "dask_scheduler"), ("worker", "dask_worker")])
def test_the_options_of_dask_are_dasks(service: str, module: str) -> None:
    import importlib

    program = importlib.import_module(f"distributed.cli.{module}").main
    known = {option for parameter in program.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = {word for word in SERVICES[service]["command"] if word.startswith("--")}
    assert given
    assert given <= known


def test_the_options_of_mlflow_are_mlflows() -> None:
    from mlflow.cli import server

    known = {option for parameter in server.params for option in parameter.opts}
    given = {word.partition("=")[0] for word in SERVICES["mlflow"]["command"] if word.startswith("--")}
    assert given
    assert given <= known
