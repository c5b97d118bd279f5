"""The work of ``bench.export``: a pyfunc and, for a model with vectors, these and their index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.cli.options import Arguments
from bench.cli.run import writable_folder
from bench.commands import vector_index
from bench.commands.best_fit import best_fit
from bench.commands.inputs import load_for, named_or_usable
from bench.commands.options import ExportCommand
from evaluation.interactions import Interactions
from models.factor_model import FactorModel
from reports.formats import visible
from reports.page import file_name
from studies.tracking.pyfunc import write_pyfunc

__all__ = ["export"]


def export(arguments: Arguments) -> int:
    """Export the model, print where the files are and return the exit code."""
    options = arguments.build(ExportCommand)
    interactions = load_for(arguments, named_or_usable([options.model]))
    name = file_name(f"{options.model}-{interactions.name}").removesuffix(".html")
    folder = writable_folder(options.to or Path("export") / name)
    model = best_fit(options.model, interactions, arguments["storage"], seed=options.seed, threads=options.threads)
    write_pyfunc(model, interactions, folder / "pyfunc")
    print(f"MLflow pyfunc: {visible(str(folder / 'pyfunc'))}")
    if isinstance(model, FactorModel):
        _export_vectors(model, interactions, folder, options)
    else:
        print(f"{options.model} has no vectors, so there are none to index")
    return 0


def _export_vectors(model: FactorModel[Any], interactions: Interactions, folder: Path, options: ExportCommand) -> None:
    for path in vector_index.write_vectors(model, interactions, folder):
        print(f"Vectors: {visible(str(path))}")
    if not vector_index.can_index():
        print("No index was made, as usearch is not installed: pip install -e '.[ann]'")
        return
    quality = vector_index.write_index(model, folder / "items.usearch", options.k, seed=options.seed)
    print(f"Index: {visible(str(folder / 'items.usearch'))}")
    print(
        f"  recall@{quality.k} {quality.recall:.4f} against the exact lists of {quality.n_users:,} users; "
        f"{quality.rate:,.0f} queries a second (exact: {quality.exact_rate:,.0f})"
    )
