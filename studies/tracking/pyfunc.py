"""A fitted model as an MLflow pyfunc: a folder without pickles, which loads where mfbench is not installed."""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import models
from evaluation.interactions import Interactions
from models.base import Recommender
from models.errors import UserError
from studies.tracking.mlflow_runs import import_mlflow

__all__ = ["PyfuncError", "write_pyfunc"]

REQUIREMENTS = ("mlflow", "numba", "numpy", "pandas", "scipy", "threadpoolctl", "tqdm")  #: what ``models`` needs
SCRIPT = Path(__file__).with_name("pyfunc_script.py")


class PyfuncError(UserError):
    """The model cannot be exported as a pyfunc; the message says why."""


def write_pyfunc(model: Recommender[Any], interactions: Interactions, folder: Path) -> None:
    """Write the model, fitted on ``interactions``, to ``folder``; replace what is there.

    Raises PyfuncError for a model of another package, whose code would not travel with it.
    """
    module = type(model).__module__
    if not module.startswith("models."):
        raise PyfuncError(f"{model.name} is a model of {module}; only models of mfbench travel with their code")
    mlflow = import_mlflow()
    titles = interactions.item_titles if interactions.item_titles is not None else interactions.item_ids.astype(np.str_)
    with tempfile.TemporaryDirectory() as draft:
        saved = Path(draft) / "model"
        model.save(saved)
        where = {"module": module, "class": type(model).__name__}
        (saved / "served.json").write_text(json.dumps(where) + "\n", encoding="utf-8")
        np.savez(saved / "ids.npz", users=interactions.user_ids, items=interactions.item_ids, titles=titles)
        whole = Path(draft) / "pyfunc"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # there is no example of an input
            mlflow.pyfunc.save_model(
                whole,
                python_model=str(SCRIPT),
                artifacts={"model": str(saved)},
                code_paths=[str(Path(models.__file__).parent)],
                signature=_signature(interactions),
                pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
            )
        if folder.exists():
            shutil.rmtree(folder)
        shutil.move(whole, folder)


def _signature(interactions: Interactions) -> Any:
    """Return the columns of inputs and outputs; without a signature MLflow passes no ``params``."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, ParamSchema, ParamSpec, Schema

    user, item = (_type_name(ids) for ids in (interactions.user_ids, interactions.item_ids))
    queries: list[Any] = [ColSpec(user, "user", required=False), ColSpec(Array(item), "history", required=False)]
    lists = {"query": "long", "rank": "long", "item": item, "title": "string", "score": "float"}
    listed: list[Any] = [ColSpec(type_, name) for name, type_ in lists.items()]
    params = [ParamSpec("k", "long", 10), ParamSpec("seen", "string", "exclude")]
    return ModelSignature(
        inputs=Schema(queries),
        outputs=Schema(listed),
        params=ParamSchema(params),
    )


def _type_name(ids: NDArray[Any]) -> str:
    return "long" if ids.dtype.kind in "iu" else "string"
