"""The command line and the dataclass say the same."""

import argparse
from dataclasses import fields

import pytest

from bench.datasets import DataError, DataOptions
from bench.datasets.arguments import add_data_arguments, data_options_from

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


def parse(*words, **needs):
    parser = argparse.ArgumentParser()
    add_data_arguments(parser)
    return data_options_from(parser.parse_args(words), **needs)


def test_no_arguments_are_the_defaults():
    assert parse() == DataOptions()


def test_every_option_can_be_given():
    words = ["--no-header", "--trust-pickle", "--no-cache"]
    for name, value in EVERY_OPTION.items():
        if not isinstance(value, bool):
            words += [f"--{name.replace('_', '-')}", str(value)]
    options = parse(*words, keep_features=True)
    assert options == DataOptions(**EVERY_OPTION, keep_features=True)
    not_asked = {"keep_ratings"}  # follows from the model
    assert {f.name for f in fields(DataOptions) if getattr(options, f.name) == f.default} == not_asked


@pytest.mark.parametrize("option", ["--item-features", "--users", "--user-features"])
def test_features_that_nothing_would_learn_from_are_refused(option):
    with pytest.raises(DataError, match=f"{option}: nothing here learns from features"):
        parse(option, "genres")


def test_threshold_that_is_no_number_is_refused():
    with pytest.raises(DataError, match="must be a finite number"):
        parse("--positive-from", "nan")
