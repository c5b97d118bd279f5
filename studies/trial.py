"""One configuration on one set of folds: fit it epoch by epoch, and rank the held-out items."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from math import log
from typing import Any

import numpy as np

from evaluation.factor_ranking import rank_by_factors
from evaluation.metrics import Metric
from evaluation.ranking import HeldOutRanks, NonFiniteScoresError, rank_held_out
from evaluation.rating_errors import RatingErrors, error_estimates
from evaluation.significance import Estimate
from evaluation.split import Fold
from models.base import Recommender
from models.factor_model import FactorModel
from models.memory import n_in_memory
from models.threads import available_threads, can_run_side_by_side, limited_threads
from studies.spec import StudySpec
from studies.training_data import errors_of, features_of_fold, suited

__all__ = ["StoppedError", "TrialResult", "fit_and_rank", "rank_by", "run_trial", "warm_up"]

TINY = 1e-12  #: added to settings that are compared by their ratio, which may be 0


class StoppedError(Exception):
    """The search is to stop, in the middle of a fit."""


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """Ranks and metric of the best epoch of a configuration, and what the fits cost."""

    value: float  #: the metric, averaged over the draws
    n_epochs: int  #: the epoch with that value; 1 for a model without epochs
    curve: tuple[float, ...]  #: the metric after epoch 1, 2, ...
    ranks: tuple[HeldOutRanks, ...]  #: one a draw
    fit_seconds: float  #: summed over the draws, up to the last epoch run
    evaluate_seconds: float
    errors: Mapping[str, Estimate]  #: "rmse" and "mae" on withheld ratings, of a rating model


def run_trial(
    spec: StudySpec,
    config: Any,
    folds: Sequence[Fold],
    metric: Metric,
    *,
    seed: int,
    threads: int | None = None,
    after_epoch: Callable[[int, float], None] = lambda epoch, value: None,
) -> TrialResult:
    """Fit ``config`` on every fold, epoch by epoch, until the metric has not improved for ``spec.patience`` epochs.

    The folds are draws of one validation set. After each epoch the metric is averaged over them and passed to
    ``after_epoch(epoch, value)``, which may raise to end the trial. As many folds as fit into memory are fitted in
    parallel and share the threads; the result does not depend on their number.
    """
    fits, n_beside = _fits(spec, config, folds, seed, threads)
    curve: list[float] = []
    best: tuple[HeldOutRanks, ...] = ()
    errors: list[RatingErrors] = []
    best_epoch = 0
    with ThreadPoolExecutor(n_beside) as pool:
        while all(pool.map(_Fit.advance, fits)):
            ranks = tuple(fit.ranks for fit in fits)
            curve.append(metric.over_draws(ranks))
            if best_epoch == 0 or curve[-1] > curve[best_epoch - 1]:
                best, best_epoch = ranks, len(curve)
                errors = [fit.errors for fit in fits if fit.errors is not None]
            after_epoch(len(curve), curve[-1])
            if len(curve) - best_epoch >= spec.patience:
                break
    return TrialResult(
        value=curve[best_epoch - 1],
        n_epochs=best_epoch,
        curve=tuple(curve),
        ranks=best,
        fit_seconds=sum(fit.fit_seconds for fit in fits),
        evaluate_seconds=sum(fit.evaluate_seconds for fit in fits),
        errors=error_estimates(errors, seed=seed) if errors else {},
    )


def fit_and_rank(
    spec: StudySpec,
    config: Any,
    folds: Sequence[Fold],
    *,
    seed: int,
    threads: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[HeldOutRanks, ...]:
    """Fit ``config`` on every fold for all its epochs and rank after the last one, so that no epoch is selected.

    Raises StoppedError after the epoch in which ``should_stop`` returns True.
    """

    def finish(fit: _Fit) -> HeldOutRanks:
        for _ in fit.epochs:
            if should_stop():
                raise StoppedError
        ranks = rank_by(fit.model, fit.fold)
        fit.release()
        return ranks

    fits, n_beside = _fits(spec, config, folds, seed, threads)
    with ThreadPoolExecutor(n_beside) as pool:
        return tuple(pool.map(finish, fits))


def warm_up(spec: StudySpec, threads: int | None = None) -> None:
    """Compile the model's kernels on a tiny problem, so that no trial is timed with the compiler."""
    import scipy.sparse as sp

    matrix = sp.csr_array(np.tril(np.ones((4, 4), np.float32)))
    held_out = sp.csr_array(np.triu(np.ones((4, 4), np.float32), 1))[:3]
    fold = Fold(train=matrix, users=np.arange(3), histories=matrix[:3], held_out=held_out, fold_in=False)
    fit = _Fit(spec, spec.model(seed=0, threads=threads), fold)
    fit.advance()


def rank_by(model: Recommender[Any], fold: Fold) -> HeldOutRanks:
    """Rank the held-out items of the fold by the model's scores; each thread takes blocks of users of its own.

    NonFiniteScoresError, which names the model and its most unusual setting, if a score is NaN or infinite.
    """
    try:
        return _ranks(model, fold)
    except NonFiniteScoresError as error:
        raise NonFiniteScoresError(f"{model.name}: {error}{_most_unusual_setting(model.config)}") from None


def _ranks(model: Recommender[Any], fold: Fold) -> HeldOutRanks:
    threads = model.threads or available_threads()
    if isinstance(model, FactorModel):
        x = model.fold_in(fold.histories) if fold.fold_in else model.user_factors[fold.users]
        with limited_threads(1):
            return rank_by_factors(x, model.item_factors, fold, threads=threads)
    if threads == 1 or not can_run_side_by_side():
        return rank_held_out(model.scores, fold)
    with limited_threads(1):
        return rank_held_out(model.on_one_thread().scores, fold, threads=threads)


def _most_unusual_setting(config: Any) -> str:
    """Name the number that is the largest multiple or the smallest fraction of its default, if any differs."""
    ratios = {
        field.name: abs(log((abs(getattr(config, field.name)) + TINY) / (abs(field.default) + TINY)))
        for field in fields(config)
        if isinstance(field.default, float) and isinstance(getattr(config, field.name), float | int)
    }
    name = max(ratios, key=ratios.__getitem__, default="")
    if not name or ratios[name] == 0:
        return ""
    return f". Look at {name} first: {getattr(config, name):g}, by default {getattr(type(config), name):g}"


def _fits(
    spec: StudySpec, config: Any, folds: Sequence[Fold], seed: int, threads: int | None
) -> tuple[list[_Fit], int]:
    """Return a fit for each fold, and how many of them may run in parallel and share the threads."""
    n_threads = threads or available_threads()
    n_beside = min(len(folds), n_threads) if can_run_side_by_side() else 1
    if needed := spec.model.bytes_to_fit(folds[0].train.shape[1]):
        n_beside = min(n_beside, max(1, n_in_memory(needed)))  # a fit that has no room raises
    shown = [suited(fold, spec.model) for fold in folds]
    return [_Fit(spec, spec.model(config, seed=seed, threads=n_threads // n_beside), fold) for fold in shown], n_beside


class _Fit:
    """One model on one fold, advanced epoch by epoch; a model without epochs is released after its fit."""

    def __init__(self, spec: StudySpec, model: Recommender[Any], fold: Fold) -> None:
        self.is_once = spec.max_epochs == 1
        self.model = model
        self.fold = fold
        self.epochs: Iterator[int] = model.fit_epochs(
            fold.train, timestamps=fold.timestamps, features=features_of_fold(model, fold)
        )
        self.fit_seconds = 0.0
        self.evaluate_seconds = 0.0
        self.ranks: HeldOutRanks
        self.errors: RatingErrors | None = None

    def advance(self) -> bool:
        """Fit one more epoch and rank; return False where the model has no more."""
        start = time.perf_counter()
        if next(self.epochs, None) is None:
            return False
        fitted = time.perf_counter()
        self.ranks = rank_by(self.model, self.fold)
        self.errors = errors_of(self.model, self.fold)
        self.fit_seconds += fitted - start
        self.evaluate_seconds += time.perf_counter() - fitted
        if self.is_once:
            self.release()
        return True

    def release(self) -> None:
        """Release the model, as the next fit may need its memory."""
        self.epochs = iter(())
        del self.model
