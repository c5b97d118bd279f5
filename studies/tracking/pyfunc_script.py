"""The code of an exported model, which MLflow runs where the model is loaded: user ids or histories in, titles out.

It imports only ``models`` of mfbench, the one package that is exported with it.
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
        """Return a list for each row of ``model_input``, which has a column ``user`` (ids) or ``history`` (item ids).

        ``params``: ``k``, the length of the lists (default 10); ``seen``, "exclude" (default) or "include" the items
        that the user or the history has. Returns the columns query (number of the row), rank, item, title and score.
        Raises ValueError for an unknown id.
        """
        how = {"k": 10, "seen": "exclude", **(params or {})}
        best = self.model.recommend(self._queries(model_input), int(how["k"]), seen=how["seen"])
        rows, columns = np.nonzero(best.items >= 0)
        items = best.items[rows, columns]
        return pd.DataFrame(
            {
                "query": rows,
                "rank": columns + 1,
                "item": self.items[items],
                "title": self.titles[items],
                "score": best.scores[rows, columns],
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


def _numbers(given: Sequence[Any], ids: NDArray[Any], what: str) -> NDArray[np.int64]:
    """Return the positions of the given ids among ``ids``, which are sorted."""
    wanted = np.array(given, dtype=ids.dtype) if len(given) else np.empty(0, ids.dtype)
    found = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    for id_, position in zip(given, found.tolist(), strict=True):
        if str(ids[position]) != str(id_):
            raise ValueError(f"the model knows no {what} {id_!r}; ids look like {ids[0]!s}")
    return found


mlflow.models.set_model(TopKModel())
