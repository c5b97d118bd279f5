"""A tuned model for use elsewhere: loaded without mfbench, and searched by an index."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench.conftest import Command

HOSTILE = '=HYPERLINK("x")\n<script>'
#: a program that cannot import this project
OUTSIDE = """
import json, sys
from pathlib import Path
sys.path = [folder for folder in sys.path if not (Path(folder) / "bench").is_dir()]
try:
    import bench
except ImportError:
    pass
else:
    raise SystemExit("the project can be imported, so this shows nothing")
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
answers = []
for column, values, params in json.loads(sys.argv[2]):
    try:
        answers.append(model.predict(pd.DataFrame({column: values}), params=params).to_dict("records"))
    except Exception as error:
        answers.append(str(error))
print(json.dumps(answers))
"""


@pytest.fixture
def titles_file(tmp_path: Path) -> Path:
    path = tmp_path / "titles.csv"
    with path.open("w", newline="") as file:
        rows = [(f"i{item}", HOSTILE if item == 1 else f"Film {item}") for item in range(40)]
        csv.writer(file).writerows([("item_id", "title"), *rows])
    return path


def answers_outside_the_project(
    model: Path, folder: Path, *questions: tuple[str, list[Any], dict[str, Any]]
) -> list[Any]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", OUTSIDE, model, json.dumps(questions)],
        cwd=folder,
        env=environment | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


@pytest.mark.slow
def test_a_pyfunc_answers_without_the_project(
    command: Command, likes_file: Path, titles_file: Path, tmp_path: Path
) -> None:
    done = command("export", "--model", "ials", "--data", str(likes_file), "--items", str(titles_file), "--to", "out")
    assert done.code == 0, done.err
    assert "ials: its defaults, fitted on all likes" in done.err
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    by_user, by_history, everything, unknown, misnamed = answers_outside_the_project(
        tmp_path / "out" / "pyfunc",
        elsewhere,
        ("user", ["u2", "u5"], {"k": 3}),
        ("history", [["i1", "i2"], []], {"k": 2}),
        ("user", ["u2"], {"k": 40, "seen": "include"}),
        ("history", [["i1", "no such"]], {}),
        ("person", ["u2"], {}),
    )
    assert [(row["query"], row["rank"]) for row in by_user] == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]
    assert [row["query"] for row in by_history] == [0, 0, 1, 1]
    assert {int(row["item"].removeprefix("i")) < 20 for row in everything[:10]} == {True}, "the halves were mixed up"
    assert {row["item"]: row["title"] for row in everything}["i1"] == HOSTILE
    assert "the model knows no item 'no such'; ids look like i1" in unknown
    assert "the input needs a column 'user' of ids or 'history' of lists of item ids" in misnamed


def test_vectors_and_their_index_give_the_models_lists(command: Command, likes_file: Path, tmp_path: Path) -> None:
    pytest.importorskip("usearch", reason="usearch is an extra")
    from usearch.index import Index

    done = command("export", "--model", "bpr", "--data", str(likes_file), "--to", "out", "--k", "5")
    assert done.code == 0, done.err
    assert "recall@5 1.0000 against the exact lists of 80 users" in done.out
    out = tmp_path / "out"
    users, items = np.load(out / "users.npy"), np.load(out / "items.npy")
    ids = list(csv.DictReader((out / "items.csv").open(newline="")))
    assert (len(users), len(items)) == (80, len(ids))
    found = Index.restore(str(out / "items.usearch")).search(users[7], 5).keys
    assert found.tolist() == np.argsort(-(items @ users[7]))[:5].tolist()


def test_without_usearch_only_the_vectors_are_written(
    command: Command, likes_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.commands.vector_index.can_index", lambda: False)
    done = command("export", "--model", "ials", "--data", str(likes_file), "--to", "out")
    assert "No index was made, as usearch is not installed: pip install -e '.[ann]'" in done.out
    assert (tmp_path / "out" / "items.npy").exists()
    assert not (tmp_path / "out" / "items.usearch").exists()


def test_a_model_without_vectors_is_a_pyfunc_all_the_same(command: Command, likes_file: Path, tmp_path: Path) -> None:
    for _ in range(2):  # the second time in place of the first
        done = command("export", "--model", "item2item", "--data", str(likes_file), "--to", "out")
        assert done.code == 0, done.err
    assert "item2item has no vectors" in done.out
    assert (tmp_path / "out" / "pyfunc" / "MLmodel").exists()
    assert command("export", "--model", "none").err.count("\n") == 1
