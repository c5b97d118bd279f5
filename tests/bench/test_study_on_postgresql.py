"""Studies in a real PostgreSQL, where several commands may work on one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studies.storage.opening import load_study, open_storage
from studies.storage.requeueing import is_abandoned
from tests.bench.conftest import Command

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--model", "item2item", "--data", "likes.csv", "--rescore", "0")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("likes_file")]


def rows(url: str) -> str:
    """The contents of all tables as one text."""
    import psycopg

    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert tables
        return repr([connection.execute(f"SELECT * FROM {table}").fetchall() for (table,) in tables])


@pytest.mark.parametrize("way", ["option", "environment", "query"])
def test_a_password_in_the_url_is_neither_printed_nor_kept(
    command: Command, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    secret = database.replace("mfbench@", "mfbench:hunter2@")
    if way == "query":
        secret = f"{database}?password=hunter2"
    if way == "environment":
        monkeypatch.setenv("MFBENCH_STORAGE", secret)
    words = () if way == "environment" else ("--storage", secret)
    done = command("study", *QUICK, "--trials", "2", *words, "--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db")
    assert (done.code, done.err) == (0, "")
    assert "Best of 2 trials" in done.out
    assert "hunter2" not in done.out
    assert "hunter2" not in rows(database)
    assert {path.suffix for path in tmp_path.rglob("*")} >= {".html", ".json", ".toml", ".db"}
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes(), path


@pytest.mark.parametrize("where", ["127.0.0.1:1/x", "127.0.0.1:port/x"])
def test_the_message_of_a_failure_hides_the_password(command: Command, where: str) -> None:
    done = command("study", *QUICK, "--storage", f"postgresql://mfbench:hunter2@{where}", "--no-mlflow")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "postgresql://mfbench:***@" in done.err
    assert "hunter2" not in done.err


def test_help_does_not_show_the_storage_of_the_environment(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFBENCH_STORAGE", "postgresql://me:hunter2@db/x")
    assert "hunter2" not in command("study", "--help").out


def test_commands_that_share_a_study_run_each_trial_once_and_print_the_same_result(
    tmp_path: Path, database: str
) -> None:
    """Both start at once on an empty database; MLflow has each trial once, whichever command ran it."""
    words = [sys.executable, "-m", "bench.study", *QUICK, "--trials", "14", "--storage", database]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    answers = [process.communicate(timeout=300) for process in [start(), start()]]
    for out, err in answers:
        assert err == ""
        assert re.search("Best of 14 trials of item2item-likes.csv: trial", out)
    best = {line for out, _ in answers for line in out.splitlines() if line.startswith("item2item, tuned")}
    assert len(best) == 1
    trials = load_study(open_storage(database), "item2item-likes.csv").get_trials()
    finished = [trial.number for trial in trials if not is_abandoned(trial)]
    assert len(finished) == 14
    assert runs_by_trial(tmp_path) == {str(number): 1 for number in finished}


def runs_by_trial(folder: Path) -> dict[str, int]:
    import mlflow

    client: Any = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = [e for e in client.search_experiments() if e.name == "likes.csv"]
    counts: dict[str, int] = {}
    for run in client.search_runs([experiment.experiment_id], max_results=1000):
        if number := run.data.tags.get("mfbench.trial"):
            counts[number] = counts.get(number, 0) + 1
    return counts
