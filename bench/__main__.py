"""``python -m bench``: list the commands."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.cli.parser import USAGE_ERROR
from bench.cli.tables import aligned

COMMAND = re.compile(r"``(python -m bench\.\w+).*?``: (.*)")  #: how the docstring of a command begins


def commands() -> Iterator[list[str]]:
    """Each command and what it does, from the first line of its docstring; nothing is imported."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if found := COMMAND.match(docstring):
            yield [f"  {found[1]}", found[2].splitlines()[0]]


print("mfbench: hyperparameter search and benchmarks for top-K recommenders\n")
print("\n".join(aligned(list(commands()))))
print("\nEach has --help, with examples.")
if not set(sys.argv[1:]) <= {"-h", "--help"}:
    print("bench: error: run one of these, such as python -m bench.study", file=sys.stderr)
    sys.exit(USAGE_ERROR)
