"""The commands, one thin module each; ``python -m bench`` lists them."""

import sys
from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("evaluation", "models", "reports", "studies")


def _foreign_package() -> str | None:
    """Return which of our packages is hidden by another of the same name, and the remedy; None if none is."""
    for name in _PACKAGES:
        spec = find_spec(name)
        folders = [Path(folder).resolve() for folder in (spec.submodule_search_locations or ())] if spec else []
        if _ROOT / name not in folders:
            found = f"is hidden by {folders[0] if folders else spec.origin}" if spec else "is missing"
            return (
                f"mfbench's package {name!r} (in {_ROOT}) {found}; run in another folder, remove that one from "
                "PYTHONPATH, or install mfbench in its own virtual environment"
            )
    return None


if _problem := _foreign_package():
    if sys.argv[0] == "-m":  # Python is looking for the module of a command: its user needs a line, not a traceback
        sys.exit(f"bench: error: {_problem}")
    raise ImportError(_problem)
