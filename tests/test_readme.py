"""Commands and examples of the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from studies.registry import MODELS, NEED_EXTRAS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_two_commands_set_everything_up_and_ci_runs_them() -> None:
    commands = re.findall(r"```sh\n(.+?)\n```", README, re.DOTALL)[:2]
    assert all(command in "\n".join(README.splitlines()[:20]) for command in commands)
    study, test = commands
    assert study.startswith("python3 -m venv .venv && ")
    assert "-r requirements.lock" in study
    assert study.endswith(".venv/bin/python -m bench.study --model ials")
    assert test == ".venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest"
    assert [command for command in commands if command not in (ROOT / ".ci/run").read_text()] == []


def test_the_lock_has_only_exact_versions() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line)] == []


def test_the_file_with_hashes_has_the_versions_of_the_lock_and_a_hash_for_each() -> None:
    text = (ROOT / "requirements-hashes.txt").read_text()
    comments, releases = re.fullmatch(r"((?:#.*\n)+)((?:[^#].*\n)+)", text).groups()  # type: ignore[union-attr]
    assert "uv pip compile requirements.lock --generate-hashes" in comments
    pattern = re.compile(r"(\S+==\S+)(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")
    assert pattern.sub("", releases) == ""
    lock = map(Requirement, (ROOT / "requirements.lock").read_text().splitlines())
    expected = sorted(f"{canonicalize_name(release.name)}{release.specifier}" for release in lock)
    assert sorted(pattern.findall(releases)) == expected
    assert "pip install --require-hashes --no-deps -r requirements-hashes.txt" in README


def test_every_model_and_command_is_mentioned() -> None:
    assert {model for model in [*MODELS, *NEED_EXTRAS] if f"`{model}`" not in README} == set()
    commands = {path.stem for path in (ROOT / "bench").glob("*.py") if "__main__" in path.read_text()}
    assert {name for name in commands if f"python -m bench.{name}" not in README} == set()


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(example.replace("n_trials=10", "n_trials=1"), {})
    assert capsys.readouterr().out.startswith("Estimate(mean=0.")
