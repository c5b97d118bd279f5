from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import peers
from bench.benchmarks import tasks
from bench.benchmarks.tasks import INSTALLABLE, Implementation

ROOT = Path(__file__).resolve().parents[2]
TINY = ("--data", "synthetic:users=80,items=70,pairs=700", "--runs", "1", "--threads", "1")
ENTRY = {
    "name": str,
    "library": str,
    "is_ours": bool,
    "seconds": list,
    "cpu_seconds": list,
    "target_seconds": list,
    "lap_seconds": list,
    "values": list,
    "quality": float,
    "peak_bytes": int,
    "added_bytes": int,
    "problem": str,
}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other library is installed."""
    monkeypatch.setattr(tasks, "find_spec", lambda name: None)


def call(*words: str) -> int:
    try:
        return peers.main(words)
    except SystemExit as stop:
        return int(stop.code or 0)


@pytest.mark.usefixtures("alone")
def test_missing_libraries_are_named_and_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*TINY, "--only", "bpr,ranks") == 0
    out = capsys.readouterr().out
    assert "implicit takes no part: not installed; pip install 'mfbench[peers]'" in out
    assert "irspack takes no part: not installed; pip install 'mfbench[peers]'" in out
    assert "lightfm" not in out  # nothing asked for it
    assert "BPR, 64 factors; 1 thread\n" in out
    assert "Ranks of the held-out items, 64 factors; 1 thread\n" in out
    assert "No other library was measured" in Path("reports/html/peers.html").read_text()
    record = json.loads(Path("reports/html/peers.json").read_text())
    assert record["skipped"].keys() == {"implicit", "irspack"}
    assert record["environment"]["lightfm-next"]  # its version, or that it is not installed
    assert [contest["task"] for contest in record["contests"]] == ["bpr", "ranks"]
    for contest in record["contests"]:
        assert contest["target"] is None  # without a peer there is nothing to come up to
        check_entries(contest["entries"])


@pytest.mark.usefixtures("alone")
def test_tasks_of_ratings_run_on_data_with_ratings(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{user},{item},{1 + item % 5}" for user in range(60) for item in range(40) if (user * item) % 3]
    Path("rated.csv").write_text("user,item,rating\n" + "\n".join(rows) + "\n")
    only = ("--only", "ratings", "--runs", "1", "--threads", "1")
    assert call("--data", "rated.csv", *only) == 0
    out = capsys.readouterr().out
    assert "scikit-surprise takes no part" in out
    record = json.loads(Path("reports/html/peers.json").read_text())
    assert [contest["task"] for contest in record["contests"]] == ["biased_svd", "svdpp"]
    for contest in record["contests"]:
        check_entries(contest["entries"])
        assert all(0 < entry["quality"] < 1.4 for entry in contest["entries"])
    assert call(*TINY, "--only", "ratings") == 0
    assert "has no ratings: left out of benchmarks of models that learn from them" in capsys.readouterr().out


@pytest.mark.usefixtures("alone")
def test_tasks_of_features_run_on_data_with_features(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{user},{item}" for user in range(60) for item in range(40) if (user + item) % 3]
    Path("liked.csv").write_text("user,item\n" + "\n".join(rows) + "\n")
    Path("films.csv").write_text("item,title,genres\n" + "".join(f"{item},T,{item % 3}\n" for item in range(40)))
    only = ("--only", "hybrid", "--runs", "1", "--threads", "1", "--epochs", "4")
    assert call("--data", "liked.csv", "--items", "films.csv", *only) == 0
    record = json.loads(Path("reports/html/peers.json").read_text())
    assert [contest["task"] for contest in record["contests"]] == ["hybrid-warp", "hybrid-bpr", "hybrid-logistic"]
    for contest in record["contests"]:
        check_entries(contest["entries"])
    assert call(*TINY, "--only", "hybrid") == 0
    assert "has no features: left out of benchmarks of models that learn from them" in capsys.readouterr().out


def check_entries(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        assert {name: type(value) for name, value in entry.items()} == ENTRY, entry
        assert entry["problem"] == ""
        assert len(entry["seconds"]) == 1
        assert len(entry["lap_seconds"]) >= 1
        assert 0 <= entry["added_bytes"] < entry["peak_bytes"]


@pytest.mark.slow
def test_ours_and_theirs_run_the_same_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    for module in INSTALLABLE:
        pytest.importorskip(module, reason=f"{INSTALLABLE[module]} is not installed")
    assert call(*TINY, "--only", "ials,warp,item2item,top-100") == 0
    out = capsys.readouterr().out
    assert "takes no part" not in out
    assert "failed" not in out
    record = json.loads(Path("reports/html/peers.json").read_text())
    libraries = {contest["task"]: {entry["library"] for entry in contest["entries"]} for contest in record["contests"]}
    assert libraries == {
        "ials-64": {"mfbench", "implicit", "irspack"},
        "ials-128": {"mfbench", "implicit", "irspack"},
        "warp": {"mfbench", "lightfm"},
        "item2item": {"mfbench", "implicit", "irspack"},
        "top-100": {"mfbench", "implicit"},
    }
    for contest in record["contests"]:
        check_entries(contest["entries"])
        if contest["watched"]:
            assert contest["target"] is not None
    lists = record["contests"][-1]
    assert [entry["quality"] for entry in lists["entries"]] == [1, 1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--epochs", "3"), "must be at least 4, got 3"),
        (
            ("--only", "ils"),
            "'ils' is none of ials, ials-64, ials-128, bpr, warp, hybrid, item2item, top-100, ranks, ratings. Did you",
        ),
        (("--threads", "1,x"), "'x' is not a whole number from 1 on"),
        (("--threads", "4096"), "4096 threads are more than the "),
        (("--runs", "0"), "must be at least 1, got 0"),
        (("--data", "movielens-smal"), "Did you mean 'movielens-small'?"),
        (
            ("--data", "synthetic:users=80,items=70,pairs=80"),
            "users of synthetic:users=80,items=70,pairs=80 have the 3",
        ),
    ],
)
def test_a_mistake_of_the_user_is_one_line_and_exit_code_2(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*words) == 2
    err = capsys.readouterr().err
    assert err.startswith("python -m bench.peers: error: ")
    assert message in err
    assert err.count("\n") == 1


def test_every_distribution_is_in_the_extra_that_the_command_names() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = {requirement.partition(">")[0] for requirement in project["optional-dependencies"]["peers"]}
    assert set(INSTALLABLE.values()) <= extra  # which has models that are compared, too, and hold no contest


def test_a_missing_library_is_not_installed() -> None:
    assert Implementation(name="ours", module="mfbench", adapter="").is_installed
    assert not Implementation(name="theirs", module="no_such_library", adapter="").is_installed


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom bench.peers import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('HEAVY', sorted({'numba', 'implicit', 'irspack', 'lightfm', 'plotly', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "examples:" in done.stdout
    assert done.stdout.endswith("HEAVY []\n")
