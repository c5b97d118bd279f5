"""Bayesian optimisation with a Gaussian process, which begins around the model's first configuration."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from models.threads import limited_threads
from studies.samplers.positions import Positions, Values
from studies.spec import Searched
from studies.storage.requeueing import draw_position, is_abandoned

__all__ = ["N_DESIGN", "GaussianProcessSampler"]

N_DESIGN = 6  #: trials before the process learns, the first configuration included
DESIGN_SPREAD = 0.15  #: standard deviation of the first trials around the first configuration; a range has the length 1
MOST_TRIALS = 60  #: trials that the process is fitted to, the best half and the latest half of more
COST_WEIGHT = 0.2  #: an improvement is divided by this power of the cost of a fit
N_FAR, FAR_SPREAD = 400, 0.25  #: number of the candidates around the first configuration, and their spread
WIDE_EVERY = 5  #: every so many trials, the candidates around the first configuration come from the whole space
NEAR = ((0.05, 150), (0.15, 150))  #: spread and number of the candidates around each of the best trials
N_BEST = 3  #: trials around which candidates are drawn


class GaussianProcessSampler(BaseSampler):
    """Proposes the configuration with the highest expected improvement (Jones et al. 1998) of 1,300 candidates.

    Trial n depends on (seed, n) and the trials before it. Trial 1 enlarges the sizes of ``first``; the next ones are
    drawn around ``first``, with sizes from their whole range. Then a Gaussian process (Matern 5/2 kernel with a length
    scale per parameter, and noise) predicts the value. Running trials count with their predicted value, pruned ones
    with their last value, failed ones with the worst value of the study. Several objectives are weighed anew for each
    trial (ParEGO, Knowles 2006).
    """

    def __init__(self, seed: int, space: Mapping[str, Searched], first: Mapping[str, Any]) -> None:
        self._seed = seed
        self._positions = Positions(space)
        self._first = self._positions.of(first)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._positions.distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        index = draw_position(study, trial.number)
        rng = np.random.default_rng([self._seed, index])
        earlier, values = _observed(study, self._positions, rng)
        if index < N_DESIGN or len(earlier) < 2:
            return self._positions.params(self._designed(index, rng))
        running = [
            self._positions.of(other.params)
            for other in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if other.number != trial.number and other.params
        ]
        with limited_threads(1):  # with more, the last bits depend on their number
            return self._positions.params(self._best(index, earlier, values, running, rng))

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        return RandomSampler(seed=self._seed + trial.number).sample_independent(study, trial, name, distribution)

    def _designed(self, index: int, rng: np.random.Generator) -> Values:
        """The position of a trial of the design: the larger sizes alone, then all parameters near ``first``."""
        sizes = list(self._positions.sizes)
        if index == 1 and sizes:
            larger = self._first.copy()
            larger[sizes] = (larger[sizes] + 1) / 2
            return larger
        return self._around_first(1, DESIGN_SPREAD, rng)[0]

    def _around_first(self, n: int, spread: float, rng: np.random.Generator) -> Values:
        """Draw (n, n_parameters) positions near the first configuration, with sizes from their whole range."""
        drawn = self._positions.near(self._first, spread, n, rng)
        sizes = list(self._positions.sizes)
        drawn[:, sizes] = rng.random((n, len(sizes)))
        return drawn

    def _best(
        self, index: int, earlier: Values, values: Values, running: Sequence[Values], rng: np.random.Generator
    ) -> Values:
        """The position of the best candidate, given positions and values of the trials that ended."""
        order = np.argsort(-values, kind="stable")
        kept = order if len(order) <= MOST_TRIALS else _few(order)
        features = self._positions.features
        standardised = (values[kept] - values[kept].mean()) / (values[kept].std() or 1.0)
        process = _fitted(features(earlier[kept]), standardised)
        if running:
            there = features(np.stack(running))
            known = np.concatenate([process.X_train_, there])
            process = _fitted(known, np.concatenate([standardised, process.predict(there)]), process.kernel_)
        candidates = self._candidates(earlier[order[:N_BEST]], rng, is_wide=index % WIDE_EVERY == 0)
        improvement = _expected_improvement(process, features(candidates))
        # by size, not by seconds, which differ when a search is repeated
        improvement /= np.exp(COST_WEIGHT * self._positions.log_costs(candidates))
        return candidates[int(np.argmax(improvement))]

    def _candidates(self, best: Values, rng: np.random.Generator, *, is_wide: bool) -> Values:
        near = [self._positions.near(trial, spread, n, rng) for trial in best for spread, n in NEAR]
        far = self._positions.uniform(N_FAR, rng) if is_wide else self._around_first(N_FAR, FAR_SPREAD, rng)
        return np.concatenate([far, *near])


def _few(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The best and the latest trials, half of ``MOST_TRIALS`` each, from an order by value."""
    return np.union1d(order[: MOST_TRIALS // 2], np.arange(len(order) - MOST_TRIALS // 2, len(order)))


def _observed(study: Study, positions: Positions, rng: np.random.Generator) -> tuple[Values, Values]:
    """Positions (n, n_parameters) and values (n,), the higher the better, of the trials that ended."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    ended = [t for t in study.get_trials(deepcopy=False, states=states) if t.params and not is_abandoned(t)]
    rows = [(t, _values(t, len(study.directions))) for t in ended]
    found = np.array([values for _, values in rows if values is not None], dtype=np.float64)
    if not len(found):
        return np.empty((0, len(positions.names))), np.empty(0)
    signs = [-1.0 if direction is StudyDirection.MINIMIZE else 1.0 for direction in study.directions]
    filled = np.array([found.min(axis=0) if values is None else values for _, values in rows]) * signs
    return np.stack([positions.of(t.params) for t, _ in rows]), _clipped(_weighed(filled, rng))


def _values(trial: FrozenTrial, n_objectives: int) -> Sequence[float] | None:
    if trial.state is TrialState.COMPLETE:
        return trial.values
    if trial.state is TrialState.PRUNED and trial.intermediate_values and n_objectives == 1:
        return [trial.intermediate_values[max(trial.intermediate_values)]]
    return None


def _weighed(values: Values, rng: np.random.Generator) -> Values:
    """One value from several by the augmented Tchebycheff function with random weights (Knowles 2006, eq. 2)."""
    if values.shape[1] == 1:
        return values[:, 0]
    spread = np.ptp(values, axis=0)
    scaled = (values - values.max(axis=0)) / np.where(spread > 0, spread, 1.0)
    weighted = scaled * rng.dirichlet(np.ones(values.shape[1]))
    return weighted.min(axis=1) + 0.05 * weighted.sum(axis=1)


def _clipped(values: Values) -> Values:
    """Lift very low values, whose differences say nothing about the best ones."""
    median = float(np.median(values))
    return np.maximum(values, median - 2 * (values.max() - median))


def _fitted(features: Values, values: Values, kernel: Any = None) -> GaussianProcessRegressor:
    """The process with the most likely kernel, or with ``kernel`` as it is."""
    fresh = ConstantKernel(1.0, (0.1, 10.0)) * Matern(
        np.full(features.shape[1], 0.5), (0.1, 5.0), nu=2.5
    ) + WhiteKernel(1e-2, (1e-4, 0.3))
    optimizer = None if kernel is not None else "fmin_l_bfgs_b"
    process = GaussianProcessRegressor(fresh if kernel is None else kernel, optimizer=optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length scale at its bound is no problem
        return process.fit(features, values)


def _expected_improvement(process: GaussianProcessRegressor, features: Values) -> Values:
    """Expected gain of the latent value over the highest latent value of a known trial (Jones et al. 1998, eq. 15)."""
    mean, deviation = process.predict(features, return_std=True)
    deviation = np.sqrt(np.maximum(deviation**2 - process.kernel_.k2.noise_level, 1e-12))
    gain = mean - process.predict(process.X_train_).max()
    scaled = gain / deviation
    return gain * norm.cdf(scaled) + deviation * norm.pdf(scaled)
