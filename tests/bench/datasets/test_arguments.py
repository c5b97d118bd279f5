"""The command line and the dataclass say the same."""

import argparse

import pytest

from bench.datasets import DataError, DataOptions
from bench.datasets.arguments import add_data_arguments, data_options_from


def parse(*words):
    parser = argparse.ArgumentParser()
    add_data_arguments(parser)
    return data_options_from(parser.parse_args(words))


def test_no_arguments_are_the_defaults():
    assert parse() == DataOptions()


def test_every_argument_reaches_the_options():
    words = ["--data", "x.csv", "--items", "y.csv", "--positive-from", "3.5"]
    assert parse(*words) == DataOptions(data="x.csv", items="y.csv", positive_from=3.5)


def test_threshold_that_is_no_number_is_refused():
    with pytest.raises(DataError, match="must be a finite number"):
        parse("--positive-from", "nan")
