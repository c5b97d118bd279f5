"""Options of a command, made from the fields of dataclasses.

A field whose metadata has a ``help`` is an option. Its annotation gives the type, its default the default. The
metadata may also have:

    option      name, where it is not that of the field, such as ``trials``; ``no-...`` is a flag that clears the field
    metavar     placeholder of the value in the help
    default     description of a default that is computed
    env         environment variable that replaces the default
    group       heading in the help
    parse       function of a text that returns the value or raises ValueError
    several     True: takes several values though the field holds one
    commas      True: takes several values as one text, separated by commas
    path        True: a text that names a file, in whatever encoding the file system has
    positional  True: given without a name
    exclusive   True: exactly one of the options marked so is required
    min, above, max  range of a number
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from evaluation.option_ranges import range_problem

__all__ = ["Arguments", "Option", "did_you_mean", "options_of"]

T = TypeVar("T")
NEEDED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", object: "a text or a number"}
STORED = {bool: (bool,), int: (int,), float: (int, float), str: (str,), object: (str, int, float)}
WHOLE_NUMBER = re.compile("[+-]?[0-9]+")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option. A *stored* value is a text, number, truth value or list of them, as a TOML file has it."""

    name: str
    kind: type  #: of a stored value: a key of ``STORED``
    metadata: Mapping[str, Any]
    choices: tuple[str, ...] = ()
    is_list: bool = False
    is_optional: bool = False
    is_path: bool = False
    default: Any = None  #: stored; None where there is none
    fallback: Any = None  #: the value where nothing is stored
    is_required: bool = False

    @property
    def metavar(self) -> str | None:
        return self.metadata.get("metavar") or "|".join(self.choices) or None

    @property
    def help(self) -> str:
        """The help text, which ends with the default."""
        default = self.metadata.get("default")
        if self.is_required:
            default = "required"
        elif default is None and self.kind is bool:
            default = "off"
        elif default is None and self.default is not None:
            default = (
                " ".join(map(str, self.default)) or "none" if isinstance(self.default, list) else str(self.default)
            )
        if "env" in self.metadata:
            default = f"${self.metadata['env']}, else {default}"
        text = self.metadata["help"] if default is None else f"{self.metadata['help']} (default: {default})"
        return text.replace("(default: required", "(required").replace("%", "%%")

    def stored(self, given: Any) -> Any:
        """The stored value of what the command line gave: a text, a list of texts, or a flag."""
        if isinstance(given, list):
            return [self.stored(each) for each in given]
        if not isinstance(given, str) or self.kind is str:
            return given
        if self.kind is int:
            if not WHOLE_NUMBER.fullmatch(given):
                raise ValueError(f"{given!r} is not a whole number")
            return int(given)
        for number in (int, float):
            try:
                value = number(given)
            except ValueError:
                continue
            if self.kind is float or str(value) == given:
                return value
        if self.kind is float:
            raise ValueError(f"{given!r} is not a number")
        return given

    def value(self, stored: Any) -> Any:
        """The value of a stored one in the dataclass; ValueError says what is wrong with it."""
        if stored is None:
            return None
        if not self.is_list:
            return self._parsed(stored)
        if stored == [] and self.default:
            raise ValueError("at least one value is needed")
        return tuple(map(self._parsed, stored if isinstance(stored, list) else [stored]))

    def _parsed(self, stored: Any) -> Any:
        if not _has_type(stored, self.kind):
            raise ValueError(f"{NEEDED[self.kind]} is needed, got {stored!r}")
        if isinstance(stored, str):
            _check_text(stored, self.is_path)
            if self.choices and stored not in self.choices:
                raise ValueError(f"{stored!r} is none of {', '.join(self.choices)}{did_you_mean(stored, self.choices)}")
        elif not isinstance(stored, bool):
            _check_number(stored)
        if self.metadata.get("commas"):
            return tuple(self._one(word.strip()) for word in stored.split(","))
        return self._one(stored)

    def _one(self, stored: Any) -> Any:
        if parse := self.metadata.get("parse"):
            return parse(str(stored))
        if self.kind is bool:
            return stored != self.name.startswith("no-")
        if problem := range_problem(self.metadata, stored) if self.kind in (int, float) else None:
            raise ValueError(problem)
        return float(stored) if self.kind is float else stored


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What a command was given: the values of all its options, by their names."""

    command: str  #: the line to type again, without passwords
    values: Mapping[str, Any]
    stored: Mapping[str, Any]  #: those that a TOML file needs to repeat the command; no URL with a password

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def build(self, cls: type[T], **others: Any) -> T:
        """An instance of a dataclass of options; ``others`` win over what was given."""
        names = {field.name: _name(field) for field in fields(cls)}  # type: ignore[arg-type]
        given = {field: self.values[name] for field, name in names.items() if name in self.values}
        return cls(**{**given, **others})


def options_of(
    cls: type[Any], *, only: Collection[str] = (), without: Collection[str] = (), **more: Any
) -> list[Option]:
    """The options of a dataclass, all or some by their names; ``more`` is metadata of each of them."""
    hints = get_type_hints(cls)
    options = [
        _option(field, hints[field.name], {**field.metadata, **more})
        for field in fields(cls)
        if "help" in field.metadata
    ]
    return [each for each in options if each.name not in without and (not only or each.name in only)]


def did_you_mean(word: str, words: Collection[str]) -> str:
    """A sentence with the nearest of ``words``; empty where none is near."""
    nearest = get_close_matches(word.lower(), words, n=1)
    return f". Did you mean {nearest[0]!r}?" if nearest else ""


def _name(field: Field[Any]) -> str:
    return str(field.metadata.get("option") or field.name.replace("_", "-"))


def _option(field: Field[Any], hint: Any, metadata: Mapping[str, Any]) -> Option:
    alternatives = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    is_optional = type(None) in alternatives
    (kind,) = (each for each in alternatives if each is not type(None))
    is_tuple = get_origin(kind) is tuple
    if is_tuple:
        kind = get_args(kind)[0]
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    is_path = kind is Path or metadata.get("path", False)
    if kind is Path:
        metadata = {"parse": Path, **metadata}
    if choices or kind is Path or metadata.get("commas"):
        kind = str
    elif "parse" in metadata:
        kind = object
    has_default = field.default is not MISSING and field.default is not None and kind is not bool
    fallback = field.default_factory() if field.default_factory is not MISSING else field.default
    return Option(
        name=_name(field),
        kind=kind,
        metadata=metadata,
        choices=choices,
        is_list=(is_tuple or metadata.get("several", False)) and not metadata.get("commas"),
        is_optional=is_optional,
        is_path=is_path,
        default=_stored_default(field.default, metadata) if has_default else None,
        fallback=None if fallback is MISSING else fallback,
        is_required=field.default is MISSING and field.default_factory is MISSING and "default" not in metadata,
    )


def _stored_default(value: Any, metadata: Mapping[str, Any]) -> Any:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) if metadata.get("commas") else list(value)
    plain = value if isinstance(value, int | float | str) else str(value)
    return [plain] if metadata.get("several") else plain


def _has_type(stored: Any, kind: type) -> bool:
    return isinstance(stored, STORED[kind]) and (kind is bool or not isinstance(stored, bool))


def _check_text(text: str, is_path: bool) -> None:
    if "\0" in text:
        raise ValueError(f"{text!r} holds a NUL character")
    if not is_path and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(f"{text!r} is not valid Unicode")


def _check_number(number: float) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError(f"{number} is not a finite number")
    if isinstance(number, int) and abs(number) >= 10**18:
        raise ValueError("a whole number of at most 18 digits is needed")
