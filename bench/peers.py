"""``python -m bench.peers``: our kernels beside other libraries, on this machine, in one run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.cli.options import Arguments, options_of
from bench.cli.parser import CommandParser
from bench.cli.run import run
from bench.commands.options import PeersCommand, ReportFolder
from bench.datasets.options import DataOptions

DESCRIPTION = """\
Compare our kernels with implicit, irspack, lightfm-next and Surprise: the same work on the same data, in turns, each
library in a process of its own. The result is times, ratios with their spread, memory, and the quality of the models,
which is measured in the same way for all. A library that is not installed is named and left out:
pip install 'mfbench[peers]'."""

EXAMPLES = """\
  python -m bench.peers
  python -m bench.peers --only ials,top-100 --threads 2 --runs 5
  python -m bench.peers --data movielens-1m --positive-from 4
  python -m bench.peers --only hybrid --data movielens-1m --item-features genres
  python -m bench.peers --data synthetic:users=138000,items=27000,pairs=20000000 --only ials-64,warp --runs 1 --epochs 4
"""

FIRST = ("only", "runs", "threads", "epochs", "large", "data", "positive-from", "seed", "report-dir")


def main(argv: Sequence[str] | None = None) -> int:
    return run(_peers, _parser(), argv)


def _parser() -> CommandParser:
    parser = CommandParser("bench.peers", DESCRIPTION, EXAMPLES, first=FIRST)
    parser.add_options("benchmark", options_of(PeersCommand))
    parser.add_options("benchmark", options_of(ReportFolder))
    parser.add_options("data", options_of(DataOptions, without=["data"]))
    return parser


def _peers(arguments: Arguments) -> int:
    from bench.commands.peers import compare_with_peers  # numba

    return compare_with_peers(arguments)


if __name__ == "__main__":
    sys.exit(main())
