"""Results of a comparison beside its page: the lines in the terminal, MLflow, and vectors for other tools."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cli.tables import aligned
from bench.commands.study_results import tracked_at
from evaluation.interactions import Interactions
from reports.compare.tables import FIXED_METRICS
from reports.compare.verdict import verdict
from reports.formats import brief, interval, metric_name, score, visible
from reports.page import file_name
from studies.comparison.file import SUFFIX
from studies.record.comparison import ComparisonRecord
from studies.record.files import write_whole
from studies.tracking.comparisons import track_comparison

__all__ = ["print_comparison", "record_path", "track", "write_projector"]


def record_path(name: str, folder: Path) -> Path:
    """Path of the record of the comparison with this name."""
    return folder / (file_name(name).removesuffix(".html") + SUFFIX)


def track(record: ComparisonRecord, files: Sequence[Path], uri: str) -> None:
    """Write the comparison to MLflow, and print where it is or why it is incomplete."""
    problem = track_comparison(uri, record, files)
    if problem:
        again = f"bench.report --comparison {record.name} --tracking-uri URI"
        print(f"MLflow: not all was written ({problem}); {visible(again)} catches up")
    else:
        print(tracked_at(uri))


def print_comparison(record: ComparisonRecord, page: Path, files: Sequence[Path]) -> None:
    """Print the verdict, the scores and where the files are."""
    text = verdict(record)
    print()
    for sentence in (text.headline, *text.findings, text.caveat):
        print(visible(sentence))
    print()
    others = [metric for metric in FIXED_METRICS if metric != record.metric]
    names = map(metric_name, [*others, *record.error_names])
    rows = [["test", metric_name(record.metric), "95 % interval", "fit", *names]]
    for entrant in record.entrants:
        estimate = entrant.metrics[record.metric]
        seconds = sum(entrant.fit_seconds) / len(entrant.fit_seconds)
        more = [score(entrant.metrics[name].mean) for name in others]
        more += [score(entrant.errors[name].mean) if entrant.errors else "" for name in record.error_names]
        rows.append([entrant.name, score(estimate.mean), interval(estimate), brief(seconds), *more])
    print("\n".join(aligned(rows)))
    print(f"The test split has been opened {len(record.openings)} time{'s' if len(record.openings) > 1 else ''}.")
    print(f"Report: {page}")
    for label, path in zip(("Record", "Ranks and lists"), files, strict=False):
        print(f"{label}: {path}")


def write_projector(vectors: Mapping[str, NDArray[np.float32]], interactions: Interactions, folder: Path) -> list[Path]:
    """Write ``MODEL/vectors.tsv`` and ``MODEL/metadata.tsv`` of each latent model for TensorBoard's projector.

    White space in a title becomes a blank, so that it breaks neither a line nor a column.
    """
    titles = interactions.item_titles if interactions.item_titles is not None else interactions.item_ids
    n_likes = np.bincount(interactions.matrix.indices, minlength=interactions.n_items)
    written = []
    for model, table in vectors.items():
        target = folder / model
        target.mkdir(parents=True, exist_ok=True)
        written += [target / "vectors.tsv", target / "metadata.tsv"]
        np.savetxt(written[-2], table, fmt="%.6g", delimiter="\t")
        lines = ["title\tid\tlikes"]
        rows = zip(titles.tolist(), interactions.item_ids.tolist(), n_likes.tolist(), strict=True)
        lines += ["\t".join(map(_plain, row)) for row in rows]
        write_whole(written[-1], "\n".join(lines) + "\n")
    return written


def _plain(value: Any) -> str:
    return visible(re.sub(r"\s+", " ", str(value)).strip())
