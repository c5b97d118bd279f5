"""The work of ``bench.data``: known sets listed and fetched, a file inspected, an .npz converted."""

from __future__ import annotations

import importlib
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from tqdm import tqdm

from bench.benchmarks.process_memory import forget_peak, held_bytes, peak_bytes
from bench.cli.options import Arguments
from bench.commands.options import ConvertCommand, FetchCommand, InspectCommand
from bench.datasets import fetch as fetching
from bench.datasets.catalogue import KNOWN_SETS
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile
from bench.datasets.folders import fetched_file
from bench.datasets.lists import read_lists, write_lists
from bench.datasets.loading import EMBEDDED, load
from bench.datasets.movielens_small import TERMS
from bench.datasets.options import DataOptions
from bench.datasets.summary import summarise, to_text
from bench.datasets.summary_page import to_html
from models.errors import did_you_mean
from studies.record.files import write_whole

__all__ = ["convert", "fetch", "inspect", "list_sets"]


def list_sets(arguments: Arguments) -> int:
    print(f"{EMBEDDED}\n  100,004 ratings, 671 users, 9,066 movies, 2016; part of mfbench\n  {TERMS}")
    for known in KNOWN_SETS.values():
        state = "here" if fetched_file(known.file_name).exists() else "not fetched"
        print(f"{known.name} ({state})\n  {known.about}\n  {known.terms}")
    return 0


def fetch(arguments: Arguments) -> int:
    options = arguments.build(FetchCommand)
    for name in options.names:
        if name not in KNOWN_SETS:
            hint = did_you_mean(name, KNOWN_SETS)
            raise DataError(f"Unknown data set '{shown(name)}'. Choose one of: {', '.join(KNOWN_SETS)}.{hint}")
    for name in options.names:
        known = KNOWN_SETS[name]
        print(f"{name}: {known.terms}")
        with tqdm(unit="B", unit_scale=True, disable=None) as bar:

            def show(n_here: int, n_whole: int | None, bar: Any = bar) -> None:
                bar.total = n_whole
                bar.update(n_here - bar.n)

            fetched = fetching.fetch(known, source=options.source, progress=show)
        print(f"{fetched.path} is verified against {fetched.checked}; use it with --data {name}")
    return 0


def inspect(arguments: Arguments) -> int:
    importlib.import_module("pyarrow.csv")  # whose memory is not that of loading
    forget_peak()
    held, started, worked = held_bytes(), perf_counter(), process_time()
    interactions = load(arguments.build(DataOptions, keep_features=True))
    seconds, busy = perf_counter() - started, process_time() - worked
    added = peak_bytes() - held
    summary = summarise(interactions)
    print(to_text(summary))
    memory = f"{added / 1e6:,.0f} MB of memory at its peak"
    print(f"\nLoading took {seconds:.2f} s, {busy:.2f} s of processor time, and {memory}")
    if (page := arguments.build(InspectCommand).html) is not None:
        _write_page(page, to_html(summary))
    return 0


def convert(arguments: Arguments) -> int:
    options = arguments.build(ConvertCommand)
    lists = read_lists(DataFile(options.file), trust_pickle=arguments["trust-pickle"])
    try:
        write_lists(options.to, lists)
    except OSError as error:
        raise DataError.at(options.to, f"cannot be written ({error.strerror}); choose another file") from None
    n_train, n_valid = len(lists.train.ids), len(lists.valid.ids)
    print(f"{options.to}: {lists.train.n_users:,} users, {n_train:,} train and {n_valid:,} valid")
    return 0


def _write_page(path: Path, page: str) -> None:
    try:
        write_whole(path, page)
    except OSError as error:
        raise DataError.at(path, f"cannot be written ({error.strerror}); choose another file") from None
    print(f"\nThe page is {path}")
