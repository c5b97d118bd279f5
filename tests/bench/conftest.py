from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import compare, export, report, show, study


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Command = Callable[..., Outcome]
COMMANDS = {module.__name__.removeprefix("bench."): module.main for module in (compare, export, report, show, study)}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in an empty folder: ``command("study", "--model", "ials")``."""
    monkeypatch.chdir(tmp_path)

    def call(name: str, *words: str) -> Outcome:
        try:
            code = COMMANDS[name](words)
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call


@pytest.fixture
def likes_file(tmp_path: Path) -> Path:
    """A CSV file of 120 users, each of whom likes items of one half."""
    path = tmp_path / "likes.csv"
    rows = [f"u{user},i{item + 20 * (user % 2)}" for user in range(120) for item in range(20) if (user * item) % 3]
    path.write_text("user_id,item_id\n" + "\n".join(rows) + "\n")
    return path
