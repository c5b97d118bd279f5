"""The names of our packages are common: a package of the same name must not be imported instead of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(code: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run([sys.executable, *code], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["evaluation", "models", "reports", "studies"])
@pytest.mark.parametrize("is_package", [True, False])
def test_a_foreign_package_of_the_same_name_is_refused_in_one_line(tmp_path: Path, name: str, is_package: bool) -> None:
    foreign = tmp_path / (f"{name}/__init__.py" if is_package else f"{name}.py")
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("")
    done = run(["-m", "bench.study", "--help"], tmp_path)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert (
        f"mfbench's package '{name}' (in {ROOT}) is hidden by {foreign.parent if is_package else foreign}"
        in done.stderr
    )
    imported = run(["-c", "import bench"], tmp_path)
    assert "ImportError: mfbench's package" in imported.stderr


def test_an_empty_folder_of_the_same_name_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    assert run(["-m", "bench.study", "--help"], tmp_path).returncode == 0


def test_the_folder_of_reports_of_an_earlier_run_does_not_hide_our_package(tmp_path: Path) -> None:
    (tmp_path / "reports" / "html").mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "bench.study", "--model", "popularity", "--no-mlflow"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "html" / "popularity-movielens-small.html").exists()
