"""Options from a TOML file, and back into one.

What a file may hold is not written down a second time: the pydantic model that checks it is made from the actions of
the command's own parser, so that every long option is a key, with the option's type.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from bench.command import positive_float, positive_int, whole_number
from studies.secrets import hide_password

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

from models.errors import UserError

__all__ = ["ConfigFileError", "add_config_argument", "as_toml", "keys", "parse"]

CONFIG = "--config"
TYPES: dict[Any, type] = {None: str, Path: str, int: int, positive_int: int, whole_number: int} | dict.fromkeys(
    (float, positive_float), float
)  #: of an option -> of its value in a file; any other option takes a text or a number


class ConfigFileError(UserError):
    """The file cannot be read as options; the message names it, the key and what is wrong."""


def add_config_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        CONFIG, metavar="FILE.toml", help="take options from this file, by their long names; those given here win"
    )


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    """The options of the command line and, beneath them, of the file that it names; and all of them by their keys.

    Options that were not given stand there with their defaults; those without a value are left out, and URLs with a
    password. Raises ConfigFileError.
    """
    actions = _actions(parser)
    path = _config_path(argv) if any(action.option_strings == [CONFIG] for action in parser._actions) else None
    stored = _read(Path(path), actions) if path else {}
    for key, value in stored.items():
        actions[key].default, actions[key].required = _parsed(actions[key], value), False
    args = parser.parse_args(argv)
    types = {key: action.type for key, action in actions.items()}
    for key, action in actions.items():
        action.type = None
        if key in stored and action.nargs != 0:
            action.default = stored[key]
    raw = parser.parse_args(argv)
    resolved = {key: _resolved(action, types[key], getattr(raw, action.dest)) for key, action in actions.items()}
    return args, {key: value for key, value in resolved.items() if value is not None}


def keys(parser: argparse.ArgumentParser) -> frozenset[str]:
    """What a file for this command may hold."""
    return frozenset(_actions(parser))


def as_toml(options: Mapping[str, Any]) -> str:
    """The options as the text of a file that ``parse`` reads."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in options.items())


def _actions(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Key -> option, in the order of the help."""
    named = {action.option_strings[0]: action for action in parser._actions if action.option_strings}
    return {
        option[2:]: a for option, a in named.items() if option.startswith("--") and option not in ("--help", CONFIG)
    }


def _config_path(argv: Sequence[str]) -> str | None:
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    finder.add_argument(CONFIG, nargs="?")
    path: str | None = finder.parse_known_args(argv)[0].config
    return path


def _read(path: Path, actions: Mapping[str, argparse.Action]) -> dict[str, Any]:
    from pydantic import ValidationError

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return _model(actions).model_validate(table).model_dump(by_alias=True, exclude_unset=True)
    except OSError as error:
        raise ConfigFileError(f"Cannot read the options in {path} ({error.strerror})") from error
    except ValidationError as error:
        raise ConfigFileError(f"{path}: {_problem(error, actions)}") from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise ConfigFileError(f"{path} is not a TOML file ({error})") from error


def _model(actions: Mapping[str, argparse.Action]) -> type[BaseModel]:
    """A field for every option, under the option's name; only types of TOML, as they are."""
    from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, create_model

    def field(key: str, action: argparse.Action) -> Any:
        checked = AfterValidator(lambda value: (_parsed(action, value), value)[1])
        listed = BeforeValidator(lambda value: value if action.nargs != "+" or isinstance(value, list) else [value])
        return Annotated[_type(action), listed, checked], Field(None, alias=key)

    fields: dict[str, Any] = {f"option_{n}": field(*item) for n, item in enumerate(actions.items())}
    return create_model("Options", __config__=ConfigDict(extra="forbid", strict=True), **fields)


def _type(action: argparse.Action) -> Any:
    if action.nargs == 0:
        return bool
    one = TYPES.get(action.type, Any)
    return list[one] if action.nargs == "+" else one  # type: ignore[valid-type]  # a type known at run time


def _parsed(action: argparse.Action, value: Any) -> Any:
    """The value as the option would have it from the command line; raises ValueError."""
    if action.nargs == 0:
        return value if action.const is None else action.const if value else action.default
    if action.nargs == "+":
        return [_parsed_one(action, each) for each in value]
    return _parsed_one(action, value)


def _parsed_one(action: argparse.Action, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a text or a number is needed")
    convert: Any = action.type or str
    try:
        return convert(str(value))
    except argparse.ArgumentTypeError as error:
        raise ValueError(str(error)) from None


def _problem(error: ValidationError, actions: Mapping[str, argparse.Action]) -> str:
    """The first thing that is wrong, in words."""
    first = error.errors()[0]
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        nearest = get_close_matches(key.replace("_", "-").lower(), actions, n=1)
        return f"there is no option {key!r}." + (f" Did you mean {nearest[0]!r}?" if nearest else "")
    said = first["msg"].removeprefix("Value error, ")
    return f"{key}: {said}, got {first['input']!r}"


def _resolved(action: argparse.Action, kind: Any, raw: Any) -> Any:
    """The value of an option as a file has it; None where it has none."""
    if isinstance(action, argparse.BooleanOptionalAction) or raw is None:
        return raw
    if action.nargs == 0:
        return True if raw == action.const else None
    return [_typed(kind, each) for each in raw] if isinstance(raw, list) else _typed(kind, raw)


def _typed(kind: Any, raw: Any) -> Any:
    if not isinstance(raw, str):
        return str(raw) if isinstance(raw, Path) else raw
    if hide_password(raw) != raw:
        return None  # the environment has it, or whoever types the command
    for convert in (TYPES[kind],) if kind in TYPES else (int, float):
        try:
            return convert(raw)
        except ValueError:
            continue
    return raw


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(
        value, str
    ):  # as in JSON, but that TOML has no halves of surrogate pairs and escapes one more control
        return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value) if isinstance(value, float) else json.dumps(value)
