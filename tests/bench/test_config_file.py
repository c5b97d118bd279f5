from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.command import positive_float, positive_int
from bench.config_file import ConfigFileError, add_config_argument, as_toml, keys, parse
from bench.protocol import add_protocol_arguments
from bench.study import study_parser
from tests.bench.conftest import Command


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    add_config_argument(made)
    made.add_argument("--model", required=True)
    made.add_argument("--trials", type=positive_int, default=30)
    made.add_argument("--timeout", type=positive_float)
    made.add_argument("--titles", nargs="+")
    made.add_argument("--no-cache", dest="use_cache", action="store_false")
    made.add_argument("--quiet", action="store_true")
    made.add_argument("--header", action=argparse.BooleanOptionalAction)
    made.add_argument("--folder", type=Path, default="here")
    add_protocol_arguments(made)
    return made


def parsed(tmp_path: Path, text: str, *words: str) -> tuple[argparse.Namespace, dict[str, Any]]:
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="utf-8")
    return parse(parser(), ["--config", str(file), *words])


def test_a_file_sets_options_and_the_command_line_wins(tmp_path: Path) -> None:
    text = 'model = "als"\ntrials = 7\ntimeout = 5\nholdout = "last:2"\ntest-users = 0.5\ntitles = ["a", "-b"]\n'
    args, _ = parsed(tmp_path, text, "--trials", "9", "--titles", "c")
    assert (args.model, args.trials, args.timeout, args.titles) == ("als", 9, 5.0, ["c"])
    assert (args.holdout, args.test_users, args.draws) == (("last", 2), 0.5, None)
    assert parsed(tmp_path, text)[0].titles == ["a", "-b"]
    assert parsed(tmp_path, 'model = "als"\ntitles = "one"')[0].titles == ["one"]


@pytest.mark.parametrize(
    ("text", "use_cache", "quiet", "header"),
    [
        ("", True, False, None),
        ("no-cache = true\nquiet = true\nheader = true\n", False, True, True),
        ("no-cache = false\nquiet = false\nheader = false\n", True, False, False),
    ],
)
def test_flags_are_true_or_false(tmp_path: Path, text: str, use_cache: bool, quiet: bool, header: bool | None) -> None:
    args, resolved = parsed(tmp_path, 'model = "als"\n' + text)
    assert (args.use_cache, args.quiet, args.header) == (use_cache, quiet, header)
    again, _ = parsed(tmp_path, as_toml(resolved))
    assert (again.use_cache, again.quiet, again.header) == (use_cache, quiet, header)


def test_all_options_come_back_with_their_types_and_defaults(tmp_path: Path) -> None:
    args, resolved = parse(parser(), ["--model", "als", "--holdout", "3", "--titles", "x"])
    assert resolved == {
        "model": "als",
        "trials": 30,
        "titles": ["x"],
        "folder": "here",
        "split": "leave-one-out",
        "seen": "exclude",
        "protocol": "warm",
        "holdout": 3,
        "test-users": 0.2,
        "validation-users": 5000,
    }
    again, same = parsed(tmp_path, as_toml(resolved))
    assert same == resolved
    assert {**vars(args), "config": None} == {**vars(again), "config": None}


@given(st.text(), st.lists(st.text(), min_size=1), st.floats(min_value=1e-300, allow_infinity=False))
@settings(max_examples=100, deadline=None)
def test_any_text_and_number_survives_the_way_through_toml(text: str, titles: list[str], seconds: float) -> None:
    options = {"model": text.encode("utf-8", "replace").decode(), "titles": titles, "timeout": seconds, "quiet": True}
    assert tomllib.loads(as_toml(options)) == options


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trails = 3", "there is no option 'trails'. Did you mean 'trials'?"),
        ("no_cache = true", "there is no option 'no_cache'. Did you mean 'no-cache'?"),
        ("zzz = 1", "there is no option 'zzz'."),
        ("config = 'x.toml'", "there is no option 'config'."),
        ("[search]\ntrials = 3", "there is no option 'search'."),
        ("trials = 'many'", "trials: Input should be a valid integer, got 'many'"),
        ("trials = true", "trials: Input should be a valid integer, got True"),
        ("trials = 0", "trials: '0' is not a whole number from 1 on, got 0"),
        ("timeout = nan", "timeout: 'nan' is not a number above 0, got nan"),
        ("titles = ['one', 2]", "titles: Input should be a valid string, got 2"),
        ("quiet = 'yes'", "quiet: Input should be a valid boolean, got 'yes'"),
        ("holdout = 'first'", "holdout: 'first' is neither a number of likes, such as 1, nor last, nor last:N"),
        ("holdout = [1]", "holdout: a text or a number is needed, got [1]"),
        ("protocol = 'wram'", "Did you mean 'warm'?"),
        ("trials = ", "study.toml is not a TOML file (Invalid value (at end of document))"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigFileError) as raised:
        parsed(tmp_path, text)
    assert "study.toml" in str(raised.value)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_every_option_of_a_study_may_stand_in_a_file() -> None:
    options = [action for action in study_parser()._actions if action.option_strings]
    longest = {max(action.option_strings[:1], key=len).removeprefix("--") for action in options}
    assert keys(study_parser()) == longest - {"-h", "config"}
    assert {"trials", "storage", "sampler", "rescore", "no-cache", "report-dir"} <= keys(study_parser())


@pytest.mark.usefixtures("likes_file")
def test_the_file_beside_a_report_repeats_the_study(command: Command, tmp_path: Path) -> None:
    words = ("--model", "item2item", "--data", "likes.csv", "--trials", "3", "--no-mlflow", "--holdout", "2")
    first = command("study", *words, "--study-name", "a")
    assert "Options, to repeat the study: reports/html/a.toml" in first.out
    repeated = command("study", "--config", "reports/html/a.toml", "--study-name", "b")
    assert repeated.code == 0
    scores = [line for line in first.out.splitlines() if "[" in line]
    assert scores == [line for line in repeated.out.splitlines() if "[" in line]
    options = [tomllib.loads((tmp_path / f"reports/html/{name}.toml").read_text()) for name in "ab"]
    assert options[0] == {**options[1], "study-name": "a"}
    assert options[0]["holdout"] == 2
    assert "validation-users = 5000" in (tmp_path / "reports/html/a.html").read_text()


@pytest.mark.usefixtures("likes_file")
def test_a_file_that_is_wrong_or_absent_is_one_line_and_exit_code_2(command: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('model = "ials"\nmetrics = "map@30"\n')
    for file, message in (
        ("bad.toml", "bad.toml: there is no option 'metrics'"),
        ("no.toml", "Cannot read the options"),
    ):
        done = command("study", "--config", file)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert done.err.startswith("python -m bench.study: error: ")
        assert message in done.err


@pytest.mark.usefixtures("likes_file")
def test_a_comparison_takes_a_file_and_what_it_tunes_can_be_repeated(command: Command, tmp_path: Path) -> None:
    (tmp_path / "compare.toml").write_text('data = "likes.csv"\nmodels = ["item2item"]\ntune = 2\nno-mlflow = true\n')
    done = command("compare", "--config", "compare.toml", "--seeds", "1")
    assert done.code == 0, done.err
    options = tomllib.loads((tmp_path / "reports/html/item2item-likes.csv.toml").read_text())
    assert (options["model"], options["trials"], options["data"]) == ("item2item", 2, "likes.csv")
    assert options.keys() <= keys(study_parser())
    again = command("study", "--config", "reports/html/item2item-likes.csv.toml")
    assert (again.code, "Best of 2 trials" in again.out) == (0, True)


@pytest.mark.usefixtures("likes_file")
def test_no_password_reaches_the_file(command: Command, tmp_path: Path) -> None:
    server = "http://me:hunter2@127.0.0.1:9"
    words = ("--model", "item2item", "--data", "likes.csv", "--trials", "1", "--study-name", "x")
    assert command("study", *words, "--tracking-uri", server).code == 0
    text = (tmp_path / "reports/html/x.toml").read_text()
    assert "tracking-uri" not in text
    assert "storage" in text
