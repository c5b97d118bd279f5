"""The parser of a command: strict spelling, errors in one line, and a help that begins with what matters."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from bench.cli.config_file import read_options
from bench.cli.options import Arguments, Option, did_you_mean, options_of
from reports.formats import visible
from studies.secrets import hide_password

__all__ = ["USAGE_ERROR", "CommandParser", "one_line"]

USAGE_ERROR = 2


@dataclass(frozen=True, kw_only=True)
class _ConfigFile:
    config: Path | None = field(
        default=None,
        metadata={
            "help": "Take options from this TOML file, by their long names; options given here win",
            "metavar": "FILE.toml",
            "default": "none",
        },
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
        self._actions_by_name: dict[str, argparse.Action] = {}
        self._headings: dict[str, argparse._ArgumentGroup] = {}
        self._alternatives: argparse._MutuallyExclusiveGroup | None = None
        self.add_argument("-h", "--help", "--help-all", action=_Help, nargs=0, help=argparse.SUPPRESS)

    def add_options(self, heading: str, options: Iterable[Option]) -> None:
        """Add options under a heading of the help; those with a ``group`` of their own stand under that."""
        for option in options:
            self.options[option.name] = option
            title = option.metadata.get("group", heading)
            if title not in self._headings:
                self._headings[title] = self.add_argument_group(title)
            target: argparse._ActionsContainer = self._headings[title]
            if option.metadata.get("exclusive"):
                self._alternatives = self._alternatives or target.add_mutually_exclusive_group(required=True)
                target = self._alternatives
            self._actions_by_name[option.name] = _add(target, option)

    def add_config_option(self, heading: str) -> None:
        """Add ``--config FILE.toml``."""
        self.add_options(heading, options_of(_ConfigFile))

    @property
    def stored_options(self) -> Mapping[str, Option]:
        """The options that a TOML file may contain."""
        return {name: option for name, option in self.options.items() if name != "config"}

    def arguments(self, words: Sequence[str]) -> Arguments:
        """Parse the words of a command line and the file that ``--config`` names.

        Raises ConfigFileError; other mistakes exit with USAGE_ERROR.
        """
        given = {name: value for name, value in vars(self.parse_args(words)).items() if value is not None}
        stored = read_options(Path(given.pop("config")), self.stored_options) if "config" in given else {}
        values = {}
        for name, option in self.stored_options.items():
            try:
                stored[name] = option.stored(given[name]) if name in given else stored.get(name, _default(option))
                values[name] = option.fallback if stored[name] is None else option.value(stored[name])
            except ValueError as error:
                self.error(f"argument {_flag(option)}: {error}")
        missing = [
            _flag(option) for name, option in self.options.items() if option.is_required and stored[name] is None
        ]
        if missing:
            self.error(f"the following arguments are required: {', '.join(missing)}")
        kept = {name: stored[name] for name in self.stored_options if _is_kept(stored[name], self.options[name])}
        command = f"{self.prog} {shlex.join(hide_password(word) for word in words)}".strip()
        return Arguments(command=command, values=values, stored=kept)

    def error(self, message: str) -> NoReturn:
        wrong, _, words = message.partition("unrecognized arguments: ")
        if not wrong:
            flags = [flag for action in self._actions for flag in action.option_strings]
            hints = (did_you_mean(word.partition("=")[0], flags) for word in words.split() if word.startswith("--"))
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
            formatter.add_arguments([self._actions_by_name[name] for name in self._first])
            formatter.end_section()
            formatter.add_text(f"--help-all describes all {len(self.options)} options.")
        formatter.add_text(self.epilog)
        return formatter.format_help()

    def show_help(self, *, everything: bool) -> NoReturn:
        self._shows_all = self._shows_all or everything
        self.print_help()
        self.exit()


class _Help(argparse.Action):
    def __call__(
        self, parser: argparse.ArgumentParser, namespace: object, values: object, flag: str | None = None
    ) -> None:
        assert isinstance(parser, CommandParser)
        parser.show_help(everything=flag == "--help-all")


def one_line(text: str) -> str:
    """``text`` in a single line that cannot act on a terminal."""
    return visible(" ".join(text.split()))


def _add(target: argparse._ActionsContainer, option: Option) -> argparse.Action:
    if option.metadata.get("positional"):
        nargs = "+" if option.is_list else None if option.is_required else "?"
        return target.add_argument(option.name, nargs=nargs, metavar=option.metavar, help=option.help)
    how: dict[str, Any] = {"dest": option.name, "default": None, "help": option.help}
    if option.kind is bool and option.is_optional:
        return target.add_argument(_flag(option), action=argparse.BooleanOptionalAction, **how)
    if option.kind is bool:
        return target.add_argument(_flag(option), action="store_const", const=True, **how)
    return target.add_argument(_flag(option), nargs="+" if option.is_list else None, metavar=option.metavar, **how)


def _flag(option: Option) -> str:
    return option.metavar or option.name if option.metadata.get("positional") else f"--{option.name}"


def _default(option: Option) -> Any:
    return os.environ.get(option.metadata.get("env", ""), option.default)


def _is_kept(stored: Any, option: Option) -> bool:
    """Whether a file needs the value: a flag only where it is set, a URL with a password never."""
    if isinstance(stored, str) and hide_password(stored) != stored:
        return False  # the environment has it, or whoever repeats the command
    return stored is not None and (stored is not False or option.is_optional)
