"""Options of single commands; those of data, splits, searches and comparisons stand with their dataclasses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.benchmarks import GROUPS, MIN_EPOCHS
from bench.cli.options import did_you_mean
from bench.datasets.catalogue import KNOWN_SETS
from bench.datasets.options import DataOptions
from models.spark_session import MASTER
from studies.registry import model_names
from studies.tracking.runs import DEFAULT_TRACKING_URI

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
_SEED: Any = {"help": "Seed the models with N", "metavar": "N", "min": 0}
_THREADS: Any = {"help": "Use N cores", "metavar": "N", "min": 1, "default": "all"}
_LENGTH: Any = {"help": "Make lists of N items", "metavar": "N", "min": 1}


def _parse_group(name: str) -> str:
    if name not in GROUPS:
        raise ValueError(f"{name!r} is none of {', '.join(GROUPS)}{did_you_mean(name, GROUPS)}")
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

    report_dir: Path = field(
        default=Path("reports/html"),
        metadata={"help": "Write the report and the files beside it to this folder", "metavar": "FOLDER"},
    )


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """Whether and where MLflow tracks."""

    tracking_uri: str = field(
        default=DEFAULT_TRACKING_URI,
        metadata={
            "help": "Track runs in this MLflow store or server",
            "metavar": "URI",
            "env": "MLFLOW_TRACKING_URI",
        },
    )
    mlflow: bool = field(default=True, metadata={"option": "no-mlflow", "help": "Do not write to MLflow"})


@dataclass(frozen=True, kw_only=True)
class Spark:
    """Where Spark runs."""

    spark_master: str | None = field(
        default=None,
        metadata={
            "help": "Fit spark_als there, such as local[2] or spark://host:7077",
            "metavar": "URL",
            "default": f"${MASTER}, else local[*]",
        },
    )


@dataclass(frozen=True, kw_only=True)
class StudyCommand:
    """Options of ``bench.study`` beside those of the search."""

    model: str | None = field(
        default=None,
        metadata={"help": f"Tune this model: {_MODELS}", "metavar": "NAME", "default": "required, except with --sync"},
    )
    sync: bool = field(
        default=False,
        metadata={
            "help": "Run no trial, but write to MLflow what it lacks of --study-name, or of all studies in --storage "
            "(of --model)",
            "group": "records",
        },
    )


@dataclass(frozen=True, kw_only=True)
class CompareCommand:
    """Options of ``bench.compare`` beside those of the comparison."""

    models: tuple[str, ...] | None = field(
        default=None, metadata={"help": "Compare these models", "metavar": "NAME", "default": "all that have a study"}
    )
    tune: int | None = field(
        default=None,
        metadata={
            "help": "First tune each model that has no study with N trials; models that need an extra take part only "
            "if --models names them",
            "metavar": "N",
            "min": 1,
            "default": "tune none",
        },
    )
    show_items: tuple[str, ...] | None = field(
        default=None,
        metadata={
            "help": "Show the neighbours of the items with these titles",
            "metavar": "TITLE",
            "default": "the most popular items",
        },
    )
    projector: Path | None = field(
        default=None,
        metadata={
            "help": "Write item vectors for TensorBoard's embedding projector to this folder",
            "metavar": "FOLDER",
            "default": "do not write them",
        },
    )


@dataclass(frozen=True, kw_only=True)
class ReportCommand:
    """Options of ``bench.report``."""

    study_name: str | None = field(
        default=None, metadata={"help": "Write the report of this study", "metavar": "NAME", "exclusive": True}
    )
    comparison: str | None = field(
        default=None,
        metadata={
            "help": "Write the report of this comparison, given by its name or the file of its record",
            "metavar": "NAME|FILE",
            "exclusive": True,
            "path": True,
        },
    )
    tracking_uri: str | None = field(
        default=None,
        metadata={
            "help": "Also write the comparison to this MLflow store or server, if it is missing there",
            "metavar": "URI",
            "group": "records",
            "default": "do not",
        },
    )


@dataclass(frozen=True, kw_only=True)
class ShowCommand:
    """Options of ``bench.show``."""

    model: tuple[str, ...] = field(metadata={"help": f"Show the lists of these models: {_MODELS}", "metavar": "NAME"})
    item: str | None = field(
        default=None,
        metadata={
            "help": "Show the neighbours of this item, given by a part of its title or by its id",
            "metavar": "TITLE",
            "exclusive": True,
        },
    )
    user: str | None = field(
        default=None,
        metadata={"help": "Show recommendations for the user with this id", "metavar": "ID", "exclusive": True},
    )
    k: int = field(default=10, metadata=_LENGTH)
    seed: int = field(default=0, metadata=_SEED)
    threads: int | None = field(default=None, metadata=_THREADS)


@dataclass(frozen=True, kw_only=True)
class ExportCommand:
    """Options of ``bench.export``."""

    model: str = field(metadata={"help": f"Export this model: {_MODELS}", "metavar": "NAME"})
    to: Path | None = field(
        default=None,
        metadata={"help": "Write to this folder", "metavar": "FOLDER", "default": "export/MODEL-DATA"},
    )
    k: int = field(default=10, metadata={**_LENGTH, "help": "Measure the recall of the index for lists of N items"})
    seed: int = field(default=0, metadata=_SEED)
    threads: int | None = field(default=None, metadata=_THREADS)


@dataclass(frozen=True, kw_only=True)
class SpeedCommand:
    """Options of ``bench.speed``."""

    only: tuple[str, ...] | None = field(
        default=None,
        metadata={
            "help": f"Measure only these models, of {_MODELS}",
            "metavar": "MODEL,...",
            "commas": True,
            "default": "all that need no extra",
        },
    )
    set: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict,
        metadata={
            "help": "Change these parameters of the models",
            "metavar": "MODEL.NAME=VALUE,...",
            "parse": _parse_settings,
            "default": "the defaults of each model",
        },
    )
    calls: int = field(default=200, metadata={"help": "Time N calls of each kind", "metavar": "N", "min": 1})
    threads: int | None = field(default=None, metadata=_THREADS)
    seed: int = field(default=0, metadata={**_SEED, "help": "Seed the models and the choice of users with N"})


@dataclass(frozen=True, kw_only=True)
class PeersCommand:
    """Options of ``bench.peers``."""

    only: tuple[str, ...] = field(
        default=GROUPS,
        metadata={
            "help": f"Run only these tasks, of {', '.join(GROUPS)}",
            "metavar": "TASK,...",
            "commas": True,
            "parse": _parse_group,
            "default": "all",
        },
    )
    runs: int = field(default=3, metadata={"help": "Time N runs of each library", "metavar": "N", "min": 1})
    threads: tuple[int, ...] | None = field(
        default=None,
        metadata={
            "help": "Run each task once on each of these numbers of threads",
            "metavar": "N,...",
            "commas": True,
            "parse": _parse_threads,
            "default": "1 and, with more cores, 2",
        },
    )
    epochs: int | None = field(
        default=None,
        metadata={
            "help": f"Train N epochs to find the best quality; the first {MIN_EPOCHS} are timed",
            "metavar": "N",
            "min": MIN_EPOCHS,
            "default": "30",
        },
    )
    large: bool = field(default=False, metadata={"help": "Also run on 20 million synthetic likes of 138,000 users"})
    seed: int = field(default=0, metadata={**_SEED, "help": "Seed the split with N"})
    data: str | None = field(
        default=None,
        metadata={
            **DataOptions.__dataclass_fields__["data"].metadata,
            "group": "data",
            "default": "movielens-small and two synthetic sets, one like ML-1M, one sparse",
        },
    )


@dataclass(frozen=True, kw_only=True)
class DataCommand:
    """The subcommand of ``bench.data``."""

    command: Literal["list", "fetch", "inspect", "convert"] = field(
        metadata={
            "help": "List the known sets, fetch them, inspect a file, or convert an .npz; each has its own --help",
            "metavar": "COMMAND",
            "positional": True,
        }
    )


@dataclass(frozen=True, kw_only=True)
class FetchCommand:
    """Options of ``bench.data fetch``."""

    names: tuple[str, ...] = field(
        metadata={"help": f"Fetch these sets, of {', '.join(KNOWN_SETS)}", "metavar": "NAME", "positional": True}
    )
    source: str | None = field(
        default=None,
        metadata={
            "option": "from",
            "help": "Take them from this mirror, or from a file on disk",
            "metavar": "URL|FOLDER",
            "path": True,
            "default": "the address of each set",
        },
    )


@dataclass(frozen=True, kw_only=True)
class InspectCommand:
    """Options of ``bench.data inspect`` beside those of the data."""

    html: Path | None = field(
        default=None, metadata={"help": "Write the summary as a page, too", "metavar": "FILE", "default": "do not"}
    )


@dataclass(frozen=True, kw_only=True)
class ConvertCommand:
    """Options of ``bench.data convert``."""

    file: Path = field(
        metadata={"help": "Convert this .npz with train_ids and valid_ids", "metavar": "FILE", "positional": True}
    )
    to: Path = field(metadata={"help": "Write the new .npz here; it must not exist", "metavar": "FILE"})
