"""``python -m bench.data``: which data sets there are, get them, look into them, make them safe."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, cast

from bench.command import CommandParser, run
from bench.datasets.arguments import DATA_HELP, add_reading_arguments, data_options_from
from bench.datasets.catalogue import KNOWN_SETS
from bench.datasets.errors import DataError, did_you_mean, shown
from bench.datasets.options import DataOptions

DESCRIPTION = """\
Data sets: list those known by name, fetch them with their checksum verified, look into any file, and turn an
.npz that needs unpickling into one that does not."""

EXAMPLES = """\
  python -m bench.data list
  python -m bench.data fetch movielens-1m
  python -m bench.data inspect ratings.csv --columns user=uid,item=track,weight=plays
  python -m bench.data convert data.npz --to data.safe.npz --trust-pickle
"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = CommandParser("bench.data", DESCRIPTION, EXAMPLES)
    commands = parser.add_subparsers(
        metavar="COMMAND", required=True, parser_class=cast(type[CommandParser], _subparser)
    )
    for add in (_add_list, _add_fetch, _add_inspect, _add_convert):
        add(commands)
    return run(_call, parser, argv)


def _call(args: argparse.Namespace, command_line: str) -> int:
    args.call(args)
    return 0


def _subparser(*, prog: str, description: str, examples: str, **_: Any) -> CommandParser:
    return CommandParser(prog.removeprefix("python -m "), description, examples)


def _add_list(commands: Any) -> None:
    examples = "  python -m bench.data list\n"
    parser = commands.add_parser(
        "list", help="the known sets and their terms", description="The known sets and their terms.", examples=examples
    )
    parser.set_defaults(call=_list)


def _add_fetch(commands: Any) -> None:
    parser = commands.add_parser(
        "fetch",
        help="download known sets",
        description="Download known sets: resumed where they were cut, kept only when their checksum is right.",
        examples="  python -m bench.data fetch movielens-1m\n"
        "  python -m bench.data fetch movielens-25m --from https://mirror.example/movielens\n",
    )
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"any of: {', '.join(KNOWN_SETS)}")
    parser.add_argument("--from", dest="source", metavar="URL|FOLDER", help="a mirror, or a file already on disk")
    parser.set_defaults(call=_fetch)


def _add_inspect(commands: Any) -> None:
    parser = commands.add_parser(
        "inspect",
        help="what is in a file",
        description="What is in a data set: counts, what is dropped and why, distributions, the most popular titles; "
        "and what loading it took.",
        examples="  python -m bench.data inspect ml-1m.zip\n"
        "  python -m bench.data inspect plays.tsv --html plays.html\n"
        "  python -m bench.data inspect ratings.csv --no-cache\n",
    )
    parser.add_argument("data", nargs="?", default=DataOptions.data, metavar="NAME|PATH", help=DATA_HELP)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page, too")
    add_reading_arguments(parser)
    parser.set_defaults(call=_inspect)


def _add_convert(commands: Any) -> None:
    parser = commands.add_parser(
        "convert",
        help="make an .npz of object arrays safe",
        description="Write the train_ids and valid_ids of an .npz anew, without Python objects: no pickle is needed "
        "to read the result.",
        examples="  python -m bench.data convert data.npz --to data.safe.npz --trust-pickle\n",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="an .npz with train_ids and valid_ids")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the new .npz; must not exist")
    parser.add_argument(
        "--trust-pickle", action="store_true", help="unpickle the object arrays; it can run the file's code"
    )
    parser.set_defaults(call=_convert)


def _list(args: argparse.Namespace) -> None:
    from bench.datasets.folders import fetched_file
    from bench.datasets.loading import EMBEDDED
    from bench.datasets.movielens_small import TERMS

    print(f"{EMBEDDED}\n  100,004 ratings, 671 users, 9,066 movies, 2016; part of mfbench\n  {TERMS}")
    for known in KNOWN_SETS.values():
        state = "here" if fetched_file(known.file_name).exists() else "not fetched"
        print(f"{known.name} ({state})\n  {known.about}\n  {known.terms}")


def _fetch(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from bench.datasets.fetch import fetch

    for name in args.names:
        if name not in KNOWN_SETS:
            hint = did_you_mean(name, KNOWN_SETS)
            raise DataError(f"Unknown data set '{shown(name)}'. Choose one of: {', '.join(KNOWN_SETS)}.{hint}")
    for name in args.names:
        known = KNOWN_SETS[name]
        print(f"{name}: {known.terms}")
        with tqdm(unit="B", unit_scale=True, disable=None) as bar:

            def show(n_here: int, n_whole: int | None, bar: Any = bar) -> None:
                bar.total = n_whole
                bar.update(n_here - bar.n)

            fetched = fetch(known, source=args.source, progress=show)
        print(f"{fetched.path} is verified against {fetched.checked}; use it with --data {name}")


def _inspect(args: argparse.Namespace) -> None:
    from bench.benchmarks.process_memory import forget_peak, held_bytes, peak_bytes
    from bench.datasets.loading import load
    from bench.datasets.summary import summarise, to_text
    from bench.datasets.summary_page import to_html

    importlib.import_module("pyarrow.csv")  # whose own memory is not what loading takes
    forget_peak()
    held, started, worked = held_bytes(), perf_counter(), process_time()
    interactions = load(data_options_from(args, keep_features=True))
    seconds, busy = perf_counter() - started, process_time() - worked
    added = None if held is None else peak_bytes() - held
    summary = summarise(interactions)
    print(to_text(summary))
    memory = "" if added is None else f", and {added / 1e6:,.0f} MB of memory at its peak"
    print(f"\nLoading took {seconds:.2f} s, {busy:.2f} s of processor time{memory}")
    if args.html is not None:
        _write(args.html, to_html(summary))


def _convert(args: argparse.Namespace) -> None:
    from bench.datasets.files import DataFile
    from bench.datasets.lists import read_lists, write_lists

    lists = read_lists(DataFile(args.file), trust_pickle=args.trust_pickle)
    try:
        write_lists(args.to, lists)
    except OSError as error:
        raise DataError.at(args.to, f"cannot be written ({error.strerror}); choose another file") from None
    print(
        f"{args.to}: {lists.train.n_users:,} users, {len(lists.train.ids):,} train and {len(lists.valid.ids):,} valid"
    )


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise DataError.at(path, f"cannot be written ({error.strerror}); choose another file") from None
    print(f"\nThe page is {path}")


if __name__ == "__main__":
    raise SystemExit(main())
