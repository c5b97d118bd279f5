"""Finds the first row of a text table that the fast reader cannot read, and either adapts the layout or explains it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bench.datasets.arrow_rows import MAX_ID_LENGTH
from bench.datasets.columns import Role, is_number
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable
from bench.datasets.layout import ColumnType, Layout, fits, table_lines
from bench.datasets.rows import value_problem

__all__ = ["adapted", "check_quotes", "encoding_of"]


def adapted(file: DataFile, layout: Layout, *, n_read: int, reason: str) -> Layout:
    """The layout changed so that the first row it does not fit can be read; ``n_read`` rows before are known to fit.

    Raises the DataError of that row where no layout fits it, and one with ``reason``, the fast reader's message, where
    every row seems to fit.
    """
    n_skipped = 0 if layout.is_quoted else layout.n_lines_before + n_read  # a quoted row may take several lines
    lines = file.lines(layout.encoding, n_skipped=n_skipped)
    for number, fields in table_lines(file, lines, layout.separator, is_quoted=layout.is_quoted):
        if number > layout.n_lines_before and (changed := _changed(file, layout, number, fields)):
            return changed
    if layout.is_quoted:
        check_quotes(file)
    raise DataError.at(file, f"cannot be read as a table: {shown(reason, 200)}; check --separator and --columns")


def check_quotes(file: DataFile) -> None:
    """Raise DataError where a quote is never closed: the fast reader would take all that follows for one field."""
    with readable(file), file.open() as content:
        n_quotes = sum(block.count(b'"') for block in iter(lambda: content.read(1 << 20), b""))
    if n_quotes % 2:
        number = next((number for number, line in file.lines() if line.count('"') % 2), None)
        problem = "a quote is opened and never closed, here or further down; close or remove it"
        raise DataError.at(file, problem, line=number)


def encoding_of(file: DataFile) -> str:
    """``utf-8`` or ``latin-1``; raises DataError where some lines are UTF-8 and others are not."""
    if _is_all_utf8(file):
        return "utf-8"
    first_utf8 = first_other = None
    for number, line in file.lines():
        if line.isascii():
            continue
        if _is_utf8(line):
            first_utf8 = first_utf8 or number
        else:
            first_other = first_other or number
        if first_utf8 and first_other:
            problem = f"not UTF-8, while line {first_utf8:,} is; save the whole file as UTF-8"
            raise DataError.at(file, problem, line=first_other)
    return "latin-1"


def _is_all_utf8(file: DataFile) -> bool:
    """Whether the content is UTF-8; it is read to its end in any case, which finds a decompression bomb quickly."""
    decoder, is_utf8 = codecs.getincrementaldecoder("utf-8")(), True
    with readable(file), file.open() as content:
        while is_utf8 and (block := content.read(1 << 20)):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
        while content.read(1 << 20):
            pass
    return is_utf8 and not decoder.getstate()[0]


def _changed(file: DataFile, layout: Layout, number: int, fields: Sequence[str]) -> Layout | None:
    """The layout that a row needs, or None where ``layout`` fits it; raises DataError where none does."""
    if layout.encoding == "utf-8" and not all(map(_is_utf8, fields)):
        return replace(layout, encoding=encoding_of(file))
    misfit = _misfit(layout, fields)
    problem = _problem(fields, layout)
    if (problem or misfit) and not layout.is_quoted and layout.sample.may_be_quoted and any('"' in f for f in fields):
        return replace(layout, is_quoted=True)
    if problem is not None:
        if layout.is_quoted and any("\n" in field for field in fields):
            check_quotes(file)
        raise DataError.at(file, problem, line=number)
    if len(fields) > layout.n_columns and not layout.has_spare_separators:
        return replace(layout, has_spare_separators=True)
    if misfit is not None and len(layout.types[misfit]) > 1:
        return replace(layout, types={**layout.types, misfit: layout.types[misfit][1:]})
    return None


def _misfit(layout: Layout, fields: Sequence[str]) -> Role | None:
    """The first role whose field is not of the type that the layout expects."""
    for role, column in layout.columns.items():
        if column < len(fields) and not fits(fields[column].strip(), layout.types[role][0]):
            return role
    return None


def _is_utf8(text: str) -> bool:
    """Whether ``text``, decoded with surrogates for other bytes, was UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _problem(fields: Sequence[str], layout: Layout) -> str | None:
    """Why a row cannot be used; separators at its end that are too many do not matter."""
    n_fields = len(fields)
    while n_fields > layout.n_columns and not fields[n_fields - 1]:
        n_fields -= 1
    if n_fields != layout.n_columns:
        line = shown(layout.separator.join(fields))
        return f"{n_fields} columns where {layout.n_columns} are expected: {line!r}; correct or remove the line"
    problems = (
        _field_problem(role, fields[column].strip(), layout.types[role][0]) for role, column in layout.columns.items()
    )
    return next(filter(None, problems), None)


def _field_problem(role: Role, field: str, kind: ColumnType) -> str | None:
    if role == "user" or role == "item":
        return _id_problem(role, field, kind)
    if role == "time":
        if _is_moment(field):
            return None
        return f"the time {shown(field)!r} is neither seconds since 1970 nor a date such as 2026-01-31T12:00:00"
    if not is_number(field):
        return f"the {role} {shown(field)!r} is not a number; correct or remove the line"
    return value_problem(role, float(field))


def _id_problem(role: Role, field: str, kind: ColumnType) -> str | None:
    if not field:
        return f"the {role} id is empty; give one, or remove the line"
    if len(field) > MAX_ID_LENGTH:
        return f"the {role} id has {len(field):,} characters; the longest allowed is {MAX_ID_LENGTH}: {shown(field)!r}"
    if "\n" in field or "\r" in field:
        return f"the {role} id {shown(field)!r} holds a line break; is a quote left open?"
    if kind == "text" and re.fullmatch(r"[+-]?\d{19,}", field) and not -(2**63) <= int(field[:40]) < 2**64:
        return f"the {role} id {shown(field)} is beyond 64 bits; give smaller ids, or put a letter before them"
    return None


def _is_moment(field: str) -> bool:
    if is_number(field):
        return abs(float(field)) < 2**62
    try:
        datetime.fromisoformat(field)
    except ValueError:
        return False
    return True
