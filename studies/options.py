"""Options of a search and of a comparison; nothing here imports Optuna, so that a command's help is quick."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from evaluation.metrics import DEFAULT, InvalidMetricError, Metric
from evaluation.option_fields import check_ranges, option, required
from models.errors import UserError
from studies.secrets import hide_password

__all__ = ["CompareOptions", "InvalidSearchError", "SamplerName", "SearchOptions"]

SamplerName = Literal["gp", "tpe", "random", "grid"]


class InvalidSearchError(UserError):
    """The options of a search or of a comparison contradict each other or cannot be used here."""


def _parse_map(method: str) -> str:
    if method == "umap" and find_spec("umap") is None:
        raise ValueError("umap needs umap-learn (pip install -e '.[umap]'); or take pca")
    return method


def _parse_half_life(text: str) -> float | None:
    try:
        days = None if text == "never" else float(text)
    except ValueError:
        days = 0.0
    if days is not None and not 0 < days < float("inf"):
        raise ValueError(f"{text!r} is neither a number of days above 0 nor never")
    return days


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How to search. Raises InvalidSearchError or InvalidMetricError."""

    metric: Metric = option(
        DEFAULT,
        "Maximise this metric, such as map@30 or ndcg@10; with two metrics, find their Pareto front",
        "NAME@K",
        parse=Metric.parse,
        several=True,  # the values of both fields
    )
    second_metric: Metric | None = None  #: with two metrics no trial is pruned
    n_trials: int = option(
        30, "Run trials until the study has N, those of earlier runs included", "N", name="trials", min=1
    )
    timeout: float | None = option(
        None, "Start no new trial after this many seconds", "SECONDS", above=0, default_text="no limit"
    )
    sampler: SamplerName = option(
        "gp",
        "Propose configurations by a Gaussian process, by TPE, at random, or from a grid of 4 points per range; a "
        "resumed study may change its sampler",
    )
    grow_factors: int | None = option(
        None,
        "Search with at most 32 factors, then double the best up to N, with other parameters within a factor of three",
        "N",
        min=1,
        default_text="no doubling",
    )
    half_life: tuple[float | None, ...] = option(
        (),
        "Halve the weight of a like every DAYS of its age; from several values the search chooses",
        "DAYS|never",
        parse=_parse_half_life,
        default_text="likes of any age have the same weight",
    )
    rescore: int = option(
        5, "Score the N best trials again on fresh draws before naming the winner; 0 skips this", "N", min=0
    )
    trial_timeout: float | None = option(
        None,
        "Fail a trial after this many seconds, even within a fit (not of spark_als); trials run in another process",
        "SECONDS",
        above=0,
        default_text="no limit",
    )
    max_failures: int = option(10, "Stop when N trials of the study have failed", "N", min=1)
    seed: int = option(0, "Seed the split, the search and the models with N", "N", min=0)
    search_seed: int | None = option(
        None, "Seed the search alone with N: other proposals on the same split", "N", min=0, default_text="--seed"
    )
    threads: int | None = option(
        None, "Use N cores, or N per worker", "N", min=1, default_text="all, divided among the workers"
    )
    workers: int = option(1, "Run N trials at the same time, each in its own process", "N", min=1)
    scheduler: str | None = option(
        None,
        "Run trials on all workers of the Dask cluster at this address, such as tcp://host:8786",
        "URL",
        default_text="this machine",
    )
    study_name: str = required(
        "Create the study under this name, or resume it", "NAME", group="records", default_text="MODEL-DATA"
    )
    storage: str = option(
        "sqlite:///mfbench.db",
        "Keep the studies in this database",
        "URL",
        env="MFBENCH_STORAGE",
        group="records",
        secret=True,  # it may contain a password
    )

    def __post_init__(self) -> None:
        check_ranges(self, InvalidSearchError)
        if self.scheduler and self.workers > 1:
            raise InvalidSearchError(
                f"{self.workers} workers of this machine and those of {hide_password(self.scheduler)}: "
                "give one of the two"
            )
        if self.scheduler and self.storage.startswith("sqlite"):
            raise InvalidSearchError(
                f"The workers of {hide_password(self.scheduler)} cannot share the SQLite file of this machine; "
                "give a --storage that they can reach, such as postgresql://user@host/studies"
            )
        if self.grow_factors and self.sampler == "grid":
            raise InvalidSearchError("A grid does not grow; leave --grow-factors out, or take --sampler gp")
        if self.second_metric == self.metric:
            raise InvalidMetricError(f"The two metrics of a study must differ, got {self.metric} twice")

    @property
    def is_serial(self) -> bool:
        """Whether trials run in this process, where a fit that hangs cannot be ended."""
        return self.workers == 1 and self.scheduler is None and self.trial_timeout is None

    @property
    def sampler_seed(self) -> int:
        return self.seed if self.search_seed is None else self.search_seed

    @property
    def own_threads(self) -> int | None:
        """Threads of this process while no worker runs."""
        return self.threads * self.workers if self.threads else None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (self.metric, self.second_metric) if self.second_metric else (self.metric,)


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """How to compare. Raises InvalidSearchError."""

    metric: Metric = option(
        DEFAULT, "Compare by this metric, which the studies maximised", "NAME@K", parse=Metric.parse
    )
    n_seeds: int = option(5, "Refit each model with N seeds", "N", name="seeds", min=1)
    margin: float = option(0.005, "Treat differences of the metric below this as practically none", "SIZE", above=0)
    seed: int = option(0, "Seed the split, the resampling and the first refit with N", "N", min=0)
    threads: int | None = option(None, "Use N cores for a refit", "N", min=1, default_text="all")
    jobs: int = option(1, "Run N refits at the same time; they share the cores, which their times show", "N", min=1)
    items: tuple[int, ...] = ()  #: items whose neighbours are shown; none takes the most popular
    map_method: Literal["pca", "umap"] = option(
        "pca", "Project item vectors to the map by PCA or UMAP", name="map", parse=_parse_map
    )
    name: str = required("Name the comparison and its files", "NAME", group="records", default_text="compare-DATA")

    def __post_init__(self) -> None:
        check_ranges(self, InvalidSearchError)

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(range(self.seed, self.seed + self.n_seeds))
