"""The contract that every model keeps."""

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

SCORES_AT_A_TIME = 4_000_000  #: where a model has to write them all out


class NotFittedError(RuntimeError):
    """The model was asked before it was fitted."""


class Recommender(ABC, Generic[C]):
    """A top-K recommender.

    ``train`` is a (n_users, n_items) CSR array of float32 weights, a like being any stored entry; it is
    never changed. A *query* is either an array of user numbers of ``train`` or a (n, n_items) CSR array
    of histories, which may belong to strangers. Scores are float32, higher is better, and comparable
    only within a row. The same config, seed and train give the same lists.

    A model is written by what it does between the checks: ``_start`` and ``_epochs`` to be fitted,
    ``_scores`` and ``_item_similarity`` to be asked, ``_grow`` where a fit can go on.
    """

    name: ClassVar[str]
    config_type: ClassVar[type]
    learns_from_ratings: ClassVar[bool] = False  #: weights of ``train`` are ratings, low ones too, and are predicted
    learns_from_times: ClassVar[bool] = False  #: has no use for data without timestamps
    learns_from_features: ClassVar[bool] = False  #: of users and items, where there are any
    divides_itself: ClassVar[str] = ""  #: a fit among cores or machines of its own, which this option names
    arrays: ClassVar[tuple[str, ...]] = ()  #: the fitted attributes that ``save`` keeps

    def __init__(self, config: C | None = None, *, seed: int = 0, threads: int | None = None) -> None:
        self.config: C = config if config is not None else self.config_type()
        self.seed = seed
        self.threads = threads
        self.train: sp.csr_array | None = None
        self.timestamps: NDArray[np.int64] | None = None  #: of the entries of the ``train`` that is fitted, where given
        self.features = Features()  #: of its users and items, where given
        self.loss_history: list[float] = []  #: after each epoch of the last ``fit`` that was asked for losses

    @classmethod
    def bytes_to_fit(cls, n_items: int) -> int:
        """What one fit on so many items takes at once, where that is more than a few vectors for each of them."""
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
        """Fit afresh, for as many epochs as the config says.

        ``losses`` keeps the loss after each epoch in ``loss_history``, ``progress`` shows a bar; both cost a little.
        """
        return self._follow(
            self.fit_epochs(train, timestamps=timestamps, features=features), losses=losses, progress=progress
        )

    def fit_epochs(
        self, train: sp.csr_array, *, timestamps: ArrayLike | None = None, features: Features | None = None
    ) -> Iterator[int]:
        """Fit afresh, yielding 1, 2, ... after each epoch; between two epochs the model can be used.

        A model without epochs yields once. ``timestamps`` (nnz,) are the seconds of the entries of a canonical
        ``train``, ``features`` what is known of its users and items; most models have no use for either, but times
        count where ``half_life_days`` makes old likes count less.
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
        """Go on from what is fitted, for as many epochs as the config says; otherwise like ``fit``."""
        return self._follow(
            self.continue_epochs(train, timestamps=timestamps, features=features), losses=losses, progress=progress
        )

    def continue_epochs(
        self, train: sp.csr_array, *, timestamps: ArrayLike | None = None, features: Features | None = None
    ) -> Iterator[int]:
        """Like ``fit_epochs``, but starting from what is fitted or loaded.

        ``train`` may hold other likes, and more users and items, the old ones keeping their numbers. A model
        without epochs has nothing to start from and is fitted afresh. Features keep their numbers, too, and there may
        be more of them; where none are given, they are those that are known.
        """
        before = self._fitted_train().shape
        self.timestamps = checked_timestamps(timestamps, train)
        train = self._decayed(checked_train(train))
        self.features = checked_features(features, train)
        if train.shape[0] < before[0] or train.shape[1] < before[1]:
            raise ValueError(f"train has shape {train.shape}, less than the {before} that {self.name} was fitted on")
        self._grow(train)
        yield from self._run(train)

    def loss(self) -> float:
        """What the fit makes small, over the training data; NotImplementedError where it is nothing."""
        raise NotImplementedError(f"{self.name} has no loss")

    def scores(self, queries: Queries) -> NDArray[np.float32]:
        """Scores of all items, (n, n_items), seen ones included; memory is n x n_items x 4 bytes."""
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
        """The k best items for each query, best first; (n, k).

        ``seen`` says whether items of the user's history may come back; or it is CSR (n, n_items) of what may not.
        ``allowed`` are the only items to choose from, ``excluded`` are never chosen. Where fewer than k items remain,
        the row ends in -1.
        """
        checked = self._checked(queries)
        histories = self._left_out(checked, seen)
        candidates = self._candidates(allowed, excluded)
        if candidates is None:
            return self._best(checked, k, histories, None)
        best = self._best(checked, k, histories if histories is None else histories[:, candidates], candidates)
        return TopK(np.append(candidates, -1).astype(np.int32)[best.items], best.scores)  # -1 takes the last, -1

    def rank_items(self, user: int, items: ArrayLike) -> TopK:
        """The given items, best first for this user; (1, len(items))."""
        chosen = checked_items(items, self._fitted_train().shape[1])
        scores = self.scores(user)[0, chosen]
        order = np.argsort(-scores, kind="stable")
        return TopK(chosen[order][None].astype(np.int32), scores[order][None])

    def similar_items(self, items: ArrayLike, k: int = 10, *, measure: Measure | None = None) -> TopK:
        """The k items most similar to each of ``items``, the item itself left out; (n, k).

        ``measure`` is one of vectors: cosine (what None means), dot, or euclidean, whose scores are negative
        distances. A model without vectors has a similarity of its own and takes only None.
        """
        n_items = self._fitted_train().shape[1]
        chosen = checked_items(items, n_items)
        itself = sp.csr_array((np.ones(len(chosen)), chosen, np.arange(len(chosen) + 1)), shape=(len(chosen), n_items))
        return self._best_of_blocks(lambda rows: self._item_similarity(chosen[rows], measure), len(chosen), k, itself)

    def on_one_thread(self) -> Self:
        """The same fitted arrays, asked on one thread: for callers that have several threads of their own."""
        twin = copy(self)
        twin.threads = 1
        return twin

    def save(self, folder: Path | str) -> None:
        """Write ``model.json`` and ``arrays.npz``; no pickle."""
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
        """Read what ``save`` wrote; ValueError where it is another model."""
        config, seed, train, arrays = read_model(folder, name=cls.name, config_type=cls.config_type, names=cls.arrays)
        model = cls(config, seed=seed, threads=threads)
        model.train = train
        for name, array in arrays.items():
            setattr(model, name, array)
        return model

    def _start(self, train: sp.csr_array) -> None:
        """Set what ``_epochs`` starts from: the same for the same config, seed and train.

        A model without epochs starts from nothing.
        """

    def _grow(self, train: sp.csr_array) -> None:
        """Make what is fitted suit ``train``, which has at least as many users and items."""

    @abstractmethod
    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        """Fit epoch by epoch from where the model stands, yielding 1, 2, ...; ``train`` is canonical CSR."""

    @abstractmethod
    def _scores(self, queries: Checked) -> NDArray[np.float32]:
        """``scores`` of checked queries: (n,) user numbers or canonical (n, n_items) histories."""

    @abstractmethod
    def _item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        """How similar every item is to each of ``items``, (n, n_items); higher is closer, -inf is not at all."""

    def _follow(self, epochs: Iterator[int], *, losses: bool, progress: bool) -> Self:
        from tqdm import tqdm  # a search, which follows its epochs itself, need not wait for the import

        self.loss_history = []
        for _ in tqdm(epochs, self.name, getattr(self.config, "n_epochs", 1), unit="epoch", disable=not progress):
            if losses:
                self.loss_history.append(self.loss())
        return self

    def _decayed(self, train: sp.csr_array) -> sp.csr_array:
        if not isinstance(self.config, DecayConfig) or self.config.half_life_days is None:
            return train
        if self.timestamps is None:
            raise ValueError(f"{self.name} needs the timestamps of likes for a half-life; give them, or no half-life")
        return decayed(train, self.timestamps, self.config.half_life_days)

    def _run(self, train: sp.csr_array) -> Iterator[int]:
        for epoch in self._epochs(train):
            self.train = train
            yield epoch

    def _best(self, queries: Checked, k: int, seen: sp.csr_array | None, candidates: NDArray[np.int64] | None) -> TopK:
        """The k best of ``candidates`` (None: of all items), by their places there; ``seen`` has their columns too."""

        def scores(rows: slice) -> NDArray[np.float32]:
            found = self._scores(queries[rows])
            return found if candidates is None else found[:, candidates]

        return self._best_of_blocks(scores, queries.shape[0], k, seen)

    def _best_of_blocks(
        self, scores: Callable[[slice], NDArray[np.float32]], n: int, k: int, left_out: sp.csr_array | None
    ) -> TopK:
        """The k best of each of n rows, of whose scores a block at a time is held."""
        size = max(1, SCORES_AT_A_TIME // self._fitted_train().shape[1])
        parts = []
        for rows in (slice(start, start + size) for start in range(0, max(n, 1), size)):
            part = left_out if left_out is None else left_out[rows]
            parts.append(best_scores(scores(rows), k, part, threads=self.threads))
        return TopK(np.concatenate([p.items for p in parts]), np.concatenate([p.scores for p in parts]))

    def _no_measure(self, measure: Measure | None) -> None:
        if measure is not None:
            raise ValueError(f"{self.name} has a similarity of its own; measure must be None, got {measure!r}")

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
        """The items to choose from, ascending; None where that is all of them."""
        if allowed is None and excluded is None:
            return None
        n_items = self._fitted_train().shape[1]
        is_candidate = np.full(n_items, allowed is None)
        if allowed is not None:
            is_candidate[checked_items(allowed, n_items, "allowed")] = True
        if excluded is not None:
            is_candidate[checked_items(excluded, n_items, "excluded")] = False
        return np.flatnonzero(is_candidate)
