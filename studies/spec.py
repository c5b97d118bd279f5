"""How a model is searched: its search space, and for how many epochs it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from evaluation.fold import Fold
from models.base import Recommender

__all__ = ["DataShape", "Range", "Searched", "StudySpec"]


class DataShape(NamedTuple):
    """The size of the training likes of a fold, on which ranges and first values may depend."""

    n_users: int
    n_items: int
    n_likes: int
    is_weighted: bool = False  #: whether likes have weights other than 1

    @classmethod
    def of(cls, fold: Fold, *, is_weighted: bool) -> DataShape:
        n_users, n_items = fold.train.shape
        return cls(n_users, n_items, int(fold.train.nnz), is_weighted)


class Searched(NamedTuple):
    """The range of a hyperparameter, its source, and the choice without which it has no meaning."""

    distribution: BaseDistribution
    source: str
    only_if: tuple[Any, ...] = ()  #: ("loss", "warp", "k-os"): searched only where loss is one of these
    first: Any = None  #: value of the first trial where the data give a better one than the model's default
    cost: float | None = None  #: of a size, which often helps the more the larger: the power of it that a fit takes

    def applies(self, params: Mapping[str, Any]) -> bool:
        """Whether the hyperparameter has a meaning with ``params``, the values of those before it in the space."""
        if not self.only_if:
            return True
        choice, *values = self.only_if
        return params.get(choice, values[0]) in values


#: A range, or what makes it for the size of the data.
Range = Searched | Callable[[DataShape], Searched]


@dataclass(frozen=True, kw_only=True)
class StudySpec:
    """A model with its search space, the names of which are fields of the model's config."""

    model: type[Recommender[Any]]
    space: Mapping[str, Range] = field(default_factory=dict)
    weighted_space: Mapping[str, Searched] = field(default_factory=dict)  #: added to ``space`` where likes have weights
    max_epochs: int = 1  #: the most epochs of a fit; 1 for a model without epochs
    patience: int = 3  #: epochs without a new best after which a fit stops

    def space_for(self, shape: DataShape) -> dict[str, Searched]:
        """Return the ranges for likes of this shape."""
        space = {**self.space, **(self.weighted_space if shape.is_weighted else {})}
        return {name: entry if isinstance(entry, Searched) else entry(shape) for name, entry in space.items()}

    def config(self, params: Mapping[str, Any], *, n_epochs: int | None = None) -> Any:
        """Return the model's config with ``params``, and with ``n_epochs`` where the model has epochs."""
        epochs = {"n_epochs": n_epochs or self.max_epochs} if self.max_epochs > 1 else {}
        return self.model.config_type(**params, **epochs)

    def defaults(self, space: Mapping[str, Searched]) -> dict[str, Any]:
        """Return the first trial: the value that the data give, else the model's default.

        A value outside a range is replaced by the nearest end, a value outside choices by the first of them.
        """
        config = self.model.config_type()
        params: dict[str, Any] = {}
        for name, searched in space.items():
            if searched.applies(params):
                value = getattr(config, name) if searched.first is None else searched.first
                params[name] = _nearest(value, searched.distribution)
        return params


def _nearest(value: Any, distribution: BaseDistribution) -> Any:
    if isinstance(distribution, IntDistribution | FloatDistribution):
        return min(max(value, distribution.low), distribution.high)
    if isinstance(distribution, CategoricalDistribution) and value not in distribution.choices:
        return distribution.choices[0]
    return value
