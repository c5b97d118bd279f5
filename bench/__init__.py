"""What you run: one thin module a command. Start with ``python -m bench.study --help``."""

import sys
from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("evaluation", "models", "reports", "studies")


def _foreign_package() -> str | None:
    """Say which of our packages another one of the same name hides, and what to do; None where all are ours."""
    for name in _PACKAGES:
        spec = find_spec(name)
        places = [Path(place).resolve() for place in (spec.submodule_search_locations or ())] if spec else []
        if _ROOT / name not in places:
            found = f"is hidden by {places[0] if places else spec.origin}" if spec else "is missing"
            return (
                f"mfbench's package {name!r} (in {_ROOT}) {found}; run from another folder, take that one off "
                "PYTHONPATH, or give mfbench a virtual environment of its own"
            )
    return None


if _problem := _foreign_package():
    if sys.argv[0] == "-m":  # while Python looks for the command's module: a user wants a line, not a traceback
        sys.exit(f"bench: error: {_problem}")
    raise ImportError(_problem)
