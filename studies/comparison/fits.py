"""All fits of a comparison; a model that cannot be fitted is left out, and the others are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from evaluation.fold import Fold
from evaluation.overlap import RankedLists
from studies.comparison.entrants import Entrant
from studies.comparison.refit import Refit, lists_on, refit

__all__ = ["FitOptions", "refit_all", "validation_lists"]


class FitOptions(Protocol):
    """The options of a comparison that concern fits."""

    @property
    def seed(self) -> int: ...

    @property
    def seeds(self) -> tuple[int, ...]: ...

    @property
    def threads(self) -> int | None: ...

    @property
    def jobs(self) -> int: ...


def refit_all(
    entrants: Sequence[Entrant],
    fold: Fold,
    items: NDArray[np.int64],
    options: FitOptions,
    progress: Callable[[str], None],
) -> tuple[dict[str, list[Refit]], dict[str, str]]:
    """Return the refits of every model, and the error of every model that failed."""
    tasks = [(entrant, seed) for entrant in entrants for seed in options.seeds]

    def announced() -> Any:
        for entrant, seed in tasks:
            progress(f"refitting {entrant.name}, seed {seed}")
            yield delayed(_attempt)(refit, entrant, fold, items, seed=seed, threads=options.threads)

    done = Parallel(n_jobs=options.jobs, pre_dispatch="n_jobs")(announced())
    refits: dict[str, list[Refit]] = {}
    failures: dict[str, str] = {}
    for (entrant, _), result in zip(tasks, done, strict=True):
        if isinstance(result, _Failure):
            failures.setdefault(entrant.name, result.error)
        else:
            refits.setdefault(entrant.name, []).append(result)
    return {name: done for name, done in refits.items() if name not in failures}, failures


def validation_lists(
    entrants: Sequence[Entrant], fold: Fold, options: FitOptions, progress: Callable[[str], None]
) -> tuple[dict[str, RankedLists], dict[str, str]]:
    """Return each tuned model's lists for the users of the fold, and the error of every model that failed."""
    lists: dict[str, RankedLists] = {}
    failures: dict[str, str] = {}
    for entrant in entrants:
        if not entrant.is_floor:
            progress(f"blending {entrant.name} on validation")
            found = _attempt(lists_on, entrant, fold, seed=options.seed, threads=options.threads)
            if isinstance(found, _Failure):
                failures[entrant.name] = found.error
            else:
                lists[entrant.name] = found
    return lists, failures


@dataclass(frozen=True)
class _Failure:
    error: str


def _attempt(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return what ``work`` returns, or its failure."""
    try:
        return work(*args, **options)
    except Exception as error:
        return _Failure(f"{type(error).__name__}: {error}")
