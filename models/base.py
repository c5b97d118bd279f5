"""The base class of all models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Self, TypeAlias, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from models.decay import DecayConfig, decayed
from models.inputs import (
    Features,
    checked_features,
    checked_histories,
    checked_items,
    checked_timestamps,
    checked_train,
    checked_users,
)
from models.persistence import read_model, write_model
from models.top_k import TopK, best_scores

__all__ = ["Measure", "NotFittedError", "Queries", "Recommender", "Seen", "TopK"]

C = TypeVar("C")
Queries: TypeAlias = ArrayLike | sp.csr_array
Checked: TypeAlias = NDArray[np.int64] | sp.csr_array
Seen: TypeAlias = Literal["exclude", "include"] | sp.csr_array
Measure = Literal["cosine", "dot", "euclidean"]

SCORES_AT_A_TIME = 4_000_000  #: most scores that a model of scores, not vectors, holds at a time


class NotFittedError(RuntimeError):
    """The model was queried before it was fitted."""


class Recommender(ABC, Generic[C]):
    """Base class of top-K recommenders.

    ``train`` is a (n_users, n_items) CSR array of float32 weights in which every stored entry is a like; a fit never
    changes it. A *query* is either an array of user numbers of ``train`` or a (n, n_items) CSR array of histories,
    which may be those of cold-start users, who are not in ``train``. Scores are float32; higher is better, and only
    scores of the same row can be compared. The same config, seed and ``train`` give the same lists.

    A subclass sets ``name``, ``config_type`` and ``arrays``. It implements ``_epochs``, ``_scores`` and
    ``_item_similarity``, also ``_start`` if ``_epochs`` needs initial values, ``_grow`` if a fit can be continued and
    ``loss`` if it has one. ``models.testing.ModelContract`` tests a subclass.
    """

    name: ClassVar[str]
    config_type: ClassVar[type]
    learns_from_ratings: ClassVar[bool] = False  #: ``train`` holds ratings, low ones too, which the model predicts
    learns_from_times: ClassVar[bool] = False  #: data without timestamps are of no use to the model
    learns_from_features: ClassVar[bool] = False  #: the model uses features of users and items, if given
    divides_itself: ClassVar[str] = ""  #: the option that names the cores or machines among which a fit divides itself
    arrays: ClassVar[tuple[str, ...]] = ()  #: names of the fitted attributes that ``save`` writes

    def __init__(self, config: C | None = None, *, seed: int = 0, threads: int | None = None) -> None:
        self.config: C = config if config is not None else self.config_type()
        self.seed = seed
        self.threads = threads
        self.train: sp.csr_array | None = None
        self.timestamps: NDArray[np.int64] | None = None  #: (nnz,) seconds, for the entries of the fitted ``train``
        self.features = Features()  #: features of the users and items of the fitted ``train``
        self.loss_history: list[float] = []  #: loss after each epoch, if ``fit`` was called with ``losses=True``

    @classmethod
    def bytes_to_fit(cls, n_items: int) -> int:
        """Return the bytes that one fit on ``n_items`` items holds at a time; 0 means a few vectors for each item."""
        return 0

    def fit(
        self,
        train: sp.csr_array,
        *,
        timestamps: ArrayLike | None = None,
        features: Features | None = None,
        losses: bool = False,
        progress: bool = False,
    ) -> Self:
        """Fit from scratch, for the number of epochs in the config, and return the model.

        ``timestamps`` and ``features`` are described at ``fit_epochs``. ``losses`` appends the loss after each epoch to
        ``loss_history``; ``progress`` shows a progress bar on stderr.
        """
        return self._follow(
            self.fit_epochs(train, timestamps=timestamps, features=features), losses=losses, progress=progress
        )

    def fit_epochs(
        self, train: sp.csr_array, *, timestamps: ArrayLike | None = None, features: Features | None = None
    ) -> Iterator[int]:
        """Fit from scratch and yield 1, 2, ... after each epoch; the model can be used between two epochs.

        A model without epochs yields once. ``timestamps`` (nnz,) are whole seconds, one for each entry of ``train``,
        which must then be canonical CSR (sorted indices, no duplicates). Most models ignore them unless
        ``half_life_days`` is set. ``features`` are ignored by models that do not learn from features.

        ValueError if ``train``, ``timestamps`` or ``features`` do not fit, or if a half-life is set without timestamps.
        """
        self.timestamps = checked_timestamps(timestamps, train)
        train = self._decayed(checked_train(train))
        self.features = checked_features(features, train)
        self.train = None
        self._start(train)
        yield from self._run(train)

    def continue_fit(
        self,
        train: sp.csr_array,
        *,
        timestamps: ArrayLike | None = None,
        features: Features | None = None,
        losses: bool = False,
        progress: bool = False,
    ) -> Self:
        """Continue the fit for the number of epochs in the config, and return the model.

        The options are those of ``fit``, the errors those of ``continue_epochs``.
        """
        return self._follow(
            self.continue_epochs(train, timestamps=timestamps, features=features), losses=losses, progress=progress
        )

    def continue_epochs(
        self, train: sp.csr_array, *, timestamps: ArrayLike | None = None, features: Features | None = None
    ) -> Iterator[int]:
        """Continue the fit of a fitted or loaded model, epoch by epoch, as ``fit_epochs`` does from scratch.

        ``train`` may hold different likes and additional users and items; those of the earlier fit keep their numbers.
        ``features`` may have additional columns; without ``features``, those of the earlier fit are kept. A model
        without epochs is fitted from scratch.

        ValueError if ``train`` has fewer users or items than before; NotFittedError before the first fit.
        """
        before = self._fitted_train().shape
        self.timestamps = checked_timestamps(timestamps, train)
        train = self._decayed(checked_train(train))
        self.features = checked_features(features, train)
        if train.shape[0] < before[0] or train.shape[1] < before[1]:
            raise ValueError(
                f"train has shape {train.shape}, which is smaller than the {before} that {self.name} was fitted on"
            )
        self._grow(train)
        yield from self._run(train)

    def loss(self) -> float:
        """Return the loss that the fit minimises, on the training data; NotImplementedError if the model has none."""
        raise NotImplementedError(f"{self.name} has no loss")

    def scores(self, queries: Queries) -> NDArray[np.float32]:
        """Return the scores of all items, seen ones included, (n, n_items) float32."""
        return self._scores(self._checked(queries))

    def recommend(
        self,
        queries: Queries,
        k: int = 10,
        *,
        seen: Seen = "exclude",
        allowed: ArrayLike | None = None,
        excluded: ArrayLike | None = None,
    ) -> TopK:
        """Return the k best items for each query, best first, (n, k); equal scores in the order of item numbers.

        ``seen`` excludes or includes the items of each query's history; a CSR array (n, n_items) excludes its own
        entries instead. Only items in ``allowed`` are recommended, items in ``excluded`` never. Where fewer than k
        items remain, a row ends in item -1 with score -inf.

        ValueError if users, items or histories do not exist in the fitted data, or if k is less than 1.
        """
        checked = self._checked(queries)
        histories = self._left_out(checked, seen)
        candidates = self._candidates(allowed, excluded)
        if candidates is None:
            return self._best(checked, k, histories, None)
        best = self._best(checked, k, histories if histories is None else histories[:, candidates], candidates)
        items = np.append(candidates, -1).astype(np.int32)  # index -1, an empty place of a list, finds item -1
        return TopK(items[best.items], best.scores)

    def rank_items(self, user: int, items: ArrayLike) -> TopK:
        """Return the given items, best first for this user, (1, len(items))."""
        chosen = checked_items(items, self._fitted_train().shape[1])
        scores = self.scores(user)[0, chosen]
        order = np.argsort(-scores, kind="stable")
        return TopK(chosen[order][None].astype(np.int32), scores[order][None])

    def similar_items(self, items: ArrayLike, k: int = 10, *, measure: Measure | None = None) -> TopK:
        """Return the k items most similar to each of ``items``, without the item itself, (n, k).

        ``measure`` compares item vectors: ``cosine`` (also None), ``dot``, or ``euclidean``, whose scores are negative
        distances. A model without vectors has its own similarity and accepts only None. ValueError otherwise.
        """
        n_items = self._fitted_train().shape[1]
        chosen = checked_items(items, n_items)
        itself = sp.csr_array((np.ones(len(chosen)), chosen, np.arange(len(chosen) + 1)), shape=(len(chosen), n_items))
        return self._best_of_blocks(lambda rows: self._item_similarity(chosen[rows], measure), len(chosen), k, itself)

    def on_one_thread(self) -> Self:
        """Return a copy that shares the fitted arrays and uses one thread, for callers that run several threads."""
        twin = copy(self)
        twin.threads = 1
        return twin

    def save(self, folder: Path | str) -> None:
        """Write ``model.json`` and ``arrays.npz`` to ``folder``, without pickle."""
        write_model(
            folder,
            name=self.name,
            seed=self.seed,
            config=self.config,
            train=self._fitted_train(),
            arrays={name: getattr(self, name) for name in self.arrays},
        )

    @classmethod
    def load(cls, folder: Path | str, *, threads: int | None = None) -> Self:
        """Read a model that ``save`` wrote; ValueError if the folder holds another model."""
        config, seed, train, arrays = read_model(folder, name=cls.name, config_type=cls.config_type, names=cls.arrays)
        model = cls(config, seed=seed, threads=threads)
        model.train = train
        for name, array in arrays.items():
            setattr(model, name, array)
        return model

    def _start(self, train: sp.csr_array) -> None:
        """Set the initial values of a fit; they follow from config, seed and ``train``."""

    def _grow(self, train: sp.csr_array) -> None:
        """Extend the fitted arrays to the users and items of ``train``, which has at least as many as before."""

    @abstractmethod
    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        """Fit epoch by epoch from the current values and yield 1, 2, ...; ``train`` is canonical CSR."""

    @abstractmethod
    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        """Return scores, (n, n_items), of checked queries: (n,) user numbers or canonical (n, n_items) histories."""

    @abstractmethod
    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        """Return the similarity of every item to each of ``items``, (n, n_items); -inf excludes an item."""

    def _follow(self, epochs: Iterator[int], *, losses: bool, progress: bool) -> Self:
        from tqdm import tqdm  # imported here, since a search does not need it

        self.loss_history = []
        for _ in tqdm(epochs, self.name, getattr(self.config, "n_epochs", 1), unit="epoch", disable=not progress):
            if losses:
                self.loss_history.append(self.loss())
        return self

    def _decayed(self, train: sp.csr_array) -> sp.csr_array:
        if not isinstance(self.config, DecayConfig) or self.config.half_life_days is None:
            return train
        if self.timestamps is None:
            raise ValueError(
                f"{self.name} needs the timestamps of likes for a half-life; pass them, or set no half_life_days"
            )
        return decayed(train, self.timestamps, self.config.half_life_days)

    def _run(self, train: sp.csr_array) -> Iterator[int]:
        for epoch in self._epochs(train):
            self.train = train
            yield epoch

    def _best(self, queries: Checked, k: int, seen: sp.csr_array | None, candidates: NDArray[np.int64] | None) -> TopK:
        """Return the k best of ``candidates`` (None: all items) as indices into them; ``seen`` has the same columns."""

        def scores(rows: slice) -> NDArray[np.float32]:
            found = self._scores(queries[rows])
            return found if candidates is None else found[:, candidates]

        return self._best_of_blocks(scores, queries.shape[0], k, seen)

    def _best_of_blocks(
        self, scores: Callable[[slice], NDArray[np.float32]], n: int, k: int, left_out: sp.csr_array | None
    ) -> TopK:
        """Return the k best of each of n rows, computing a block of scores at a time."""
        size = max(1, SCORES_AT_A_TIME // self._fitted_train().shape[1])
        parts = []
        for rows in (slice(start, start + size) for start in range(0, max(n, 1), size)):
            part = left_out if left_out is None else left_out[rows]
            parts.append(best_scores(scores(rows), k, part, threads=self.threads))
        return TopK(np.concatenate([p.items for p in parts]), np.concatenate([p.scores for p in parts]))

    def _no_measure(self, measure: Measure | None) -> None:
        if measure is not None:
            raise ValueError(f"{self.name} has its own similarity; measure must be None, got {measure!r}")

    def _fitted_train(self) -> sp.csr_array:
        if self.train is None:
            raise NotFittedError(f"{self.name} is not fitted; call fit(train) first")
        return self.train

    def _checked(self, queries: Any) -> Checked:
        n_users, n_items = self._fitted_train().shape
        if sp.issparse(queries):
            return checked_histories(queries, n_items)
        return checked_users(queries, n_users)

    def _histories(self, queries: Checked) -> sp.csr_array:
        return queries if sp.issparse(queries) else self._fitted_train()[queries]

    def _left_out(self, queries: Checked, seen: Seen) -> sp.csr_array | None:
        if sp.issparse(seen):
            left_out = checked_histories(seen, self._fitted_train().shape[1])
            if left_out.shape[0] != queries.shape[0]:
                raise ValueError(f"seen has {left_out.shape[0]} rows for {queries.shape[0]} queries")
            return left_out
        if seen not in ("exclude", "include"):
            raise ValueError(f"seen must be 'exclude' or 'include', got {seen!r}")
        return self._histories(queries) if seen == "exclude" else None

    def _candidates(self, allowed: ArrayLike | None, excluded: ArrayLike | None) -> NDArray[np.int64] | None:
        """Return the items to choose from, ascending; None means all items."""
        if allowed is None and excluded is None:
            return None
        n_items = self._fitted_train().shape[1]
        is_candidate = np.full(n_items, allowed is None)
        if allowed is not None:
            is_candidate[checked_items(allowed, n_items, "allowed")] = True
        if excluded is not None:
            is_candidate[checked_items(excluded, n_items, "excluded")] = False
        return np.flatnonzero(is_candidate)
