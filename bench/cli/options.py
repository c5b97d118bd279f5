"""Options of a command, made from the fields of dataclasses that ``evaluation.option_fields`` declares.

A *stored* value is a text, a number, a truth value or a list of them, as a TOML file has it.
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from evaluation.option_fields import range_problem
from models.errors import did_you_mean

__all__ = ["Arguments", "Option", "hint_at", "options_of"]

T = TypeVar("T")
#: type of a stored value -> the types that may be stored, and what is needed in words
KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
    object: ((str, int, float), "a text or a number"),
}


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: its name, its type and what ``evaluation.option_fields.option`` says of it."""

    name: str
    kind: type  #: a key of ``KINDS``
    metadata: Mapping[str, Any]
    choices: tuple[str, ...] = ()
    is_list: bool = False
    is_optional: bool = False
    is_required: bool = False
    default: Any = None  #: of the field; None where it has none

    @property
    def flag(self) -> str:
        return self.metavar or self.name if self.metadata.get("positional") else f"--{self.name}"

    @property
    def metavar(self) -> str | None:
        return self.metadata.get("metavar") or "|".join(self.choices) or None

    @property
    def stored_default(self) -> Any:
        """None for a flag, and where there is no default."""
        if self.default is None or self.kind is bool:
            return None
        if self.metadata.get("commas"):
            return ",".join(map(str, self.default))
        if self.is_list:
            values = self.default if isinstance(self.default, tuple) else (self.default,)
            return [each if isinstance(each, int | float) else str(each) for each in values]
        return self.default if isinstance(self.default, int | float) else str(self.default)

    @property
    def help(self) -> str:
        """What the option does, and its default."""
        stored = self.stored_default
        text = " ".join(map(str, stored)) if isinstance(stored, list) else None if stored is None else str(stored)
        text = "off" if self.kind is bool else "required" if self.is_required else text
        text = self.metadata.get("default_text", text)
        if "env" in self.metadata:
            text = f"${self.metadata['env']}, else {text}"
        if text is not None:
            text = f" ({text})" if text.startswith("required") else f" (default: {text})"
        return f"{self.metadata['description']}{text or ''}".replace("%", "%%")

    def stored(self, given: Any) -> Any:
        """The stored value of what the command line gave: a text, a list of texts, or a flag. Raises ValueError."""
        if isinstance(given, list):
            return [self.stored(each) for each in given]
        if self.kind in (bool, str):
            return given
        number = _number(given)
        if self.kind is object:
            return given if number is None or str(number) != given else number
        if self.kind is int and not isinstance(number, int):
            raise ValueError(f"{given!r} is not a whole number")
        if number is None:
            raise ValueError(f"{given!r} is not a number")
        return number

    def value(self, stored: Any) -> Any:
        """The value of a stored one for the dataclass; ValueError says what is wrong with it."""
        if not self.is_list:
            return self._value(stored)
        if stored == [] and self.default:
            raise ValueError("at least one value is needed")
        return tuple(map(self._value, stored if isinstance(stored, list) else [stored]))

    def _value(self, stored: Any) -> Any:
        allowed, needed = KINDS[self.kind]
        if not isinstance(stored, allowed) or (isinstance(stored, bool) and self.kind is not bool):
            raise ValueError(f"{needed} is needed, got {stored!r}")
        if self.kind is bool:
            return stored != self.name.startswith("no-")
        self._check(stored)
        parse = self.metadata.get("parse", float if self.kind is float else None)
        if self.metadata.get("commas"):
            return tuple(parse(word.strip()) if parse else word.strip() for word in str(stored).split(","))
        return parse(str(stored)) if parse else stored

    def _check(self, stored: Any) -> None:
        if not isinstance(stored, str):
            if isinstance(stored, int) and abs(stored) >= 10**18:
                raise ValueError("a whole number of at most 18 digits is needed")
            if not math.isfinite(stored):
                raise ValueError(f"{stored} is not a finite number")
            if self.kind is not object and (problem := range_problem(self.metadata, stored)):
                raise ValueError(problem)
        elif "\0" in stored:
            raise ValueError(f"{stored!r} holds a NUL character")
        elif not self.metadata.get("path") and any("\ud800" <= letter <= "\udfff" for letter in stored):
            raise ValueError(f"{stored!r} is not valid Unicode")
        elif self.choices and stored not in self.choices:
            raise ValueError(f"{stored!r} is none of {', '.join(self.choices)}{hint_at(stored, self.choices)}")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What a command was given: the values of all its options, by their names."""

    command: str  #: the line to type again, without passwords
    values: Mapping[str, Any]
    stored: Mapping[str, Any]  #: those that a TOML file needs to repeat the command; no URL with a password

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

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
    declared = [field for field in fields(cls) if "description" in field.metadata]
    chosen = [field for field in declared if _name(field) not in without and (not only or _name(field) in only)]
    return [_option(field, hints[field.name], {**field.metadata, **more}) for field in chosen]


def hint_at(word: str, words: Collection[str]) -> str:
    """A further sentence with the nearest of ``words``; empty where none is near."""
    hint = did_you_mean(word, words)
    return f".{hint}" if hint else ""


def _name(field: Field[Any]) -> str:
    return str(field.metadata.get("name") or field.name.replace("_", "-"))


def _option(field: Field[Any], hint: Any, metadata: dict[str, Any]) -> Option:
    alternatives = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    (kind,) = (each for each in alternatives if each is not type(None))
    is_tuple = get_origin(kind) is tuple
    if is_tuple:
        kind = get_args(kind)[0]
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if kind is Path:
        metadata = {"parse": Path, "path": True, **metadata}
    if choices or kind is Path or metadata.get("commas"):
        kind = str
    elif "parse" in metadata:
        kind = object
    return Option(
        name=_name(field),
        kind=kind,
        metadata=metadata,
        choices=choices,
        is_list=(is_tuple or metadata.get("several", False)) and not metadata.get("commas"),
        is_optional=type(None) in alternatives,
        is_required=field.default is MISSING and "default_text" not in metadata,
        default=None if field.default is MISSING else field.default,
    )


def _number(text: str) -> int | float | None:
    if re.fullmatch("[+-]?[0-9]+", text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return None
