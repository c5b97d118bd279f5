"""Where a model ranks the hidden likes of a fold, found on all the threads that it may use."""

from __future__ import annotations

from typing import Any

from evaluation.fold import Fold
from evaluation.products import rank_products
from evaluation.ranking import HiddenRanks, rank_hidden
from models.base import Recommender
from models.factor_model import FactorModel
from models.threads import available_threads, can_run_side_by_side, limited_threads

__all__ = ["rank_by"]


def rank_by(model: Recommender[Any], fold: Fold) -> HiddenRanks:
    """``rank_hidden`` by the model's scores: a block of users a thread, rather than all threads a block."""
    threads = model.threads or available_threads()
    if isinstance(model, FactorModel):
        x = model.fold_in(fold.histories) if fold.fold_in else model.user_factors[fold.users]
        with limited_threads(1):
            return rank_products(x, model.item_factors, fold, threads=threads)
    if threads == 1 or not can_run_side_by_side():
        return rank_hidden(model.scores, fold)
    with limited_threads(1):
        return rank_hidden(model.on_one_thread().scores, fold, threads=threads)
