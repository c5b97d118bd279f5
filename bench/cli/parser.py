"""The parser of a command: strict spelling, errors in one line, and a help that begins with what matters."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from bench.cli.config_file import read_options
from bench.cli.options import Arguments, Option, hint_at, options_of
from evaluation.option_fields import option
from reports.formats import visible
from studies.secrets import hide_password

__all__ = ["USAGE_ERROR", "CommandParser", "one_line"]

USAGE_ERROR = 2
HELP = ("-h", "--help")


@dataclass(frozen=True, kw_only=True)
class _ConfigFile:
    config: Path | None = option(
        None,
        "Take options from this TOML file, by their names; options given here win",
        "FILE.toml",
        default_text="none",
    )


class CommandParser(argparse.ArgumentParser):
    """Accepts no abbreviations and reports errors in one line.

    ``--help`` shows the options in ``first``, ``--help-all`` all of them; without ``first`` both show all.
    """

    def __init__(
        self, command: str, description: str, examples: str, *, first: Sequence[str] = (), usage: str = "[options]"
    ) -> None:
        super().__init__(
            prog=f"python -m {command}",
            usage=f"python -m {command} {usage}",
            description=description,
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            add_help=False,
        )
        self.options: dict[str, Option] = {}
        self._first = first
        self._shows_all = not first
        self._action_of: dict[str, argparse.Action] = {}
        self._headings: dict[str, argparse._ArgumentGroup] = {}
        self._alternatives: argparse._MutuallyExclusiveGroup | None = None

    def add_options(self, heading: str, options: Iterable[Option]) -> None:
        """Add options under a heading of the help; those with a ``group`` of their own stand under that."""
        for each in options:
            title = each.metadata.get("group", heading)
            if title not in self._headings:
                self._headings[title] = self.add_argument_group(title)
            target: argparse._ActionsContainer = self._headings[title]
            if each.metadata.get("exclusive"):
                self._alternatives = self._alternatives or target.add_mutually_exclusive_group(required=True)
                target = self._alternatives
            self._action_of[each.name] = _add(target, each)
            self.options[each.name] = each

    def add_config_option(self, heading: str) -> None:
        """Add ``--config FILE.toml``."""
        self.add_options(heading, options_of(_ConfigFile))

    @property
    def stored_options(self) -> Mapping[str, Option]:
        """The options that a TOML file may contain."""
        return {name: each for name, each in self.options.items() if name != "config"}

    def arguments(self, words: Sequence[str]) -> Arguments:
        """Parse the words of a command line and the file that ``--config`` names.

        Raises ConfigFileError; other mistakes exit with USAGE_ERROR.
        """
        if asked := {*HELP, "--help-all"}.intersection(words):
            self._shows_all = self._shows_all or "--help-all" in asked
            self.print_help()
            self.exit()
        given = {name: value for name, value in vars(self.parse_args(words)).items() if value is not None}
        stored = read_options(Path(given.pop("config")), self.stored_options) if "config" in given else {}
        values = {}
        for name, each in self.stored_options.items():
            try:
                stored[name] = each.stored(given[name]) if name in given else stored.get(name, _default(each))
                values[name] = each.default if stored[name] is None else each.value(stored[name])
            except ValueError as error:
                self.error(f"argument {each.flag}: {error}")
        if missing := [each.flag for name, each in self.options.items() if each.is_required and stored[name] is None]:
            self.error(f"the following arguments are required: {', '.join(missing)}")
        kept = {name: stored[name] for name, each in self.stored_options.items() if _is_kept(stored[name], each)}
        command = f"{self.prog} {shlex.join(map(hide_password, words))}".strip()
        return Arguments(command=command, values=values, stored=kept)

    def error(self, message: str) -> NoReturn:
        wrong, _, words = message.partition("unrecognized arguments: ")
        if not wrong:
            flags = [*HELP, "--help-all", *(f"--{name}" for name in self.options)]
            hints = (hint_at(word.partition("=")[0], flags) for word in words.split() if word.startswith("--"))
            message += next(filter(None, hints), "").replace("'", "")
        self.exit(USAGE_ERROR, f"{self.prog}: error: {hide_password(one_line(message))}; --help lists the options\n")

    def format_help(self) -> str:
        formatter = self._get_formatter()
        formatter.add_text(self.description)
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        if self._shows_all:
            for title, group in self._headings.items():
                formatter.start_section(title)
                formatter.add_arguments(group._group_actions)
                formatter.end_section()
        else:
            formatter.start_section("most used options")
            formatter.add_arguments([self._action_of[name] for name in self._first])
            formatter.end_section()
            formatter.add_text(f"--help-all describes all {len(self.options)} options.")
        formatter.add_text(self.epilog)
        return formatter.format_help()


def one_line(text: str) -> str:
    """``text`` in a single line that cannot act on a terminal."""
    return visible(" ".join(text.split()))


def _add(target: argparse._ActionsContainer, option: Option) -> argparse.Action:
    how: dict[str, Any] = {"default": None, "help": option.help}
    if option.metadata.get("positional"):
        nargs = "+" if option.is_list else None if option.is_required else "?"
        return target.add_argument(option.name, nargs=nargs, metavar=option.metavar, **how)
    if option.kind is bool:
        flag = (
            {"action": argparse.BooleanOptionalAction}
            if option.is_optional
            else {"action": "store_const", "const": True}
        )
        return target.add_argument(option.flag, dest=option.name, **flag, **how)
    nargs = "+" if option.is_list else None
    return target.add_argument(option.flag, dest=option.name, nargs=nargs, metavar=option.metavar, **how)


def _default(option: Option) -> Any:
    return os.environ.get(option.metadata.get("env", ""), option.stored_default)


def _is_kept(stored: Any, option: Option) -> bool:
    """Whether a file needs the value: a flag only where it is set, a URL with a password never."""
    if isinstance(stored, str) and hide_password(stored) != stored:
        return False  # the environment has it, or whoever repeats the command
    return stored is not None and (stored is not False or option.is_optional)
