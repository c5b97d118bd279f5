"""A model whose parameters decide how a trial ends, for tests of the search."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from optuna.distributions import CategoricalDistribution, FloatDistribution

from models.base import Checked, Measure, Recommender
from studies.spec import Searched, StudySpec

FATES = ("fine", "raises", "nan", "stops", "dies", "hangs", "hangs and holds Python")


@dataclass(frozen=True, kw_only=True)
class FragileConfig:
    quality: float = 0.5  #: how far scores follow popularity
    fate: str = "fine"
    n_epochs: int = 6


class Fragile(Recommender[FragileConfig]):
    """Scores by popularity and noise; the noise shrinks with ``quality`` until the fourth epoch, then grows."""

    name = "fragile"
    config_type = FragileConfig
    fits = 0  #: of all instances, by which a test sees what was trained

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        Fragile.fits += 1
        assert train.indices.flags.aligned  # in a worker too
        likes = np.bincount(train.indices, minlength=train.shape[1]) / train.shape[0]
        noise = np.random.default_rng(self.seed).random(train.shape[1])
        for epoch in range(1, self.config.n_epochs + 1):
            weight = self.config.quality / (1 + abs(epoch - 4))
            self.table = (weight * likes + (1 - weight) * noise).astype(np.float32)
            self._meet_fate()
            yield epoch

    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        return np.tile(self.table, (queries.shape[0], 1))

    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        return np.tile(self.table, (len(items), 1))

    def _meet_fate(self) -> None:
        match self.config.fate:
            case "raises":
                raise ArithmeticError("the matrix </script> is singular")
            case "nan":
                self.table[:] = np.nan
            case "stops":
                os.kill(os.getpid(), signal.SIGINT)
            case "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hangs":
                time.sleep(1e6)
            case "hangs and holds Python":
                ctypes.PyDLL(None).sleep(1_000_000)  # of the C library, which keeps Python's lock


SPEC = StudySpec(
    model=Fragile,
    space={
        "quality": Searched(FloatDistribution(0.0, 1.0), "made up"),
        "fate": Searched(CategoricalDistribution(FATES[:3]), "made up"),
    },
    max_epochs=6,
    patience=2,
)
CALM = StudySpec(model=Fragile, space={"quality": SPEC.space["quality"]}, max_epochs=6, patience=2)
HANGING = StudySpec(
    model=Fragile,
    space={
        "quality": SPEC.space["quality"],
        "fate": Searched(CategoricalDistribution(("fine", *FATES[-2:])), "made up"),
    },
)


class Dawdling(Fragile):
    """Sleeps in every epoch, so that tests can interrupt a trial."""

    name = "dawdling"

    def _meet_fate(self) -> None:
        time.sleep(0.05)


DAWDLING = StudySpec(model=Dawdling, space=CALM.space, max_epochs=6, patience=2)


class Deadly(Fragile):
    """Kills its process where ``quality`` is high."""

    name = "deadly"

    def _meet_fate(self) -> None:
        if self.config.quality > 0.9:
            os.kill(os.getpid(), signal.SIGKILL)


DEADLY = StudySpec(model=Deadly, space=CALM.space, max_epochs=6, patience=2)
