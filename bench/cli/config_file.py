"""Options from a TOML file, whose keys are the long names of the options, and back into one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.cli.options import Option
from models.errors import UserError, did_you_mean

__all__ = ["ConfigFileError", "as_toml", "read_options"]


class ConfigFileError(UserError):
    """The file cannot be read as options; the message names the file, the key and the problem."""


def read_options(path: Path, options: Mapping[str, Option]) -> dict[str, Any]:
    """Return the stored values of the options in the file, by name."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigFileError(f"Cannot read the options in {path} ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ConfigFileError(f"{path} is not a TOML file ({error})") from error
    for key, stored in table.items():
        if key not in options:
            hint = did_you_mean(key.replace("_", "-"), options)
            raise ConfigFileError(f"{path}: there is no option {key!r}.{hint}")
        try:
            options[key].value(stored)
        except ValueError as error:
            raise ConfigFileError(f"{path}: {key}: {error}") from error
    return table


def as_toml(options: Mapping[str, Any]) -> str:
    """Return stored values as the text of a file that ``read_options`` reads."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in options.items())


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        # as in JSON, except that TOML has no surrogates and escapes DEL
        return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value) if isinstance(value, float) else json.dumps(value)
