"""The code of an exported model, run by MLflow where the model is loaded: user ids or histories in, titles out.

It knows ``models`` and nothing else of ours, as that package alone travels with it.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from models.base import Queries, Recommender


class TopKModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]  # mlflow has no types
    """A fitted recommender behind ``predict``."""

    def load_context(self, context: Any) -> None:
        folder = Path(context.artifacts["model"])
        where = json.loads((folder / "served.json").read_text(encoding="utf-8"))
        model: type[Recommender[Any]] = getattr(importlib.import_module(where["module"]), where["class"])
        self.model = model.load(folder)
        with np.load(folder / "ids.npz", allow_pickle=False) as ids:
            self.users, self.items, self.titles = ids["users"], ids["items"], ids["titles"]

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Lists for each row of ``model_input``: of its column ``user`` (ids) or ``history`` (lists of item ids).

        ``params``: ``k``, how many (10); ``seen``, "exclude" or "include" what the user or history has. Returns the
        columns query (the row's number), rank, item, title and score. ValueError names an id that is not known.
        """
        asked = {"k": 10, "seen": "exclude", **(params or {})}
        best = self.model.recommend(self._queries(model_input), int(asked["k"]), seen=asked["seen"])
        rows, places = np.nonzero(best.items >= 0)
        items = best.items[rows, places]
        return pd.DataFrame(
            {
                "query": rows,
                "rank": places + 1,
                "item": self.items[items],
                "title": self.titles[items],
                "score": best.scores[rows, places],
            }
        )

    def _queries(self, frame: pd.DataFrame) -> Queries:
        if "user" in frame.columns:
            return _numbers(frame["user"].tolist(), self.users, "user")
        if "history" not in frame.columns:
            raise ValueError("the input needs a column 'user' of ids or 'history' of lists of item ids")
        histories = [_numbers(list(history), self.items, "item") for history in frame["history"]]
        indptr = np.cumsum([0, *map(len, histories)])
        indices = np.concatenate([np.empty(0, np.int64), *histories])
        ones = np.ones(len(indices), np.float32)
        return sp.csr_array((ones, indices, indptr), shape=(len(histories), len(self.items)))


def _numbers(asked: Sequence[Any], ids: NDArray[Any], what: str) -> NDArray[np.int64]:
    """Where the ids asked for stand among ``ids``, which are sorted."""
    wanted = np.array(asked, dtype=ids.dtype) if len(asked) else np.empty(0, ids.dtype)
    found = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    for given, place in zip(asked, found.tolist(), strict=True):
        if str(ids[place]) != str(given):
            raise ValueError(f"the model knows no {what} {given!r}; ids look like {ids[0]!s}")
    return found


mlflow.models.set_model(TopKModel())
