from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run, writable_folder
from models.errors import UserError
from studies.options import SearchOptions

ROOT = Path(__file__).resolve().parents[3]


def test_commands_that_ask_for_one_folder_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    wanted = [tmp_path / "reports" / "html"] * 1000
    with ThreadPoolExecutor(8) as executor:
        assert list(executor.map(writable_folder, wanted)) == wanted
    assert list(wanted[0].iterdir()) == []


def nothing_else(*words: str) -> int:
    parser = CommandParser("bench.test", "", "")
    parser.add_options("options", options_of(SearchOptions, only=["storage"]))

    def command(arguments: Arguments) -> int:
        raise UserError(f"first\nsecond \x1b[31m {arguments['storage']}")

    return run(command, parser, words)


def test_an_error_is_one_line_that_cannot_act_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert nothing_else("--storage", "sqlite:///x.db") == 2
    err = capsys.readouterr().err
    assert err == "python -m bench.test: error: first second \N{REPLACEMENT CHARACTER}[31m sqlite:///x.db\n"


@pytest.mark.parametrize("word", ["a\nb", "\x1b[31m", "--sto\nrage", "\udc80"])
def test_any_word_is_refused_in_one_line(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        nothing_else(word)
    err = capsys.readouterr().err
    assert (stop.value.code, err.count("\n"), "\x1b" in err) == (2, 1, False)


def test_the_package_lists_its_commands() -> None:
    done = subprocess.run([sys.executable, "-m", "bench"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("  python -m ")]
    commands = [path.stem for path in sorted((ROOT / "bench").glob("*.py")) if not path.stem.startswith("_")]
    assert lines == [f"bench.{name}" for name in commands]
    assert subprocess.run([sys.executable, "-m", "bench", "study"], cwd=ROOT, capture_output=True).returncode == 2
