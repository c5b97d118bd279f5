"""Optuna's own tests of samplers, on those of a search.

Not run are its tests of

- GridSampler and GaussianProcessSampler, which are made for one space, while each test brings its own;
- the relative sampling of ``SeededSampler("random")``, whose parameters are all drawn independently;
- the relative sampling of GrowthSampler, which draws for the space it was made for, not for one that is passed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from optuna.distributions import IntDistribution
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)

from studies.samplers.growth import Growth, GrowthSampler
from studies.samplers.seeded import SeededSampler
from studies.spec import Searched


class TestTPE(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[], BaseSampler]:
        """It learns from the first trial on: the tests have no ten of them to begin with."""
        monkeypatch.setattr("studies.samplers.seeded.N_STARTUP_TRIALS", 0)
        return partial(SeededSampler, "tpe", 0)


class TestRandom(BasicSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return partial(SeededSampler, "random", 0)


class TestGrowth(BasicSamplerTestCase):
    """While all trials are of the smallest size."""

    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        space = {"n_factors": Searched(IntDistribution(8, 16, log=True), "made up")}
        growth = Growth(sizes=(8, 16), n_trials=(1000, 1))
        return lambda: GrowthSampler(SeededSampler("tpe", 0), 0, space, growth)
