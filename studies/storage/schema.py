"""The persisted schema: every attribute of a study or a trial in Optuna's storage, and how values become JSON.

Stored studies outlive versions of mfbench: a key or the shape of a value never changes, only new ones are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.interactions import Interactions
from evaluation.ranking import HeldOutRanks, decode_ranks, encode_ranks, pool_draws
from evaluation.split import Fold
from studies.trial import TrialResult

__all__ = [
    "AGAIN",
    "DEATHS",
    "DEFAULTS",
    "ERROR",
    "EVALUATION_USERS",
    "FLOORS",
    "FRESH_EVALUATION_USERS",
    "FRESH_RANKS",
    "ID",
    "OPENED",
    "OWNER",
    "RESULT",
    "RUN",
    "SAME_AS",
    "SAMPLERS",
    "SETTINGS",
    "EvaluationUsers",
    "evaluation_users_as_json",
    "ranks_as_json",
    "result_as_json",
]

# attributes of a study
ID = "mfbench:id"
SETTINGS = "mfbench:settings"
EVALUATION_USERS = (
    "mfbench:asked"  #: for each draw, the ids of the users asked, and how many likes were hidden from each
)
FLOORS = "mfbench:floors"  #: for each floor, its ranks, a text a draw
RUN = "mfbench:run"  #: of the latest run: command, trials asked for, environment
SAMPLERS = "mfbench:samplers"  #: number of a trial -> the sampler in words, from that trial on
FRESH_EVALUATION_USERS = "mfbench:fresh_asked"  #: as for the search's draws, of the fresh ones
FRESH_RANKS = "mfbench:fresh:"  #: and a trial's number: its ranks on the fresh draws, or the error there
OPENED = "mfbench:opened:"  #: an attribute of each study that took part, followed by the comparison's id
RESULT = "mfbench:result"
ERROR = "mfbench:error"
DEFAULTS = "mfbench:defaults"  #: set on the trial that runs the model's defaults
SAME_AS = "mfbench:same_as"  #: the earlier trial of the same configuration, from which this one was answered
AGAIN = "mfbench:again"  #: the trial that was abandoned, of which this one is the repetition
DEATHS = "mfbench:deaths"  #: how many processes have died while they tried this configuration
OWNER = "mfbench:owner"  #: attribute of a trial: the process that runs it


def result_as_json(result: TrialResult, config: Any) -> dict[str, Any]:
    """A result for a trial's attribute: ranks as texts, so that every metric can be had later.

    ``config`` is what a refit takes, the number of epochs included.
    """
    return {
        "config": asdict(config),
        "n_epochs": result.n_epochs,
        "curve": list(result.curve),
        "fit_seconds": result.fit_seconds,
        "evaluate_seconds": result.evaluate_seconds,
        "errors": {name: asdict(estimate) for name, estimate in result.errors.items()},
        **ranks_as_json(result.ranks),
    }


def ranks_as_json(draws: Sequence[HeldOutRanks]) -> dict[str, Any]:
    """Ranks for an attribute, a text a draw; whose they are is stored once, under ``ASKED``."""
    return {
        "ranks": [encode_ranks(draw.ranks) for draw in draws],
        "tie_shares": [draw.tie_share for draw in draws],
    }


def evaluation_users_as_json(interactions: Interactions, folds: Sequence[Fold]) -> dict[str, Any]:
    """For each draw, the ids of the users asked, and how many likes were hidden from each."""
    return {
        "users": [interactions.user_ids[fold.users].tolist() for fold in folds],
        "n_hidden": [fold.n_held_out.tolist() for fold in folds],
    }


class EvaluationUsers:
    """The users of every draw, read from what ``asked_as_json`` gave; no draw at all from None."""

    def __init__(self, stored: Mapping[str, Any] | None) -> None:
        stored = stored or {"users": [], "n_hidden": []}
        self.users: list[NDArray[Any]] = [np.array(ids) for ids in stored["users"]]  #: ids, by draw
        self.indptrs = [np.concatenate([[0], np.cumsum(n)]) for n in stored["n_hidden"]]

    def draws(self, stored: Mapping[str, Any]) -> list[HeldOutRanks]:
        """The ranks that ``ranks_as_json`` stored, a draw each."""
        parts = zip(self.users, self.indptrs, stored["ranks"], stored["tie_shares"], strict=True)
        return [
            HeldOutRanks(users=users, indptr=indptr, ranks=decode_ranks(text), tie_share=ties)
            for users, indptr, text, ties in parts
        ]

    def pooled(self, stored: Mapping[str, Any]) -> HeldOutRanks:
        return pool_draws(self.draws(stored))
