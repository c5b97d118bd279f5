"""Latency of single calls of a model: median and 99th percentile."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from models.base import Recommender
from models.errors import UserError
from models.factor_model import FactorModel
from studies.record.speed import Latency, ModelSpeed
from studies.registry import load_spec
from studies.trial import warm_up

__all__ = ["SettingError", "config_with", "measure_model"]

LIST_LENGTHS = (1, 10, 100, 1_000, 10_000)
USERS_AT_ONCE = (1, 10, 100, 1_000)
N_GIVEN_ITEMS = 10
WARM_UP_CALLS = 3
MOST_SECONDS = 3.0  #: for all calls of one kind; slow operations get fewer calls
LEAST_CALLS = 5


@dataclass(frozen=True)
class _Kind:
    """A kind of call: ``choose`` draws its argument, which is not timed; ``call`` is timed."""

    operation: str
    n: int
    choose: Callable[[np.random.Generator], Any]
    call: Callable[[Any], object]


class SettingError(UserError):
    """The model has no such setting, or the value is invalid."""


def config_with(name: str, settings: Mapping[str, str]) -> Any:
    """Return the model's config with ``settings``, whose values are text; raises SettingError if one is invalid."""
    config_type = load_spec(name).model.config_type
    default = config_type()
    unknown = sorted(settings.keys() - vars(default).keys())
    if unknown:
        raise SettingError(f"{name} has no setting {unknown[0]!r}. Choose one of: {', '.join(vars(default))}")
    values = {}
    for field, text in settings.items():
        kind = type(getattr(default, field))
        try:
            values[field] = kind(text) if kind in (int, float, str) else json.loads(text)
        except ValueError:
            example = getattr(default, field)
            raise SettingError(f"{name}.{field} takes values such as {example!r}, got {text!r}") from None
    try:
        return config_type(**values)
    except ValueError as error:
        raise SettingError(f"{name}: {error}") from None


def measure_model(
    name: str, train: sp.csr_array, *, n_calls: int, threads: int | None, seed: int, config: Any = None
) -> ModelSpeed:
    """Fit a model, then time up to ``n_calls`` calls of each kind, for users drawn with ``seed``."""
    spec = load_spec(name)
    warm_up(spec, threads)
    model = spec.model(config, seed=seed, threads=threads)
    start = time.perf_counter()
    model.fit(train)
    fit_seconds = time.perf_counter() - start
    latencies = tuple(_measure(kind, n_calls, np.random.default_rng(seed)) for kind in _kinds(model, train))
    return ModelSpeed(model=name, fit_seconds=fit_seconds, latencies=latencies)


def _kinds(model: Recommender[Any], train: sp.csr_array) -> Iterator[_Kind]:
    n_users, n_items = train.shape
    yield from (_top(model, n_users, n) for n in LIST_LENGTHS)
    yield from (_for_many(model, n_users, n) for n in USERS_AT_ONCE)
    given = np.random.default_rng(0).permutation(n_items)[:N_GIVEN_ITEMS]
    yield _Kind(
        "ranking given items",
        len(given),
        lambda rng: int(rng.integers(n_users)),
        lambda user: model.rank_items(user, given),
    )

    def history(rng: np.random.Generator) -> sp.csr_array:
        return train[[int(rng.integers(n_users))]]

    if isinstance(model, FactorModel):
        yield _Kind("fold-in of one user", 1, history, model.fold_in)
    yield _Kind("top 10 from a history", 1, history, lambda known: model.recommend(known, 10))


def _top(model: Recommender[Any], n_users: int, n: int) -> _Kind:
    return _Kind("top N of one user", n, lambda rng: int(rng.integers(n_users)), lambda user: model.recommend(user, n))


def _for_many(model: Recommender[Any], n_users: int, n: int) -> _Kind:
    return _Kind(
        "top 10 of many users", n, lambda rng: rng.integers(n_users, size=n), lambda users: model.recommend(users, 10)
    )


def _measure(kind: _Kind, n_calls: int, rng: np.random.Generator) -> Latency:
    for _ in range(WARM_UP_CALLS):
        kind.call(kind.choose(rng))
    seconds: list[float] = []
    while len(seconds) < n_calls and (len(seconds) < LEAST_CALLS or sum(seconds) < MOST_SECONDS):
        argument = kind.choose(rng)
        start = time.perf_counter()
        kind.call(argument)
        seconds.append(time.perf_counter() - start)
    middle, late = np.percentile(seconds, [50, 99])
    return Latency(operation=kind.operation, n=kind.n, n_calls=len(seconds), median=float(middle), p99=float(late))
