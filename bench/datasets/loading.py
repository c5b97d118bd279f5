"""From options to interactions: finds the data, picks the reader, keeps the likes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.datasets import movielens_small
from bench.datasets.cache import parsed_key, recall, remember
from bench.datasets.catalogue import KNOWN_SETS
from bench.datasets.errors import DataError, did_you_mean, shown
from bench.datasets.features import Table, embedded_items, read_table, with_features
from bench.datasets.files import DataFile, readable
from bench.datasets.folders import fetched_file
from bench.datasets.likes import to_interactions
from bench.datasets.lists import is_lists, read_lists
from bench.datasets.npz import npz_names
from bench.datasets.options import DataOptions, Format
from bench.datasets.parquet import read_parquet
from bench.datasets.places import Place, find_place
from bench.datasets.rows import Rows
from bench.datasets.sparse import read_sparse
from bench.datasets.synthetic import PREFIX, make_rows, parse_synthetic
from bench.datasets.text import read_text
from bench.datasets.titles import read_titles
from evaluation.interactions import Interactions

__all__ = ["EMBEDDED", "format_of", "known_names", "load", "locate"]

EMBEDDED = "movielens-small"
#: Smaller files are parsed faster than their parsed form is found.
_MIN_CACHED_BYTES = 16 << 20


def load(options: DataOptions) -> Interactions:
    """The likes in the data that ``options`` name; raises DataError, in one line, where there are none to be had."""
    interactions = _load_likes(options)
    if not options.keep_features:
        return interactions
    return with_features(interactions, options, _item_table(options), _user_table(options))


def _item_table(options: DataOptions) -> Table | None:
    """Where features of items are; one that only lies beside the data and that nobody asked for may be unusable."""
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


def _beside(options: DataOptions) -> Place:
    """The files of the data, none where they are embedded or synthetic."""
    has_files = options.data != EMBEDDED and not options.data.startswith(PREFIX)
    return locate(options) if has_files else Place(interactions=())


def _load_likes(options: DataOptions) -> Interactions:
    if options.data == EMBEDDED:
        return _finish(EMBEDDED, movielens_small.read_rows(), options)
    if options.data.startswith(PREFIX):
        return _finish(options.data, make_rows(parse_synthetic(options.data)), options)
    place = locate(options)
    known = KNOWN_SETS.get(options.data)
    name, terms = (known.name, known.terms) if known else (Path(options.data).resolve().name, "")
    key = _key_of(place, options)
    interactions = recall(key) if key is not None else None
    if interactions is None:
        interactions = to_interactions(name, _read(place, options), options)
        if key is not None:
            remember(key, interactions)
    return replace(interactions, name=name, source=replace(interactions.source, terms=terms))


def known_names() -> tuple[str, ...]:
    """The data sets that are loaded by name."""
    return (EMBEDDED, *KNOWN_SETS)


def locate(options: DataOptions) -> Place:
    """The files behind a path or the name of a fetched set."""
    known = KNOWN_SETS.get(options.data)
    path = Path(options.data) if known is None else fetched_file(known.file_name)
    with readable(path):
        is_here = path.exists()
        is_usable = path.is_file() or path.is_dir()
    if is_here and not is_usable:
        raise DataError.at(path, "is neither a file nor a folder; write what it gives to a file first")
    if is_here:
        return find_place(path, options.items)
    if known is not None:
        raise DataError(
            f"'{known.name}' is not on this machine yet; get it with: python -m bench.data fetch {known.name}"
        )
    if len(path.parts) > 1 or path.suffix:
        raise DataError.at(path, "there is no such file or folder; check the path")
    names = known_names()
    raise DataError(
        f"Unknown data set '{shown(options.data, 200)}'. Choose one of: {', '.join(names)}; or give a path."
        f"{did_you_mean(options.data, names)}"
    )


def format_of(file: DataFile, options: DataOptions) -> Format:
    """The format, by the first bytes and, of an npz, by the names of its arrays."""
    if options.format is not None:
        return options.format
    head = file.head(4)
    if head == b"PAR1":
        return "parquet"
    if file.name.endswith(".npz") or head.startswith(b"PK"):
        return "lists" if is_lists(npz_names(file)) else "sparse"
    return "text"


def _read(place: Place, options: DataOptions) -> Rows:
    file = place.interactions[0]
    kind = format_of(file, options)
    _refuse_unused(options, kind)
    match kind:
        case "parquet":
            rows = read_parquet(place.interactions, options)
        case "sparse":
            rows = read_sparse(file)
        case "lists":
            rows = read_lists(file, trust_pickle=options.trust_pickle).rows()
        case _:
            rows = read_text(file, options)
    return rows if place.titles is None else _with_titles(rows, place.titles, is_asked=options.items is not None)


def _refuse_unused(options: DataOptions, kind: str) -> None:
    """Raises DataError for an option on how to read that data of this kind has no use for."""
    uses = {"text": ("columns", "separator", "header"), "parquet": ("columns",)}.get(kind, ())
    for option in ("columns", "separator", "header"):
        if getattr(options, option) is not None and option not in uses:
            raise DataError.at(options.data, f"--{option} does not apply to {kind} data; leave it out")


def _finish(name: str, rows: Rows, options: DataOptions) -> Interactions:
    """The likes of data that does not come from files, with titles where the user names a file of them."""
    _refuse_unused(options, "embedded or synthetic")
    if options.items is not None:
        rows = _with_titles(rows, DataFile(Path(options.items)), is_asked=True)
    return to_interactions(name, rows, options)


def _with_titles(rows: Rows, file: DataFile, *, is_asked: bool) -> Rows:
    """The rows with the titles in ``file``; one that was only found beside the data may be unusable, which is noted."""
    ids = [str(item) for item in rows.items.values.tolist()]
    try:
        titles = read_titles(file)
        n_missing = sum(item not in titles for item in ids)
        if n_missing == len(ids) > 0:
            problem = f"none of its {len(titles):,} ids is an item of the data, such as '{shown(ids[0])}'"
            raise DataError.at(file, f"{problem}; give another file")
    except DataError as error:
        if is_asked:
            raise
        return replace(rows, notes=(*rows.notes, f"no titles, for {error}"))
    notes = (*rows.notes, f"{n_missing:,} of {len(ids):,} items have no title") if n_missing else rows.notes
    return replace(rows, titles=titles, notes=notes)


def _key_of(place: Place, options: DataOptions) -> str | None:
    """The key of the parsed form, where one is worth keeping."""
    n_bytes = sum(file.n_stored_bytes() for file in place.files)
    return parsed_key(place.files, options) if options.use_cache and n_bytes >= _MIN_CACHED_BYTES else None
