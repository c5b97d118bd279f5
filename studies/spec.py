"""How a model is searched: its search space, and for how many epochs it trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from models.base import Recommender

__all__ = ["Searched", "StudySpec"]


class Searched(NamedTuple):
    """The range of a hyperparameter and the source of the range."""

    distribution: BaseDistribution
    source: str


@dataclass(frozen=True, kw_only=True)
class StudySpec:
    """A model with its search space, the names of which are fields of the model's config."""

    model: type[Recommender[Any]]
    space: Mapping[str, Searched] = field(default_factory=dict)
    weighted_space: Mapping[str, Searched] = field(default_factory=dict)  #: added to ``space`` where likes have weights
    max_epochs: int = 1  #: the most epochs of a fit; 1 for a model without epochs
    patience: int = 3  #: epochs without a new best after which a fit stops

    def space_for(self, *, is_weighted: bool) -> dict[str, Searched]:
        return {**self.space, **(self.weighted_space if is_weighted else {})}

    def config(self, params: Mapping[str, Any], *, n_epochs: int | None = None) -> Any:
        """Return the model's config with ``params``, and with ``n_epochs`` where the model has epochs."""
        epochs = {"n_epochs": n_epochs or self.max_epochs} if self.max_epochs > 1 else {}
        return self.model.config_type(**params, **epochs)

    def defaults(self, space: Mapping[str, Searched]) -> dict[str, Any]:
        """Return the model's defaults; outside a range its nearest end, outside choices the first of them."""
        config = self.model.config_type()
        return {name: _nearest(getattr(config, name), searched.distribution) for name, searched in space.items()}


def _nearest(value: Any, distribution: BaseDistribution) -> Any:
    if isinstance(distribution, IntDistribution | FloatDistribution):
        return min(max(value, distribution.low), distribution.high)
    if isinstance(distribution, CategoricalDistribution) and value not in distribution.choices:
        return distribution.choices[0]
    return value
