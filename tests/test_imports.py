"""Checks which package may import which, and which libraries are reserved to a package."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"bench", "evaluation", "models", "reports", "studies"}
MAY_IMPORT = {
    "models": {"models"},
    "evaluation": {"evaluation", "models.errors"},
    "studies": {"models", "evaluation", "studies"},
    "reports": {"reports", "studies.record"},
    "bench": OURS,
}
RESERVED = {
    "numba": {"models", "evaluation"},
    "optuna": {"studies"},
    "mlflow": {"studies.tracking"},
    "dask": {"studies"},
    "pyspark": {"models"},
    "pytest": {"models.testing"},
    "jinja2": {"reports", "bench"},
    "plotly": {"reports", "bench"},
    "argparse": {"bench"},
}


def modules() -> Iterator[tuple[str, Path]]:
    for package in sorted(OURS):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


def imports(path: Path) -> set[str]:
    """All modules that the file imports at any level; ``from a import b`` counts as ``a`` and as ``a.b``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the package that is imported"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def inside(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def longest(names: set[str]) -> set[str]:
    """Drop "studies" where "studies.record" is there: "from studies import record" counts as both."""
    return {name for name in names if not any(other.startswith(f"{name}.") for other in names)}


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=str)
def test_a_module_imports_only_what_its_package_may(module: str, path: Path) -> None:
    allowed = MAY_IMPORT[module.partition(".")[0]]
    found = imports(path)
    ours = {name for name in found if name.partition(".")[0] in OURS}
    assert {name for name in longest(ours) if not inside(name, allowed)} == set()
    reserved = {name for name in found if name.partition(".")[0] in RESERVED}
    assert {name for name in reserved if not inside(module, RESERVED[name.partition(".")[0]])} == set()


def test_no_modules_import_each_other() -> None:
    """Imports inside functions count, too."""
    names = dict(modules())
    TopologicalSorter({name: longest(imports(path) & names.keys()) for name, path in names.items()}).prepare()


def test_the_distribution_lists_every_package_and_its_data() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["setuptools"]["packages"]
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in OURS
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert set(listed) == found
    data = project["tool"]["setuptools"]["package-data"]
    for package in found:
        folder = ROOT / package.replace(".", "/")
        kept = {path for pattern in data.get(package, []) for path in folder.glob(pattern)}
        others = {path for path in folder.iterdir() if path.is_file() and path.suffix != ".py"}
        assert others <= kept, f"{package} leaves out {sorted(path.name for path in others - kept)}"


UNIX_ONLY = ("fcntl", "grp", "pwd", "resource", "termios")

IMPORT_ALL = """
import builtins, importlib, sys

def guarded(name, globals=None, *rest, importing=builtins.__import__, **others):
    importer = str((globals or {}).get("__name__"))
    if name in UNIX_ONLY and importer.partition(".")[0] in OURS:
        raise ModuleNotFoundError(f"{importer} imports {name}", name=name)
    return importing(name, globals, *rest, **others)

builtins.__import__ = guarded
for module in MODULES:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name in UNIX_ONLY or str(error.name).partition(".")[0] in OURS:
            raise  # else an extra is not installed
"""


def test_no_module_needs_what_only_unix_has_to_be_imported() -> None:
    names = [name for name, _ in modules()]
    given = f"OURS, UNIX_ONLY, MODULES = {sorted(OURS)}, {UNIX_ONLY}, {names}\n"
    done = subprocess.run([sys.executable, "-c", given + IMPORT_ALL], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
