"""The benchmark tasks: their work, the implementations that do it, and their quality measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from typing import get_args, get_type_hints

from bench.benchmarks import GROUPS
from bench.benchmarks.measures import (
    METRIC,
    Measure,
    factors_metric,
    identity,
    loss,
    neighbors_metric,
    rmse,
    share_of_best,
)
from bench.benchmarks.problem import Problem, Run
from studies.registry import MODELS, load_spec

__all__ = ["INSTALLABLE", "Implementation", "Task", "tasks_of"]

OURS = "mfbench"
MAX_EPOCHS = 30  #: of the evaluated run
#: Module -> distribution that contains it.
INSTALLABLE = {"implicit": "implicit", "irspack": "irspack", "lightfm": "lightfm-next", "surprise": "scikit-surprise"}
_MODELS_OF_GROUPS = {
    "ials": "ials",
    "bpr": "bpr",
    "warp": "warp",
    "hybrid": "hybrid",
    "item2item": "item2item",
    "ratings": "svdpp",
}
_LIGHTFM_INIT_SCALE = 0.036  #: length of a vector of 64 factors, each uniform in +- 1/128


@dataclass(frozen=True, kw_only=True)
class Implementation:
    """A library and the adapter that runs the task with it; ``module`` must be installed."""

    name: str
    module: str
    adapter: str  #: "module:function", the module within ``bench.benchmarks``
    options: Mapping[str, object] = field(default_factory=dict)
    blas_on_all_threads: bool = False  #: it spends its time in NumPy's matrix products

    @property
    def is_ours(self) -> bool:
        return self.module == OURS

    @property
    def is_installed(self) -> bool:
        return self.is_ours or find_spec(self.module) is not None

    def prepare(self, problem: Problem) -> Run:
        """Do everything that is not timed, and return the run."""
        module, _, function = self.adapter.partition(":")
        adapter: Callable[..., Run] = getattr(import_module(f"bench.benchmarks.{module}"), function)
        return adapter(problem, **self.options)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One kind of work. ``quality`` measures its final state, ``curve_measure`` the state after each epoch."""

    name: str
    title: str
    unit: str
    implementations: tuple[Implementation, ...]  #: the first is ours, the reference of all ratios
    quality: Measure
    quality_name: str
    n_factors: int = 64
    k: int = 100
    curve_measure: Measure | None = None
    curve_name: str = ""
    max_epochs: int = 1
    needs_ratings: bool = False
    needs_features: bool = False
    #: Name of the exact implementation and its number of epochs; its final loss sets the target.
    exact: tuple[str, int] | None = None

    @property
    def has_epochs(self) -> bool:
        return self.max_epochs > 1

    def implementation(self, name: str) -> Implementation:
        return next(implementation for implementation in self.implementations if implementation.name == name)


def tasks_of(groups: Sequence[str], *, max_epochs: int = MAX_EPOCHS) -> list[Task]:
    """Return the tasks of ``groups`` whose model is registered, all if ``groups`` is empty.

    ``max_epochs`` limits the epochs of their evaluated runs.
    """
    makers = {
        "ials": lambda: [_ials(64), _ials(128)],
        "ials-64": lambda: [_ials(64)],
        "ials-128": lambda: [_ials(128)],
        "bpr": lambda: [_bpr()],
        "warp": lambda: [_warp()],
        "hybrid": lambda: [_hybrid("warp"), _hybrid("bpr"), _hybrid("logistic")],
        "item2item": lambda: [_item2item()],
        "top-100": lambda: [_top()],
        "ranks": lambda: [_ranks()],
        "ratings": lambda: [_biased_svd(), _svdpp()],
    }
    wanted = [
        group for group in GROUPS if group in (groups or GROUPS) and _MODELS_OF_GROUPS.get(group, "ials") in MODELS
    ]
    tasks = {task.name: task for group in wanted for task in makers[group]()}
    return [replace(task, max_epochs=min(task.max_epochs, max_epochs)) for task in tasks.values()]


def _ials(n_factors: int) -> Task:
    config_type = load_spec("ials").model.config_type
    default = config_type().solver
    solvers = [default, *(solver for solver in get_args(get_type_hints(config_type)["solver"]) if solver != default)]
    ours = [_ours(f"mfbench {solver}", "fit_ials", solver=solver) for solver in solvers]
    theirs = [
        Implementation(
            name=f"irspack {name}", module="irspack", adapter="irspack_peer:fit_ials", options={"solver": solver}
        )
        for name, solver in (("CG", "CG"), ("Cholesky", "CHOLESKY"), ("iALS++", "IALSPP"))
    ]
    implicit = Implementation(name="implicit CG", module="implicit", adapter="implicit_peer:fit_ials")
    return Task(
        name=f"ials-{n_factors}",
        title=f"iALS, {n_factors} factors",
        unit="an iteration",
        implementations=(*ours, implicit, *theirs),
        n_factors=n_factors,
        curve_measure=loss,
        curve_name="loss",
        max_epochs=MAX_EPOCHS,
        exact=("mfbench cholesky", 8),
        quality=factors_metric,
        quality_name=METRIC.label,
    )


def _bpr() -> Task:
    """BPR with the algorithm of implicit, and with our own defaults.

    implicit's algorithm is ours with a single penalty and negatives drawn in proportion to their likes. Learning rate
    and penalty are implicit's best on ML-1M (of rates .01 to .1 and penalties .001 to .03; .01 is slower).
    """
    rate, reg = 0.02, 0.003
    same: dict[str, object] = {"learning_rate": rate, "decay": 0.0}
    same |= {"negatives": "popularity", "popularity_exponent": 1.0}
    same |= dict.fromkeys(("reg_user", "reg_positive", "reg_negative"), reg)
    implicit = Implementation(
        name="implicit",
        module="implicit",
        adapter="implicit_peer:fit_bpr",
        options={"learning_rate": rate, "regularization": reg},
    )
    ours = [_ours("mfbench", "fit_pairwise", model="bpr", **same)]
    ours += [_ours("mfbench defaults", "fit_pairwise", model="bpr")]
    return _pairwise("bpr", "BPR", *ours, implicit)


def _warp() -> Task:
    """WARP with the algorithm of LightFM, and with our own defaults.

    LightFM's algorithm is ours with its initial scale, except for penalties. On ML-1M LightFM is best with 10 sampled
    negatives; with 30 its MRR@100 is slightly lower.
    """
    settings = {"learning_rate": 0.05, "max_sampled": 10}
    lightfm = Implementation(name="lightfm-next", module="lightfm", adapter="lightfm_peer:fit_warp", options=settings)
    same = _ours("mfbench", "fit_pairwise", model="warp", init_scale=_LIGHTFM_INIT_SCALE, **settings)
    return _pairwise("warp", "WARP", same, _ours("mfbench defaults", "fit_pairwise", model="warp"), lightfm)


def _hybrid(loss: str) -> Task:
    """The hybrid model with LightFM's initial scale and negatives, which is its algorithm except for penalties."""
    settings: dict[str, object] = {"loss": loss, "learning_rate": 0.05}
    settings |= {"max_sampled": 10} if loss == "warp" else {}
    same: dict[str, object] = {"init_scale": _LIGHTFM_INIT_SCALE, **settings}
    same |= {"negatives": "popularity"} if loss == "bpr" else {}
    ours = [_ours("mfbench", "fit_pairwise", model="hybrid", **same)]
    ours += [_ours("mfbench defaults", "fit_pairwise", model="hybrid", loss=loss)] if loss == "warp" else []
    lightfm = Implementation(name="lightfm-next", module="lightfm", adapter="lightfm_peer:fit_hybrid", options=settings)
    title = {"warp": "WARP", "bpr": "BPR", "logistic": "logistic"}[loss]
    return replace(_pairwise(f"hybrid-{loss}", f"Hybrid, {title}", *ours, lightfm), needs_features=True)


def _pairwise(name: str, title: str, *implementations: Implementation) -> Task:
    return Task(
        name=name,
        title=f"{title}, 64 factors",
        unit="an epoch",
        implementations=implementations,
        curve_measure=factors_metric,
        curve_name=METRIC.label,
        max_epochs=MAX_EPOCHS,
        quality=factors_metric,
        quality_name=METRIC.label,
    )


def _item2item() -> Task:
    theirs = [
        Implementation(name=module, module=module, adapter=f"{module}_peer:fit_item2item")
        for module in ("implicit", "irspack")
    ]
    return Task(
        name="item2item",
        title="Item neighbours by cosine, K = 100",
        unit="a fit",
        implementations=(_ours("mfbench", "fit_item2item"), *theirs),
        quality=neighbors_metric,
        quality_name=METRIC.label,
    )


def _top() -> Task:
    return Task(
        name="top-100",
        title="Top 100 of every user, seen items left out, 64 factors",
        unit="all users",
        implementations=(
            _ours("mfbench", "recommend"),
            Implementation(name="implicit", module="implicit", adapter="implicit_peer:recommend"),
        ),
        quality=share_of_best,
        quality_name="correct items",
    )


def _ranks() -> Task:
    irspack = Implementation(
        name="irspack Evaluator", module="irspack", adapter="irspack_peer:rank", blas_on_all_threads=True
    )
    return Task(
        name="ranks",
        title="Ranks of the held-out items, 64 factors",
        unit="all validation users",
        implementations=(_ours("mfbench", "rank"), irspack),
        quality=identity,
        quality_name="MAP@100",
    )


def _biased_svd() -> Task:
    """Surprise's defaults, ours with the same settings, and our fastest settings with an error no larger than its."""
    quick = {"n_factors": 24, "n_epochs": 10, "learning_rate": 0.04, "decay": 0.2, "reg": 0.05}
    same: dict[str, object] = {"n_factors": 100, "n_epochs": 20, "learning_rate": 0.005, "init_scale": 1.0}
    same |= {"decay": 0.0, "reg": 0.02, "reg_bias": 0.02}
    return _ratings(
        "biased_svd",
        "Biased SVD of ratings, a whole fit",
        _ours("mfbench, 24 factors", "fit_ratings", model="biased_svd", **quick),
        _ours("mfbench, as Surprise", "fit_ratings", model="biased_svd", **same),
        algorithm="SVD",
    )


def _svdpp() -> Task:
    """Our defaults, Surprise's defaults, and ours with Surprise's defaults."""
    same: dict[str, object] = {"n_factors": 20, "n_epochs": 20, "learning_rate": 0.007, "init_scale": 0.45}
    same |= {"decay": 0.0, "reg": 0.02, "reg_bias": 0.02, "reg_implicit": 0.02}
    return _ratings(
        "svdpp",
        "SVD++ of ratings, a whole fit",
        _ours("mfbench", "fit_ratings", model="svdpp"),
        _ours("mfbench, as Surprise", "fit_ratings", model="svdpp", **same),
        algorithm="SVDpp",
    )


def _ratings(name: str, title: str, *ours: Implementation, algorithm: str) -> Task:
    options = {"algorithm": algorithm}
    surprise = Implementation(name="Surprise", module="surprise", adapter="surprise_peer:fit_ratings", options=options)
    return Task(
        name=name,
        title=title,
        unit="a fit",
        implementations=(*ours, surprise),
        quality=rmse,
        quality_name="RMSE",
        needs_ratings=True,
    )


def _ours(name: str, function: str, **options: object) -> Implementation:
    return Implementation(name=name, module=OURS, adapter=f"ours:{function}", options=options)
