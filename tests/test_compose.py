"""The cluster of compose.yaml: its text, and its commands run as processes of this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers import find_postgresql, free_port, postgresql_server, running, wait_for

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def words(service: str) -> list[str]:
    return [*SERVICES[service].get("entrypoint", []), *SERVICES[service].get("command", [])]


def test_the_file_follows_the_compose_specification() -> None:
    import compose_spec

    compose_spec.PyCompose.from_json(json.dumps(COMPOSE)).validate()


def test_the_documented_services_exist() -> None:
    assert set(SERVICES) >= {"postgres", "mlflow", "scheduler", "worker", "study"}


def test_references_between_services_resolve() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", [])) <= set(SERVICES), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        volumes = {volume.partition(":")[0] for volume in service.get("volumes", [])}
        assert {volume for volume in volumes if not volume.startswith(".")} <= set(COMPOSE["volumes"]), name
    assert set(re.findall(r"@(\w+)/", TEXT)) <= set(SERVICES)


def test_no_password_is_in_the_file_or_on_a_command_line() -> None:
    assert re.findall(r"://[^/\s]*:[^/\s]*@", TEXT) == []
    for name, service in SERVICES.items():
        settings = service.get("environment", {})
        assert [key for key in settings if "PASSWORD" in key and not key.endswith("_FILE")] == [], name
        given = [word for word in words(name) if "PASSWORD" in word.upper()]
        assert [word for word in given if 'PGPASSWORD="$$(cat /run/secrets/database_password)"' not in word] == [], name
    assert all(list(secret) == ["file"] for secret in COMPOSE["secrets"].values())


@pytest.mark.parametrize(("service", "module"), [("scheduler", "dask_scheduler"), ("worker", "dask_worker")])
def test_the_options_of_dask_exist(service: str, module: str) -> None:
    import importlib

    program = importlib.import_module(f"distributed.cli.{module}").main
    known = {option for parameter in program.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = {word for word in SERVICES[service]["command"] if word.startswith("--")}
    assert given
    assert given <= known


def test_the_options_of_mlflow_exist() -> None:
    from mlflow.cli import server

    known = {option for parameter in server.params for option in parameter.opts}
    given = {word.partition("=")[0] for word in SERVICES["mlflow"]["command"] if word.startswith("--")}
    assert given
    assert given <= known


def test_one_service_builds_the_image_and_none_pulls_it() -> None:
    ours = [service for service in SERVICES.values() if service["image"] == "mfbench"]
    assert sum("build" in service for service in ours) == 1
    assert {service["pull_policy"] for service in ours} == {"never"}


class Here:
    """Runs the services as processes of this machine, on free ports, with the secret in ``folder``."""

    def __init__(self, folder: Path, postgres: str) -> None:
        self.folder = folder
        self.mlflow, self.scheduler = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self._replacements = {
            "$$": "$",
            "@postgres": f"@{postgres}",
            "--host=0.0.0.0": f"--host=127.0.0.1 --port={self.mlflow.partition(':')[2]}",
            "mlflow:5000": self.mlflow,
            "scheduler:8786": self.scheduler,
            "8786": self.scheduler.partition(":")[2],
            "0.0.0.0": "127.0.0.1",
            "/artifacts": f"{folder}/artifacts",
            "/run/secrets": str(folder),
            "/mfbench/": f"{folder}/",
            "${MFBENCH_WORKER_THREADS:-2}": "2",
        }

    def localised(self, text: str) -> str:
        """Replace hosts, ports and paths of the containers by those of this machine."""
        pattern = "|".join(map(re.escape, self._replacements))
        return re.sub(pattern, lambda match: self._replacements[match[0]], text)

    def command(self, service: str) -> list[str]:
        """Entrypoint and command of the service; an added ``--port`` is an argument of its own."""
        return [part for word in words(service) for part in re.split(r" (?=--port=)", self.localised(word))]

    def environment(self, service: str) -> dict[str, str]:
        given = {name: self.localised(str(value)) for name, value in SERVICES[service]["environment"].items()}
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**os.environ, "PATH": programs, "PYTHONPATH": str(ROOT), **given}

    def run(self, service: str, *more: str) -> str:
        done = subprocess.run(
            [*self.command(service), *more],
            cwd=self.folder,
            env=self.environment(service),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr


def test_the_services_run_a_study_with_the_secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = find_postgresql()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    secret = "a-secret-of-the-test"
    (tmp_path / "database_password").write_text(f"{secret}\n", encoding="utf-8")
    for name in ("PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:
        url = stack.enter_context(postgresql_server(programs, secret, words("postgres")[1:]))
        at = url.partition("@")[2].partition("/")[0]
        with psycopg.connect(url, password=secret, autocommit=True) as connection:
            assert connection.execute("SHOW max_connections").fetchone() == ("300",)
            connection.execute(f"CREATE DATABASE {SERVICES['postgres']['environment']['POSTGRES_DB']}")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url)
        healthy = SERVICES["postgres"]["healthcheck"]["test"]
        check = [programs / "pg_isready", *healthy[2:], "--port", at.partition(":")[2]]
        assert subprocess.run(check, capture_output=True).returncode == 0
        here = Here(tmp_path, at)
        for _ in range(2):  # it runs at every start of the cluster
            here.run("mlflow-database")
        started = {
            service: stack.enter_context(
                running(
                    here.command(service), own_folder(tmp_path, service), signal.SIGKILL, env=here.environment(service)
                )
            )
            for service in ("mlflow", "scheduler", "worker")
        }
        wait_for(
            started["mlflow"],
            lambda: urllib.request.urlopen(f"http://{here.mlflow}/health", timeout=1).close(),
            OSError,
        )
        options = "--model ials --data synthetic:users=300,items=100,pairs=3000 --trials 3 --rescore 0"
        output = here.run("study", *options.split())
        assert f"MLflow: http://{here.mlflow}" in output
        assert "Best of 3 trials" in output
        with psycopg.connect(f"{url.rpartition('/')[0]}/mlflow", password=secret) as connection:
            assert connection.execute("SELECT count(*) FROM runs").fetchone() == (
                4,
            )  # one of the study, three of its trials
        lines = [Path(f"/proc/{process.pid}/cmdline").read_bytes() for process in started.values()]
    logs = [path.read_bytes() for service in started for path in (tmp_path / service).glob("log")]
    reports = [path.read_bytes() for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert len(logs) == 3
    assert reports
    assert [text for text in (output.encode(), *lines, *logs, *reports) if secret.encode() in text] == []


def own_folder(folder: Path, service: str) -> Path:
    (folder / service).mkdir()
    return folder / service
