"""The contract that every model keeps."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar, Generic, Literal, Self, TypeAlias, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from models.top_k import TopK, top_k

__all__ = ["Measure", "NotFittedError", "Recommender", "Seen", "TopK"]

C = TypeVar("C")
Queries: TypeAlias = NDArray[np.int64] | sp.csr_array
Seen = Literal["exclude", "include"]
Measure = Literal["cosine", "dot", "euclidean"]

FORMAT_VERSION = 1


class NotFittedError(RuntimeError):
    """The model was asked before it was fitted."""


class Recommender(ABC, Generic[C]):
    """A top-K recommender.

    ``train`` is a (n_users, n_items) CSR array of float32 weights, a like being any stored entry; it is
    never changed. A *query* is either an array of user numbers of ``train`` or a (n, n_items) CSR array
    of histories, which may belong to strangers. Scores are float32, higher is better, and comparable
    only within a row. The same config, seed and train give the same lists.
    """

    name: ClassVar[str]
    config_type: ClassVar[type]
    arrays: ClassVar[tuple[str, ...]] = ()  #: the fitted attributes that ``save`` keeps

    def __init__(self, config: C | None = None, *, seed: int = 0, threads: int | None = None) -> None:
        self.config: C = config if config is not None else self.config_type()
        self.seed = seed
        self.threads = threads
        self.train: sp.csr_array | None = None

    @abstractmethod
    def fit_epochs(self, train: sp.csr_array) -> Iterator[int]:
        """Fit afresh, yielding 1, 2, ... after each epoch; between two epochs the model can be used.

        A model without epochs yields once.
        """

    def fit(self, train: sp.csr_array) -> Self:
        """Fit afresh, for as many epochs as the config says."""
        for _ in self.fit_epochs(train):
            pass
        return self

    @abstractmethod
    def scores(self, queries: Queries) -> NDArray[np.float32]:
        """Scores of all items, (n, n_items), seen ones included; memory is n x n_items x 4 bytes."""

    @abstractmethod
    def item_similarity(self, items: NDArray[np.int64], measure: Measure | None) -> NDArray[np.float32]:
        """How similar every item is to each of ``items``, (n, n_items); higher is closer."""

    def similar_items(self, items: ArrayLike, k: int = 10, *, measure: Measure | None = None) -> TopK:
        """The k items most similar to each of ``items``, the item itself left out; (n, k).

        ``measure`` is one of vectors: cosine (what None means), dot, or euclidean, whose scores are negative
        distances. A model without vectors has a similarity of its own and takes only None.
        """
        n_items = self._fitted_train().shape[1]
        chosen = np.atleast_1d(np.asarray(items, np.int64))
        itself = sp.csr_array((np.ones(len(chosen)), (np.arange(len(chosen)), chosen)), shape=(len(chosen), n_items))
        return top_k(self.item_similarity(chosen, measure), k, itself)

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

        ``seen`` says whether items of the user's history may come back. ``allowed`` are the only items to
        choose from, ``excluded`` are never chosen. Where fewer than k items remain, the row ends in -1.
        """
        banned = self._banned(allowed, excluded)
        n, n_items = self._check_queries(queries)
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        block = max(1, 4_000_000 // n_items)
        parts = []
        for start in range(0, max(n, 1), block):
            part = queries[start : start + block]
            scores = self.scores(part)
            if banned is not None:
                scores[:, banned] = -np.inf
            seen_items = self._histories(part) if seen == "exclude" else None
            parts.append(top_k(scores, k, seen_items))
        return TopK(np.concatenate([p.items for p in parts]), np.concatenate([p.scores for p in parts]))

    def rank_items(self, user: int, items: ArrayLike) -> TopK:
        """The given items, best first for this user; (1, len(items))."""
        chosen = np.asarray(items, np.int64)
        scores = self.scores(np.array([user]))[0, chosen]
        order = np.argsort(-scores, kind="stable")
        return TopK(chosen[order][None].astype(np.int32), scores[order][None])

    def save(self, folder: Path | str) -> None:
        """Write ``model.json`` and ``arrays.npz``; no pickle."""
        train = self._fitted_train()
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        head = {"format": FORMAT_VERSION, "model": self.name, "seed": self.seed, "config": asdict(self.config)}  # type: ignore[call-overload]  # a config is a dataclass
        (folder / "model.json").write_text(json.dumps(head, indent=2) + "\n", encoding="utf-8")
        fitted = {name: getattr(self, name) for name in self.arrays}
        np.savez(
            folder / "arrays.npz",
            train_indptr=train.indptr,
            train_indices=train.indices,
            train_data=train.data,
            train_shape=np.array(train.shape),
            **fitted,
        )

    @classmethod
    def load(cls, folder: Path | str, *, threads: int | None = None) -> Self:
        """Read what ``save`` wrote."""
        head = json.loads((Path(folder) / "model.json").read_text(encoding="utf-8"))
        if head.get("model") != cls.name or head.get("format") != FORMAT_VERSION:
            raise ValueError(
                f"{folder} holds a model {head.get('model')!r} of format {head.get('format')!r}; "
                f"expected {cls.name!r} of format {FORMAT_VERSION}"
            )
        model = cls(cls.config_type(**head["config"]), seed=head["seed"], threads=threads)
        with np.load(Path(folder) / "arrays.npz", allow_pickle=False) as stored:
            csr = (stored["train_data"], stored["train_indices"], stored["train_indptr"])
            model.train = sp.csr_array(csr, shape=tuple(stored["train_shape"]))
            for name in cls.arrays:
                setattr(model, name, stored[name])
        return model

    def _no_measure(self, measure: Measure | None) -> None:
        if measure is not None:
            raise ValueError(f"{self.name} has a similarity of its own; measure must be None, got {measure!r}")

    def _fitted_train(self) -> sp.csr_array:
        if self.train is None:
            raise NotFittedError(f"{self.name} is not fitted; call fit(train) first")
        return self.train

    def _check_queries(self, queries: Queries) -> tuple[int, int]:
        n_users, n_items = self._fitted_train().shape
        if sp.issparse(queries):
            if queries.shape[1] != n_items:
                raise ValueError(f"histories have {queries.shape[1]} items, the model was fitted on {n_items}")
            return queries.shape[0], n_items
        if len(queries) and (np.min(queries) < 0 or np.max(queries) >= n_users):
            raise ValueError(f"users must be from 0 to {n_users - 1}, got {np.min(queries)} to {np.max(queries)}")
        return len(queries), n_items

    def _histories(self, queries: Queries) -> sp.csr_array:
        return queries if sp.issparse(queries) else self._fitted_train()[queries]

    def _banned(self, allowed: ArrayLike | None, excluded: ArrayLike | None) -> NDArray[np.bool_] | None:
        if allowed is None and excluded is None:
            return None
        n_items = self._fitted_train().shape[1]
        banned = np.full(n_items, allowed is not None)
        if allowed is not None:
            banned[np.asarray(allowed, np.int64)] = False
        if excluded is not None:
            banned[np.asarray(excluded, np.int64)] = True
        return banned
