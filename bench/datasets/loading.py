"""Loads interactions as the data options say: locate the files, choose the reader, keep the likes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.datasets import movielens_small
from bench.datasets.cache import load_cached, parsed_key, store
from bench.datasets.catalogue import EMBEDDED, KNOWN_SETS
from bench.datasets.errors import DataError
from bench.datasets.features import Table, embedded_items, read_table, with_features
from bench.datasets.files import DataFile
from bench.datasets.lists import is_lists, read_lists
from bench.datasets.locating import DataFiles, locate
from bench.datasets.npz import open_npz
from bench.datasets.options import DataOptions, Format
from bench.datasets.parquet import read_parquet
from bench.datasets.preprocessing import to_interactions
from bench.datasets.rows import Rows
from bench.datasets.sparse import read_sparse
from bench.datasets.synthetic import PREFIX, make_rows, parse_synthetic
from bench.datasets.text import read_text
from bench.datasets.titles import with_titles
from evaluation.interactions import Interactions

__all__ = ["EMBEDDED", "format_of", "load"]

#: Smaller files are parsed faster than their cached form is found.
_MIN_CACHED_BYTES = 16 << 20


def load(options: DataOptions) -> Interactions:
    """Load the likes in the data that ``options`` name; raises DataError, in one line, where that is impossible."""
    interactions = _likes(options)
    if not options.keep_features:
        return interactions
    return with_features(interactions, options, _item_table(options), _user_table(options))


def _item_table(options: DataOptions) -> Table | None:
    """The table of item features, if any; one that was found beside the data, and not asked for, may be unusable."""
    if options.data == EMBEDDED and options.items is None:
        return embedded_items()
    file = _beside(options).titles if options.items is None else DataFile(Path(options.items))
    try:
        return read_table(file, "item")
    except DataError:
        if options.items is None and options.item_features is None:
            return None
        raise


def _user_table(options: DataOptions) -> Table | None:
    if options.users is not None:
        return read_table(DataFile(Path(options.users)), "user")
    return None if options.user_features is None else read_table(_beside(options).users, "user")


def _beside(options: DataOptions) -> DataFiles:
    """The files of the data; none where the data is embedded or synthetic."""
    has_files = options.data != EMBEDDED and not options.data.startswith(PREFIX)
    return locate(options) if has_files else DataFiles()


def _likes(options: DataOptions) -> Interactions:
    if options.data == EMBEDDED:
        return _without_file(EMBEDDED, movielens_small.read_rows(), options)
    if options.data.startswith(PREFIX):
        return _without_file(options.data, make_rows(parse_synthetic(options.data)), options)
    files = locate(options)
    known = KNOWN_SETS.get(options.data)
    name, terms = (known.name, known.terms) if known else (Path(options.data).resolve().name, "")
    key = _cache_key(files, options)
    interactions = load_cached(key) if key is not None else None
    if interactions is None:
        interactions = to_interactions(name, _read(files, options), options)
        if key is not None:
            store(key, interactions)
    return replace(interactions, name=name, source=replace(interactions.source, terms=terms))


def format_of(file: DataFile, options: DataOptions) -> Format:
    """The format by the first bytes, and for an .npz by the names of its arrays."""
    if options.format is not None:
        return options.format
    head = file.head(4)
    if head == b"PAR1":
        return "parquet"
    if file.name.endswith(".npz") or head.startswith(b"PK"):
        with open_npz(file) as npz:
            return "lists" if is_lists(npz.names) else "sparse"
    return "text"


def _read(files: DataFiles, options: DataOptions) -> Rows:
    file = files.interactions[0]
    kind = format_of(file, options)
    _refuse_unused(options, kind)
    match kind:
        case "parquet":
            rows = read_parquet(files.interactions, options)
        case "sparse":
            rows = read_sparse(file)
        case "lists":
            rows = read_lists(file, trust_pickle=options.trust_pickle).rows()
        case _:
            rows = read_text(file, options)
    return rows if files.titles is None else with_titles(rows, files.titles, is_asked=options.items is not None)


def _refuse_unused(options: DataOptions, kind: str) -> None:
    """Raise DataError for a reading option that does not apply to data of this kind."""
    uses = {"text": ("columns", "separator", "header"), "parquet": ("columns",)}.get(kind, ())
    for option in ("columns", "separator", "header"):
        if getattr(options, option) is not None and option not in uses:
            raise DataError.at(options.data, f"--{option} does not apply to {kind} data; leave it out")


def _without_file(name: str, rows: Rows, options: DataOptions) -> Interactions:
    """The likes of embedded or synthetic data, with titles where the user names a file of them."""
    _refuse_unused(options, "embedded or synthetic")
    if options.items is not None:
        rows = with_titles(rows, DataFile(Path(options.items)), is_asked=True)
    return to_interactions(name, rows, options)


def _cache_key(files: DataFiles, options: DataOptions) -> str | None:
    """The key of the cached form; None where the data is too small to cache, or the user forbids it."""
    if not options.use_cache or sum(file.n_stored_bytes() for file in files.parsed) < _MIN_CACHED_BYTES:
        return None
    return parsed_key(files.parsed, options)
