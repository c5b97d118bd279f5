"""Models of other packages, installed with pip and run like our own models.

That the example keeps the contract is tested by tests/example_plugin/test_two_hops.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "tests" / "example_plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the example with pip and return its site folder."""
    folder = tmp_path_factory.mktemp("plugins")
    source = folder / "source"
    source.mkdir()
    for file in EXAMPLE.iterdir():
        if file.is_file():
            (source / file.name).write_bytes(file.read_bytes())
    site = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, source]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return site


def broken(site: Path, name: str, value: str) -> None:
    """Write a package whose entry point does not lead to a usable model."""
    about = site / f"{name}_package-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[mfbench.models]\n{name} = {value}\n")


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_plugin_is_studied_and_compared(installed: Path, tmp_path: Path) -> None:
    assert "two_hops" in run(installed, tmp_path, "-m", "bench.study", "--help").stdout
    studied = run(installed, tmp_path, "-m", "bench.study", "--model", "two_hops", "--trials", "2", "--no-mlflow")
    assert "Best of 2 trials of two_hops-movielens-small" in studied.stdout, studied.stderr
    compared = run(installed, tmp_path, "-m", "bench.compare", "--seeds", "1", "--no-mlflow")
    assert compared.returncode == 0, compared.stderr
    assert "two_hops" in compared.stdout
    assert "two_hops" in (tmp_path / "reports/html/compare-movielens-small.html").read_text()


def test_plugins_that_do_not_load_are_named_and_left_out(tmp_path: Path) -> None:
    site = tmp_path / "site"
    broken(site, "theirs", "no_such_module:SPEC")
    broken(site, "ials", "mfbench_two_hops:SPEC")
    broken(site, "odd", "mfbench_two_hops:TwoHops")
    broken(site, "renamed", "mfbench_two_hops:SPEC")
    (site / "mfbench_two_hops.py").write_bytes((EXAMPLE / "mfbench_two_hops.py").read_bytes())
    code = "import studies.registry as r; print(*r.usable_models()); print(*r.left_out_plugins(), sep='\\n')"
    listed = run(site, tmp_path, "-c", code)
    names, *reasons = listed.stdout.splitlines()
    assert "ials" in names.split()
    assert not {"theirs", "odd", "renamed"} & set(names.split())
    assert sorted(reasons) == [
        "The model ials of ials-package 1.0 (mfbench_two_hops:SPEC) is left out, as another model has its name",
        "The model odd of odd-package 1.0 (mfbench_two_hops:TwoHops) is no StudySpec but ABCMeta",
        "The model renamed of renamed-package 1.0 (mfbench_two_hops:SPEC) calls itself 'two_hops'; "
        "the names must be the same",
        "The model theirs of theirs-package 1.0 (no_such_module:SPEC) cannot be imported: "
        "ModuleNotFoundError: No module named 'no_such_module'",
    ]
    named = run(site, tmp_path, "-m", "bench.study", "--model", "theirs")
    assert (named.returncode, named.stderr.count("\n")) == (2, 1)
    assert "No module named 'no_such_module'" in named.stderr
    compared = run(site, tmp_path, "-m", "bench.compare")
    assert "Left out: The model theirs" in compared.stderr
