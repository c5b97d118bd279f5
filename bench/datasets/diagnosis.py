"""Finds the line of a text table that the fast reader objected to, and says what is wrong with it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from bench.datasets.columns import Role, is_number
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable
from bench.datasets.gathering import MAX_ID_LENGTH
from bench.datasets.layout import Layout, table_lines
from bench.datasets.rows import value_problem

__all__ = ["check_quotes", "diagnose", "encoding_of"]


def diagnose(file: DataFile, layout: Layout, reason: str) -> NoReturn:
    """Raises the DataError of the first bad line; where none is found, one with the fast reader's ``reason``."""
    if layout.is_quoted:
        check_quotes(file)
    with readable(file), file.open() as content:
        lines = io.TextIOWrapper(content, encoding=layout.encoding.replace("utf-8", "utf-8-sig"), errors="replace")
        numbered = table_lines(iter(lines), layout.separator, is_quoted=layout.is_quoted)
        try:
            for n_row, (number, fields) in enumerate(numbered):
                problem = None if n_row == 0 and layout.sample.has_header else _problem(fields, layout)
                if problem is not None:
                    raise DataError.at(file, problem, line=number)
        except csv.Error as error:
            raise DataError.at(file, f"a field cannot be read ({shown(error)}); is a quote left open?") from None
    raise DataError.at(file, f"cannot be read as a table: {shown(reason, 200)}; check --separator and --columns")


def check_quotes(file: DataFile) -> None:
    """Raises DataError where a quote is never closed: the fast reader would take all that follows for one field."""
    with readable(file), file.open() as content:
        n_quotes = sum(block.count(b'"') for block in iter(lambda: content.read(1 << 20), b""))
    if n_quotes % 2 == 0:
        return
    with readable(file), file.open() as content:
        number = next((n for n, line in enumerate(content, start=1) if line.count(b'"') % 2), None)
    raise DataError.at(
        file, "a quote is opened and never closed, here or further down; close or remove it", line=number
    )


def encoding_of(file: DataFile) -> str:
    """``utf-8`` or ``latin-1``; raises DataError where some lines are the one and some the other."""
    first_utf8 = first_other = None
    with readable(file), file.open() as content:
        for number, line in enumerate(content, start=1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                first_utf8 = first_utf8 or number
            except UnicodeDecodeError:
                first_other = first_other or number
            if first_utf8 and first_other:
                problem = f"not UTF-8, while line {first_utf8:,} is; save the whole file as UTF-8"
                raise DataError.at(file, problem, line=first_other)
    return "latin-1" if first_other else "utf-8"


def _problem(fields: Sequence[str], layout: Layout) -> str | None:
    n_fields = len(fields)
    while n_fields > layout.n_columns and not fields[n_fields - 1]:
        n_fields -= 1
    if n_fields != layout.n_columns:
        line = shown(layout.separator.join(fields))
        return f"{n_fields} columns where {layout.n_columns} are expected: {line!r}; correct or remove the line"
    for role, place in layout.columns.items():
        field = fields[place].strip()
        problem = _field_problem(role, field)
        if problem is not None:
            return problem
    return None


def _field_problem(role: Role, field: str) -> str | None:
    if role == "user" or role == "item":
        return _id_problem(role, field)
    if role == "time":
        if _is_moment(field):
            return None
        return f"the time {shown(field)!r} is neither seconds since 1970 nor a date such as 2026-01-31T12:00:00"
    if not is_number(field):
        return f"the {role} {shown(field)!r} is not a number; correct or remove the line"
    return value_problem(role, float(field))


def _id_problem(role: str, field: str) -> str | None:
    if not field:
        return f"the {role} id is empty; give one, or remove the line"
    if len(field) > MAX_ID_LENGTH:
        return f"the {role} id has {len(field):,} characters; the longest allowed is {MAX_ID_LENGTH}: {shown(field)!r}"
    if re.fullmatch(r"[+-]?\d{19,}", field) and not -(2**63) <= int(field[:40]) < 2**64:
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
