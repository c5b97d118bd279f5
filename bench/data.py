"""``python -m bench.data COMMAND``: list, fetch, inspect and convert data sets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from bench.cli.options import options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run
from bench.commands.data import convert, fetch, inspect, list_sets
from bench.commands.options import ConvertCommand, DataCommand, FetchCommand, InspectCommand
from bench.datasets.options import DataOptions

DESCRIPTION = """\
List the data sets that are known by name, fetch them with their checksum verified, inspect any file, and convert an
.npz that needs unpickling into one that does not."""

EXAMPLES = """\
  python -m bench.data list
  python -m bench.data fetch movielens-1m
  python -m bench.data inspect ratings.csv --columns user=uid,item=track,weight=plays
  python -m bench.data convert data.npz --to data.safe.npz --trust-pickle
"""

LIST_EXAMPLES = "  python -m bench.data list\n"

FETCH_EXAMPLES = """\
  python -m bench.data fetch movielens-1m
  python -m bench.data fetch movielens-25m --from https://mirror.example/movielens
"""

INSPECT_EXAMPLES = """\
  python -m bench.data inspect ml-1m.zip
  python -m bench.data inspect plays.tsv --html plays.html
  python -m bench.data inspect ratings.csv --no-cache
"""

INSPECT_FIRST = ("data", "html", "items", "positive-from", "format", "columns", "separator", "header", "no-cache")

CONVERT_EXAMPLES = "  python -m bench.data convert data.npz --to data.safe.npz --trust-pickle\n"


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "list": _list,
        "fetch": _fetch,
        "inspect": _inspect,
        "convert": _convert,
    }
    if words and words[0] in commands:
        return commands[words[0]](words[1:])
    parser = CommandParser("bench.data", DESCRIPTION, EXAMPLES, usage="COMMAND [options]")
    parser.add_options("commands", options_of(DataCommand))
    return run(lambda arguments: 0, parser, words)


def _list(words: Sequence[str]) -> int:
    description = "List the known sets and their terms."
    return run(list_sets, CommandParser("bench.data list", description, LIST_EXAMPLES, usage=""), words)


def _fetch(words: Sequence[str]) -> int:
    description = (
        "Download known sets. An interrupted download is resumed; a file is kept only if its checksum is right."
    )
    parser = CommandParser("bench.data fetch", description, FETCH_EXAMPLES, usage="NAME ... [options]")
    parser.add_options("download", options_of(FetchCommand))
    return run(fetch, parser, words)


def _inspect(words: Sequence[str]) -> int:
    description = (
        "Show what is in a data set: counts, what is dropped and why, distributions and the most popular titles; and\n"
        "what loading it takes."
    )
    usage = "[NAME|PATH] [options]"
    parser = CommandParser("bench.data inspect", description, INSPECT_EXAMPLES, first=INSPECT_FIRST, usage=usage)
    parser.add_options("data", options_of(DataOptions, only=["data"], positional=True))
    parser.add_options("data", options_of(InspectCommand))
    parser.add_options("data", options_of(DataOptions, without=["data"]))
    return run(inspect, parser, words)


def _convert(words: Sequence[str]) -> int:
    description = "Write the lists of an .npz again without Python objects, so that no pickle is needed to read them."
    parser = CommandParser("bench.data convert", description, CONVERT_EXAMPLES, usage="FILE --to FILE [options]")
    parser.add_options("files", options_of(ConvertCommand))
    parser.add_options("files", options_of(DataOptions, only=["trust-pickle"]))
    return run(convert, parser, words)


if __name__ == "__main__":
    sys.exit(main())
