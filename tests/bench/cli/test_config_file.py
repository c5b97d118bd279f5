"""Options from a TOML file and back into one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.cli.config_file import ConfigFileError, as_toml
from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.compare import _parser as compare_parser
from bench.study import study_parser
from evaluation.option_fields import option, required
from evaluation.split_options import SplitOptions
from studies.options import SearchOptions
from tests.bench.conftest import Command


@dataclass(frozen=True, kw_only=True)
class Example:
    model: str = required("Fit this")
    titles: tuple[str, ...] | None = option(None, "Show these")
    use_cache: bool = option(True, "Keep nothing", name="no-cache")
    quiet: bool = option(False, "Print nothing")
    header: bool | None = option(None, "Has a header")
    folder: Path = option(Path("here"), "Write there")


def parsed(tmp_path: Path, text: str, *words: str) -> Arguments:
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="utf-8")
    return arguments("--config", str(file), *words)


def arguments(*words: str) -> Arguments:
    parser = CommandParser("bench.test", "", "")
    parser.add_config_option("options")
    parser.add_options("options", options_of(Example))
    parser.add_options("options", options_of(SearchOptions, only=["trials", "timeout", "metric", "half-life"]))
    parser.add_options("options", options_of(SplitOptions))
    return parser.arguments(words)


def test_a_file_sets_options_and_the_command_line_wins(tmp_path: Path) -> None:
    text = 'model = "als"\ntrials = 7\ntimeout = 5\nholdout = "last:2"\ntest-users = 0.5\ntitles = ["a", "-b"]\n'
    both = parsed(tmp_path, text, "--trials", "9", "--titles", "c")
    assert [both[name] for name in ("model", "trials", "timeout", "titles")] == ["als", 9, 5.0, ("c",)]
    assert [both[name] for name in ("holdout", "test-users", "draws")] == [("last", 2), 0.5, None]
    assert parsed(tmp_path, text)["titles"] == ("a", "-b")
    assert parsed(tmp_path, 'model = "als"\ntitles = "one"')["titles"] == ("one",)


@pytest.mark.parametrize(
    ("text", "use_cache", "quiet", "header"),
    [
        ("", True, False, None),
        ("no-cache = true\nquiet = true\nheader = true\n", False, True, True),
        ("no-cache = false\nquiet = false\nheader = false\n", True, False, False),
    ],
)
def test_flags_are_true_or_false(tmp_path: Path, text: str, use_cache: bool, quiet: bool, header: bool | None) -> None:
    first = parsed(tmp_path, 'model = "als"\n' + text)
    for each in (first, parsed(tmp_path, as_toml(first.stored))):
        example = each.build(Example)
        assert (example.use_cache, example.quiet, example.header) == (use_cache, quiet, header)


def test_all_options_come_back_with_their_types_and_defaults(tmp_path: Path) -> None:
    first = arguments("--model", "als", "--holdout", "3", "--titles", "x")
    assert first.stored == {
        "model": "als",
        "titles": ["x"],
        "folder": "here",
        "metric": ["mrr@100"],
        "trials": 30,
        "half-life": [],
        "split": "leave-one-out",
        "seen": "exclude",
        "protocol": "warm",
        "holdout": 3,
        "test-users": 0.2,
        "validation-users": 5000,
    }
    again = parsed(tmp_path, as_toml(first.stored))
    assert (again.stored, again.values) == (first.stored, first.values)


@pytest.mark.parametrize("text", ["0.20", "007", "1e-1", "5"])
def test_a_number_keeps_its_spelling_where_another_would_mean_something_else(tmp_path: Path, text: str) -> None:
    first = arguments("--model", text, "--test-users", "0.20")
    again = parsed(tmp_path, as_toml(first.stored))
    assert (again["model"], again["test-users"]) == (text, 0.2)


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
        ("trials = 'many'", "trials: a whole number is needed, got 'many'"),
        ("trials = true", "trials: a whole number is needed, got True"),
        ("trials = 7.0", "trials: a whole number is needed, got 7.0"),
        ("trials = 0", "trials: must be at least 1, got 0"),
        ("timeout = nan", "timeout: nan is not a finite number"),
        ("timeout = '5'", "timeout: a number is needed, got '5'"),
        (f"trials = 1{'0' * 400}", "trials: a whole number of at most 18 digits is needed"),
        (f"timeout = 1{'0' * 400}", "timeout: a whole number of at most 18 digits is needed"),
        ("titles = ['one', 2]", "titles: a text is needed, got 2"),
        ("quiet = 'yes'", "quiet: true or false is needed, got 'yes'"),
        ("holdout = 'first'", "holdout: 'first' is neither a number of items, such as 1, nor last, nor last:N"),
        ("holdout = [1]", "holdout: a text or a number is needed, got [1]"),
        ("protocol = 'wram'", "Did you mean 'warm'?"),
        ("metric = []", "metric: at least one value is needed"),
        ("metric = 'mrr'", "metric: Metric 'mrr' needs a whole number after an @"),
        ('model = "a\\u0000b"', "model: 'a\\x00b' holds a NUL character"),
        ("trials = ", "study.toml is not a TOML file (Invalid value (at end of document))"),
        (f"titles = {'[' * 5000}", "study.toml is not a TOML file ("),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigFileError) as raised:
        parsed(tmp_path, text)
    assert "study.toml" in str(raised.value)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_every_option_of_a_study_may_stand_in_a_file() -> None:
    options = study_parser().stored_options
    assert {"trials", "storage", "sampler", "rescore", "no-cache", "report-dir", "sync"} <= options.keys()
    assert options.keys() == study_parser().options.keys() - {"config"}


#: what a TOML file can hold
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(
    table=st.dictionaries(st.sampled_from(sorted(compare_parser().options)) | st.text(max_size=5), VALUES, max_size=4),
    words=st.lists(
        st.sampled_from([f"--{name}" for name in sorted(compare_parser().options) if name != "config"]) | st.text(),
        max_size=5,
    ),
)
@settings(max_examples=200, deadline=None)
def test_no_option_and_no_file_brings_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, Any], words: list[str]
) -> None:
    """Every mistake is a ConfigFileError or an exit with code 2; ``--help`` exits with 0."""
    file = tmp_path_factory.getbasetemp() / "fuzz.toml"
    try:
        text = as_toml({key: value for key, value in table.items() if value is not None})
        file.write_text(text, encoding="utf-8")
        compare_parser().arguments(["--config", str(file), *words])
    except ConfigFileError:
        pass
    except SystemExit as stop:
        if stop.code not in (0, 2):
            raise


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
    assert options.keys() <= study_parser().stored_options.keys()
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
