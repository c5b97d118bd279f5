"""A comparison: refit the entrants, open the sealed test once, and record the results."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.storages import RDBStorage

from evaluation import beyond_accuracy
from evaluation.fold import Fold
from evaluation.interactions import Interactions
from evaluation.metrics import NOTATION, Metric, formula
from evaluation.overlap import MEASURES, RankedLists
from evaluation.rating_errors import FORMULAS
from evaluation.split import Split
from studies.comparison.blends import blend_records
from studies.comparison.entrants import Entrant
from studies.comparison.examples import (
    map_items,
    map_records,
    neighbour_records,
    sample_user_records,
    titles_of,
)
from studies.comparison.fits import refit_all, validation_lists
from studies.comparison.heatmaps import cluster, heatmaps
from studies.comparison.scores import (
    METRICS,
    Refits,
    convention_records,
    entrant_records,
    pair_records,
    slice_records,
)
from studies.environment import describe_environment
from studies.half_life import with_times
from studies.options import CompareOptions
from studies.record.comparison import ComparisonRecord, EntrantRecord, OpeningRecord
from studies.storage.schema import OPENINGS, Opening
from studies.storage.settings import data_summary, split_summary

__all__ = ["CompareOptions", "Comparison", "compare", "note_opening", "openings_of"]

N_NEIGHBOUR_ITEMS = 500  #: items whose neighbours are compared, drawn at random from those with enough likes
ENOUGH_LIKES = 5  #: an item with fewer likes has neighbours by chance
N_SHOWN_ITEMS = 5
LABELS = {"rbo": "RBO", "tau": "Kendall’s tau", "intra_list_diversity": "Diversity in a list"}
LEFT_OUT_OF_OVERLAP = "random"  #: its overlap with other lists is known: that of chance


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The record and the arrays that it follows from."""

    record: ComparisonRecord
    arrays: Mapping[str, NDArray[Any]]  #: users, and ranks and lists of every model, for further analysis
    item_vectors: Mapping[str, NDArray[np.float32]]  #: latent model -> (n_items, n_factors), of the first refit


def compare(
    entrants: Sequence[Entrant],
    interactions: Interactions,
    split: Split,
    storage: RDBStorage,
    options: CompareOptions,
    *,
    command: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> Comparison:
    """Refit every entrant on train and validation data, open the sealed test once, and compare.

    The opening is noted on the entrants' studies before it happens. A model that cannot be fitted is left out, with its
    error in the record. ``progress`` is called with a description of each step.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    configs = [entrant.config for entrant in entrants]
    (drawn,) = with_times(split.validation[:1], interactions, configs)
    on_validation, failures = validation_lists(entrants, drawn, options, progress)
    entrants = [entrant for entrant in entrants if entrant.name not in failures]
    opening = OpeningRecord(id=uuid.uuid4().hex, when=started, command=command)
    note_opening(storage, [e.study for e in entrants if e.study], split.test.hash, opening)
    (fold,) = with_times([split.test.open()], interactions, configs)
    shown, compared = _neighbour_items(fold, options)
    refits, failed = refit_all(entrants, fold, compared, options, progress)
    entrants = [entrant for entrant in entrants if entrant.name not in failed]
    progress("comparing")
    ground = _Ground(interactions, fold, split.validation[0], on_validation, shown, compared)
    parts = _findings(entrants, refits, ground, options)
    record = ComparisonRecord(
        name=options.name,
        id=opening.id,
        metric=str(options.metric),
        margin=options.margin,
        seeds=options.seeds,
        seed=options.seed,
        command=command,
        started=started,
        seconds=time.perf_counter() - clock,
        data=data_summary(interactions),
        split=split_summary(split),
        openings=openings_of(storage, split.test.hash),
        notation=NOTATION,
        formulas=_formulas(options.metric, parts["entrants"]),
        environment=describe_environment(),
        failures=failures | failed,
        **parts,
    )
    vectors = {name: done[0].item_vectors for name, done in refits.items()}
    return Comparison(
        record=record,
        arrays=_arrays(refits, fold, interactions),
        item_vectors={name: v for name, v in vectors.items() if v is not None},
    )


def note_opening(storage: RDBStorage, studies: Iterable[str], test_hash: str, opening: OpeningRecord) -> None:
    """Note on each of these studies that the test of this hash is about to be opened.

    Each opening is an attribute of its own, so that two comparisons at one time cannot overwrite each other's.
    """
    note = Opening(test_hash=test_hash, when=opening.when, command=opening.command)
    for name in studies:
        OPENINGS.write(optuna.load_study(study_name=name, storage=storage), opening.id, note)


def openings_of(storage: RDBStorage, test_hash: str) -> tuple[OpeningRecord, ...]:
    """Return all openings of the test of this hash that any study of the storage knows of, the earliest first."""
    summaries = optuna.get_all_study_summaries(storage, include_best_trial=False)
    notes = {id_: note for summary in summaries for id_, note in OPENINGS.read(summary.user_attrs).items()}
    found = [
        OpeningRecord(id=id_, when=note.when, command=note.command)
        for id_, note in notes.items()
        if note.test_hash == test_hash
    ]
    return tuple(sorted(found, key=lambda opening: (opening.when, opening.id)))


@dataclass(frozen=True)
class _Ground:
    """The data that the refits are compared on."""

    interactions: Interactions
    test: Fold
    validation: Fold
    on_validation: Mapping[str, RankedLists]  #: tuned model -> its lists for the users of ``validation``
    shown: NDArray[np.int64]  #: items whose neighbours are shown
    compared: NDArray[np.int64]  #: items whose neighbours are compared, the shown ones included, ascending


def _findings(entrants: Sequence[Entrant], refits: Refits, ground: _Ground, options: CompareOptions) -> dict[str, Any]:
    """Return the parts of the record that follow from the refits."""
    metric, seed, fold = options.metric, options.seed, ground.test
    records = entrant_records(entrants, refits, fold, metric, seed=seed)
    ranked = [record.name for record in records]
    drawn = [name for name in ranked if name != LEFT_OUT_OF_OVERLAP]
    tuned = [record.name for record in records if not record.is_floor]
    order, merges = cluster(drawn, refits)
    titles, mapped = titles_of(ground.interactions), map_items(fold)
    n_likes = np.bincount(fold.train.indices, minlength=fold.train.shape[1])
    rows = np.searchsorted(ground.compared, ground.shown)
    blends = blend_records(tuned, refits, fold, ground.on_validation, ground.validation, metric, seed=seed)
    samples = sample_user_records(tuned, refits, fold, ground.interactions, titles, seed=seed)
    vectors = {name: v for name in ranked if (v := refits[name][0].item_vectors) is not None}
    return {
        "entrants": records,
        "pairs": pair_records(drawn, refits, fold, metric, margin=options.margin, seed=seed),
        "slices": tuple(slice_records(drawn, refits, fold, metric, seed=seed)),
        "conventions": convention_records(ranked, refits),
        "order": order,
        "merges": merges,
        "heatmaps": tuple(heatmaps(order, refits, np.diff(fold.histories.indptr), n_likes[ground.compared], seed=seed)),
        "blends": tuple(blends),
        "neighbours": tuple(neighbour_records(tuned, refits, rows, ground.shown, titles, fold)),
        "sample_users": tuple(samples),
        "map_titles": tuple(map(str, titles[mapped])),
        "map_likes": tuple(map(int, n_likes[mapped])),
        "maps": tuple(map_records(vectors, mapped, options.map_method)),
    }


def _neighbour_items(fold: Fold, options: CompareOptions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the items whose neighbours are shown, and, ascending, those whose neighbours are compared."""
    n_likes = np.bincount(fold.train.indices, minlength=fold.train.shape[1])
    most_popular = np.argsort(-n_likes, kind="stable")[:N_SHOWN_ITEMS]
    shown = np.array(options.items, np.int64) if options.items else most_popular.astype(np.int64)
    known = np.flatnonzero(n_likes >= ENOUGH_LIKES)
    rng = np.random.default_rng(options.seed)
    compared = rng.choice(known, min(N_NEIGHBOUR_ITEMS, len(known)), replace=False)
    return shown, np.union1d(compared, shown)


def _formulas(metric: Metric, entrants: Sequence[EntrantRecord]) -> dict[str, str]:
    ranking = {m.label.partition("@")[0]: formula(m.name) for m in dict.fromkeys([metric, *METRICS])}
    measured = [*MEASURES.items(), *((name, getattr(beyond_accuracy, name)) for name in beyond_accuracy.__all__)]
    of_lists = {LABELS.get(name, name.capitalize()): _formula_in(function) for name, function in measured}
    errors = {name.upper(): FORMULAS[name] for entrant in entrants for name in entrant.errors}
    return ranking | errors | of_lists


def _formula_in(function: Callable[..., Any]) -> str:
    """Return the text after ``Formula:`` in the docstring."""
    return (function.__doc__ or "").partition("Formula: ")[2].partition("\n")[0].strip()


def _arrays(refits: Refits, fold: Fold, interactions: Interactions) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "users": interactions.user_ids[fold.users],
        "items": interactions.item_ids,
        "hidden_indptr": fold.held_out.indptr,
        "hidden_items": fold.held_out.indices,
    }
    for name, done in refits.items():
        arrays[f"ranks:{name}"] = np.stack([each.ties.ranks("half") for each in done]).astype(np.float32)
        arrays[f"lists:{name}"] = done[0].lists.items
    return arrays
