"""Models on disk: name, seed and config in ``model.json``, fitted arrays in ``arrays.npz``; no pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["read_model", "write_model"]

FORMAT_VERSION = 1


def write_model(
    folder: Path | str, *, name: str, seed: int, config: Any, train: sp.csr_array, arrays: dict[str, NDArray[Any]]
) -> None:
    """Write a model to ``folder``, which is created; ``config`` is a dataclass of plain values."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    head = {"format": FORMAT_VERSION, "model": name, "seed": seed, "config": asdict(config)}
    (folder / "model.json").write_text(json.dumps(head, indent=2) + "\n", encoding="utf-8")
    stored: dict[str, Any] = {
        "train_indptr": train.indptr,
        "train_indices": train.indices,
        "train_data": train.data,
        "train_shape": np.array(train.shape),
        **arrays,
    }
    np.savez(folder / "arrays.npz", **stored)


def read_model(
    folder: Path | str, *, name: str, config_type: type, names: tuple[str, ...]
) -> tuple[Any, int, sp.csr_array, dict[str, NDArray[Any]]]:
    """Return config, seed, train and the arrays ``names`` of the model ``name``.

    ValueError if the folder holds another model or format, or a config that ``config_type`` does not accept.
    """
    head = json.loads((Path(folder) / "model.json").read_text(encoding="utf-8"))
    if head.get("model") != name or head.get("format") != FORMAT_VERSION:
        raise ValueError(
            f"{folder} holds a model {head.get('model')!r} of format {head.get('format')!r}; "
            f"expected {name!r} of format {FORMAT_VERSION}"
        )
    try:
        config = config_type(**head["config"])
    except TypeError as error:
        raise ValueError(f"{folder} holds a config that {config_type.__name__} does not accept: {error}") from error
    with np.load(Path(folder) / "arrays.npz", allow_pickle=False) as stored:
        csr = (stored["train_data"], stored["train_indices"], stored["train_indptr"])
        train = sp.csr_array(csr, shape=tuple(stored["train_shape"].tolist()))
        arrays = {array: stored[array] for array in names}
    return config, head["seed"], train, arrays
