"""What can be typed: the commands, their options and the help that teaches them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from service.cli import config, db, health, keys, serve, tasks, token, user

_DESCRIPTION = """\
Taxiway keeps accounts and tasks in PostgreSQL and serves them over gRPC.

Without any settings `taxiway serve` starts a PostgreSQL of its own, keeps its data in .taxiway/
and listens on 127.0.0.1:50051."""

_EPILOG = """\
example:
  taxiway serve                       serve until SIGTERM or Ctrl-C
  taxiway health                      in another terminal: is it serving?
  TOKEN=$(taxiway token)              sign in to it

environment:
  Every setting is a variable TAXIWAY_...: `taxiway serve --help` explains them, `taxiway config` shows
  their values. NO_COLOR turns colours off.

exit codes:
  0  done
  1  the answer is no (not serving, a schema that differs), or a bug, which the log describes
  2  something to put right: one sentence on standard error says what"""


class Parser(argparse.ArgumentParser):
    """Keeps the line breaks of its texts, and tells of a wrong command line in one sentence."""

    def __init__(self, *, more_help: Callable[[], str] | None = None, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options)
        self._more_help = more_help

    def format_help(self) -> str:
        """The usual help; `more_help` is what takes an import to know."""
        return super().format_help() + (f"\n{self._more_help()}\n" if self._more_help else "")

    def error(self, message: str) -> NoReturn:
        """Exit code 2, as for every fault of the user."""
        self.exit(2, f"taxiway: {message}; `{self.prog} --help` explains.\n")


class _Version(argparse.Action):
    def __init__(self, **options: Any) -> None:
        super().__init__(nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: str | Sequence[Any] | argparse.Namespace | None) -> None:
        from importlib.metadata import version

        print(f"taxiway {version('taxiway')}")
        parser.exit()


def build() -> Parser:
    """The whole command line. The parsed command has a `run`, which takes it and returns the exit code."""
    parser = Parser(prog="taxiway", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    parser.set_defaults(run=lambda _: _without_command(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for group in (serve, token, user, tasks, keys, db, config, health):
        group.add_to(commands)
    return parser


def _without_command(parser: Parser) -> int:
    parser.print_help(sys.stderr)
    return 2
