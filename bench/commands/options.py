"""Options of single commands; those of data, splits, searches and comparisons stand with their dataclasses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.benchmarks import GROUPS, MIN_EPOCHS
from bench.cli.options import hint_at
from bench.datasets.catalogue import KNOWN_SETS
from evaluation.option_fields import option, required
from models.spark_session import MASTER
from studies.registry import model_names
from studies.tracking.mlflow_runs import DEFAULT_TRACKING_URI

__all__ = [
    "CompareCommand",
    "ConvertCommand",
    "DataCommand",
    "ExportCommand",
    "FetchCommand",
    "InspectCommand",
    "PeersCommand",
    "ReportCommand",
    "ReportFolder",
    "ShowCommand",
    "Spark",
    "SpeedCommand",
    "StudyCommand",
    "Tracking",
]

_MODELS = ", ".join(model_names())


def _parse_group(name: str) -> str:
    if name not in GROUPS:
        raise ValueError(f"{name!r} is none of {', '.join(GROUPS)}{hint_at(name, GROUPS)}")
    return name


def _parse_threads(text: str) -> int:
    cores = os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{text!r} is not a whole number from 1 on")
    if int(text) > cores:
        raise ValueError(f"{text} threads are more than the {cores} cores here")
    return int(text)


def _parse_settings(text: str) -> dict[str, dict[str, str]]:
    """``bpr.n_epochs=150,bpr.reg_user=0`` -> {"bpr": {"n_epochs": "150", "reg_user": "0"}}."""
    settings: dict[str, dict[str, str]] = {}
    for word in text.split(","):
        key, equals, value = word.partition("=")
        model, dot, name = key.strip().partition(".")
        if not (equals and dot):
            raise ValueError(f"{word!r} is not MODEL.NAME=VALUE, such as bpr.n_epochs=150")
        settings.setdefault(model, {})[name] = value.strip()
    return settings


@dataclass(frozen=True, kw_only=True)
class ReportFolder:
    """Where a report is written."""

    report_dir: Path = option(Path("reports/html"), "Write the report and the files beside it to this folder", "FOLDER")


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """Whether and where MLflow tracks."""

    tracking_uri: str = option(
        DEFAULT_TRACKING_URI, "Track runs in this MLflow store or server", "URI", env="MLFLOW_TRACKING_URI"
    )
    mlflow: bool = option(True, "Do not write to MLflow", name="no-mlflow")


@dataclass(frozen=True, kw_only=True)
class Spark:
    """Where Spark runs."""

    spark_master: str | None = option(
        None,
        "Fit spark_als there, such as local[2] or spark://host:7077",
        "URL",
        default_text=f"${MASTER}, else local[*]",
    )


@dataclass(frozen=True, kw_only=True)
class StudyCommand:
    """Options of ``bench.study`` beside those of the search."""

    model: str | None = option(None, f"Tune this model: {_MODELS}", "NAME", default_text="required, except with --sync")
    sync: bool = option(
        False,
        "Run no trial, but write to MLflow what it lacks of --study-name, or of all studies in --storage (of --model)",
    )


@dataclass(frozen=True, kw_only=True)
class CompareCommand:
    """Options of ``bench.compare`` beside those of the comparison."""

    models: tuple[str, ...] | None = option(None, "Compare these models", "NAME", default_text="all that have a study")
    tune: int | None = option(
        None,
        "First tune each model that has no study with N trials; models that need an extra only if --models names them",
        "N",
        min=1,
        default_text="tune none",
    )
    show_items: tuple[str, ...] | None = option(
        None, "Show the neighbours of the items with these titles", "TITLE", default_text="the most popular items"
    )
    projector: Path | None = option(
        None,
        "Write item vectors for TensorBoard's embedding projector to this folder",
        "FOLDER",
        default_text="do not write them",
    )


@dataclass(frozen=True, kw_only=True)
class ReportCommand:
    """Options of ``bench.report``."""

    study_name: str | None = option(None, "Write the report of this study", "NAME", exclusive=True)
    comparison: str | None = option(
        None,
        "Write the report of this comparison, given by its name or the file of its record",
        "NAME|FILE",
        exclusive=True,
        path=True,
    )
    tracking_uri: str | None = option(
        None,
        "Also write the comparison to this MLflow store or server, if it is missing there",
        "URI",
        default_text="do not",
    )


@dataclass(frozen=True, kw_only=True)
class ShowCommand:
    """Options of ``bench.show``."""

    model: tuple[str, ...] = required(f"Show the lists of these models: {_MODELS}", "NAME")
    item: str | None = option(
        None, "Show the neighbours of this item, given by a part of its title or by its id", "TITLE", exclusive=True
    )
    user: str | None = option(None, "Show recommendations for the user with this id", "ID", exclusive=True)
    k: int = option(10, "Make lists of N items", "N", min=1)
    seed: int = option(0, "Seed the models with N", "N", min=0)
    threads: int | None = option(None, "Use N cores", "N", min=1, default_text="all")


@dataclass(frozen=True, kw_only=True)
class ExportCommand:
    """Options of ``bench.export``."""

    model: str = required(f"Export this model: {_MODELS}", "NAME")
    to: Path | None = option(None, "Write to this folder", "FOLDER", default_text="export/MODEL-DATA")
    k: int = option(10, "Measure the recall of the index for lists of N items", "N", min=1)
    seed: int = option(0, "Seed the model with N", "N", min=0)
    threads: int | None = option(None, "Use N cores", "N", min=1, default_text="all")


@dataclass(frozen=True, kw_only=True)
class SpeedCommand:
    """Options of ``bench.speed``."""

    only: tuple[str, ...] | None = option(
        None,
        f"Measure only these models, of {_MODELS}",
        "MODEL,...",
        commas=True,
        default_text="all that need no extra",
    )
    set: Mapping[str, Mapping[str, str]] | None = option(
        None,
        "Change these parameters of the models",
        "MODEL.NAME=VALUE,...",
        parse=_parse_settings,
        default_text="the defaults of each model",
    )
    calls: int = option(200, "Time N calls of each kind", "N", min=1)
    threads: int | None = option(None, "Use N cores", "N", min=1, default_text="all")
    seed: int = option(0, "Seed the models and the choice of users with N", "N", min=0)


@dataclass(frozen=True, kw_only=True)
class PeersCommand:
    """Options of ``bench.peers``."""

    only: tuple[str, ...] = option(
        GROUPS,
        f"Run only these tasks, of {', '.join(GROUPS)}",
        "TASK,...",
        commas=True,
        parse=_parse_group,
        default_text="all",
    )
    runs: int = option(3, "Time N runs of each library", "N", min=1)
    threads: tuple[int, ...] | None = option(
        None,
        "Run each task once on each of these numbers of threads",
        "N,...",
        commas=True,
        parse=_parse_threads,
        default_text="1 and, with more cores, 2",
    )
    epochs: int | None = option(
        None,
        f"Train N epochs to find the best quality; the first {MIN_EPOCHS} are timed",
        "N",
        min=MIN_EPOCHS,
        default_text="30",
    )
    large: bool = option(False, "Also run on 20 million synthetic likes of 138,000 users")
    seed: int = option(0, "Seed the split with N", "N", min=0)
    data: str | None = option(
        None,
        "Run on this data set, which is named as in other commands",
        "NAME|PATH",
        path=True,
        default_text="movielens-small and two synthetic sets, one like ML-1M, one sparse",
    )


@dataclass(frozen=True, kw_only=True)
class DataCommand:
    """The subcommand of ``bench.data``."""

    command: Literal["list", "fetch", "inspect", "convert"] = required(
        "List the known sets, fetch them, inspect a file, or convert an .npz; each has its own --help",
        "COMMAND",
        positional=True,
    )


@dataclass(frozen=True, kw_only=True)
class FetchCommand:
    """Options of ``bench.data fetch``."""

    names: tuple[str, ...] = required(f"Fetch these sets, of {', '.join(KNOWN_SETS)}", "NAME", positional=True)
    source: str | None = option(
        None,
        "Take them from this mirror, or from a file on disk",
        "URL|FOLDER",
        name="from",
        path=True,
        default_text="the address of each set",
    )


@dataclass(frozen=True, kw_only=True)
class InspectCommand:
    """Options of ``bench.data inspect`` beside those of the data."""

    html: Path | None = option(None, "Write the summary as a page, too", "FILE", default_text="do not")


@dataclass(frozen=True, kw_only=True)
class ConvertCommand:
    """Options of ``bench.data convert``."""

    file: Path = required("Convert this .npz with train_ids and valid_ids", "FILE", positional=True)
    to: Path = required("Write the new .npz here; it must not exist", "FILE")
