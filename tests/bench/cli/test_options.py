"""Options are made from the fields of dataclasses, and say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import pytest

from bench import compare, data, export, peers, report, show, speed, study
from bench.cli.options import Arguments, Option, options_of
from bench.cli.parser import CommandParser
from bench.datasets import DataError, DataOptions
from evaluation.metrics import DEFAULT
from evaluation.option_fields import option, required
from evaluation.split_options import SplitOptions
from studies.options import CompareOptions, SearchOptions

EVERY_OPTION = {
    "data": "x.csv",
    "items": "y.csv",
    "item_features": "genres,year",
    "users": "people.csv",
    "user_features": "age",
    "format": "text",
    "columns": "user=a,item=b",
    "separator": ";",
    "header": False,
    "positive_from": 3.5,
    "repeats": "last",
    "min_user_likes": 2,
    "min_item_likes": 3,
    "top_items": 0.5,
    "sample_users": 0.25,
    "sample_seed": 7,
    "trust_pickle": True,
    "use_cache": False,
}


@dataclass(frozen=True, kw_only=True)
class Example:
    needed: str = required("Give this", "TEXT")
    count: int = option(3, "Count to N", name="n", min=1, max=9)
    share: float | None = option(None, "Take 5 % of it", default_text="all")
    way: Literal["left", "right"] = option("left", "Go there")
    words: tuple[str, ...] = option((), "Say these", default_text="none")
    sizes: tuple[int, ...] = option((1, 2), "Use these", commas=True, parse=int)
    folder: Path = option(Path("here"), "Write there")
    fast: bool = option(False, "Be fast")
    cached: bool = option(True, "Keep nothing", name="no-cache")
    head: bool | None = option(None, "Has a head", default_text="recognised")
    internal: int = 5


def parsed(cls: type[Any], *words: str, **others: Any) -> Any:
    return arguments(cls, *words).build(cls, **others)


def arguments(cls: type[Any], *words: str) -> Arguments:
    parser = CommandParser("bench.test", "", "")
    parser.add_options("options", options_of(cls))
    return parser.arguments(words)


def test_the_types_and_defaults_are_those_of_the_fields() -> None:
    assert parsed(Example, "--needed", "x") == Example(needed="x")
    words = "--needed x --n 4 --share 0.5 --way right --words a b --sizes 3,4 --folder f --fast --no-cache --no-head"
    assert parsed(Example, *words.split()) == Example(
        needed="x",
        count=4,
        share=0.5,
        way="right",
        words=("a", "b"),
        sizes=(3, 4),
        folder=Path("f"),
        fast=True,
        cached=False,
        head=False,
    )
    assert parsed(Example, "--needed", "x", "--n", "4", count=8).count == 8


def test_a_help_text_names_the_default() -> None:
    helps = {option.name: option.help for option in options_of(Example)}
    assert helps == {
        "needed": "Give this (required)",
        "n": "Count to N (default: 3)",
        "share": "Take 5 %% of it (default: all)",
        "way": "Go there (default: left)",
        "words": "Say these (default: none)",
        "sizes": "Use these (default: 1,2)",
        "folder": "Write there (default: here)",
        "fast": "Be fast (default: off)",
        "no-cache": "Keep nothing (default: off)",
        "head": "Has a head (default: recognised)",
    }
    (storage,) = options_of(SearchOptions, only=["storage"])
    assert storage.help.endswith("(default: $MFBENCH_STORAGE, else sqlite:///mfbench.db)")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "the following arguments are required: --needed"),
        ("--needed x --n 10", "argument --n: must be at most 9, got 10"),
        ("--needed x --n 1.5", "argument --n: '1.5' is not a whole number"),
        ("--needed x --n 9999999999999999999", "argument --n: a whole number of at most 18 digits is needed"),
        ("--needed x --share much", "argument --share: 'much' is not a number"),
        ("--needed x --way lfet", "argument --way: 'lfet' is none of left, right. Did you mean 'left'?"),
        ("--needed x --shar 1", "unrecognized arguments: --shar 1. Did you mean --share?"),
        ("--needed \udc80", "argument --needed: '\\udc80' is not valid Unicode"),
        ("--needed \0", "argument --needed: '\\x00' holds a NUL character"),
        ("--needed x --folder \0", "argument --folder: '\\x00' holds a NUL character"),
    ],
)
def test_a_mistake_is_one_line(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        arguments(Example, *words.split(" ") if words else ())
    assert stop.value.code == 2
    assert capsys.readouterr().err == f"python -m bench.test: error: {message}; --help lists the options\n"


def test_a_path_may_have_any_encoding() -> None:
    assert parsed(Example, "--needed", "x", "--folder", "caf\udce9").folder == Path("caf\udce9")


def test_a_default_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert arguments(SearchOptions)["storage"] == "sqlite:///mfbench.db"
    monkeypatch.setenv("MFBENCH_STORAGE", "sqlite:///other.db")
    assert arguments(SearchOptions)["storage"] == "sqlite:///other.db"
    assert arguments(SearchOptions, "--storage", "sqlite:///third.db")["storage"] == "sqlite:///third.db"


def test_no_arguments_are_the_defaults_of_every_dataclass() -> None:
    assert parsed(DataOptions) == DataOptions()
    assert parsed(CompareOptions, name="x") == CompareOptions(name="x")
    split = parsed(SplitOptions, holdout="random", n_held_out=1)
    assert split == SplitOptions()
    search = parsed(SearchOptions, study_name="x", metric=DEFAULT, second_metric=None)
    assert search == SearchOptions(study_name="x")


def test_every_option_of_the_data_can_be_given() -> None:
    words = ["--no-header", "--trust-pickle", "--no-cache"]
    for name, value in EVERY_OPTION.items():
        if not isinstance(value, bool):
            words += [f"--{name.replace('_', '-')}", str(value)]
    options = parsed(DataOptions, *words, keep_features=True)
    assert options == DataOptions(**EVERY_OPTION, keep_features=True)
    not_given = {"keep_ratings"}  # follows from the model
    assert {f.name for f in fields(DataOptions) if getattr(options, f.name) == f.default} == not_given


@pytest.mark.parametrize("flag", ["--item-features", "--users", "--user-features"])
def test_features_that_nothing_would_learn_from_are_refused(flag: str) -> None:
    with pytest.raises(DataError, match=f"{flag}: nothing here learns from features"):
        parsed(DataOptions, flag, "genres")


COMMANDS: list[Callable[[], CommandParser]] = [
    study.study_parser,
    *(module._parser for module in (compare, export, peers, report, show, speed)),
]


@pytest.mark.parametrize("make", COMMANDS, ids=lambda make: make.__module__)
def test_every_option_of_a_command_says_what_it_does_and_its_default(make: Callable[[], CommandParser]) -> None:
    parser = make()

    def is_plain(each: Option) -> bool:
        has_default = "(default: " in each.help or "(required" in each.help or each.metadata.get("exclusive")
        return each.help[0].isupper() and bool(has_default)

    assert [name for name, each in parser.options.items() if not is_plain(each)] == []


@pytest.mark.parametrize("make", COMMANDS, ids=lambda make: make.__module__)
def test_help_has_the_purpose_the_usage_and_at_most_ten_options(make: Callable[[], CommandParser]) -> None:
    parser = make()
    text = parser.format_help()
    assert text.index(parser.description or "") < text.index("usage: ") < text.index("--") < text.index("examples:")
    assert sum(line.startswith("  --") for line in text.splitlines()) <= 10
    with pytest.raises(SystemExit):
        parser.arguments(["--help-all"])
    everything = parser.format_help()
    assert [name for name in parser.options if f"  --{name}" not in everything] == []


def test_the_subcommands_of_data_answer_to_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["inspect"], ["fetch"], ["convert"], ["list"], []):
        with pytest.raises(SystemExit) as stop:
            data.main([*words, "--help"])
        assert stop.value.code == 0
        assert capsys.readouterr().out.count("usage: python -m bench.data") == 1
