"""Early stopping of trials by the learning curves of completed trials."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import optuna
from optuna.trial import TrialState

from studies.samplers.seeded import N_STARTUP_TRIALS
from studies.storage.schema import ATTEMPT, SAME_AS

__all__ = ["FIRST_PRUNED_EPOCH", "MedianRule"]

FIRST_PRUNED_EPOCH = 4  #: earlier, the order of curves says little about their end
READ_AGAIN_SECONDS = 5.0  #: reading 1,000 curves takes as long as some epochs of a small fit


class MedianRule:
    """The median stopping rule (Golovin et al. 2017, "Google Vizier", section 3.2.1) for a running trial.

    Optuna's MedianPruner decides alike, but by values that each trial writes to the storage and reads from it after
    every epoch, which takes longer than an epoch of a small fit. Here the curves of completed trials are read.
    """

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._curves = self._read()

    def stops(self, curve: Sequence[float]) -> bool:
        """Whether the best value of ``curve``, an entry an epoch, is below the median of other trials at this epoch."""
        if len(curve) < FIRST_PRUNED_EPOCH:
            return False
        if time.monotonic() - self._read_at >= READ_AGAIN_SECONDS:
            self._curves = self._read()
        others = [other[len(curve) - 1] for other in self._curves if len(other) >= len(curve)]
        return len(self._curves) >= N_STARTUP_TRIALS and bool(others) and max(curve) < float(np.median(others))

    def _read(self) -> list[Sequence[float]]:
        self._read_at = time.monotonic()
        complete = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return [ATTEMPT.require(trial.user_attrs).curve for trial in complete if not SAME_AS.is_in(trial.user_attrs)]
