"""`taxiway db`: the schema of the database, upgraded, taken back, printed and compared; what it holds, sealed anew."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from service.cli import resealing
from service.cli.opening import load, located
from service.errors import StartupError

if TYPE_CHECKING:
    from service.cli.database import Place

Answer = TypeVar("Answer")

_DESCRIPTION = """\
Works on the schema of the database in TAXIWAY_DATABASE_URL (or the file TAXIWAY_DATABASE_URL_FILE names),
and on what is sealed in it.

Without one it works on the embedded database in TAXIWAY_DATA_DIR: the one that `taxiway serve` runs,
else one that is started for the command and stopped after it."""

_EPILOG = """\
example:
  taxiway db upgrade                  before a new release serves
  taxiway db sql 0001:head | less     what that would do

exit codes:
  0  done
  1  `check` found differences, or a bug, which the log describes
  2  something to put right: one sentence says what"""


def add_to(commands: Any) -> None:
    """Adds the group to the subparsers."""
    group = commands.add_parser("db", help="the schema of the database", description=_DESCRIPTION, epilog=_EPILOG)
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_upgrade(actions)
    _add_downgrade(actions)
    _add_sql(actions)
    text = "Compares the schema with the one that this release expects; exit code 1 where they differ."
    actions.add_parser("check", help="compare the schema with this release", description=text).set_defaults(run=_check)
    resealing.add_to(actions)


def _add_upgrade(actions: Any) -> None:
    text = "Applies the migrations that are missing, each in its own transaction; a second one at the same time waits."
    action = actions.add_parser("upgrade", help="apply what is missing", description=text)
    action.add_argument("revision", nargs="?", default="head", metavar="REVISION", help="where to stop (default: head)")
    action.set_defaults(run=_upgrade)


def _add_downgrade(actions: Any) -> None:
    text = "Takes back every migration newer than REVISION, with the data in what they made. `base` takes back all."
    action = actions.add_parser("downgrade", help="take migrations back, and their data", description=text)
    action.add_argument("revision", metavar="REVISION", help="the revision to go back to, such as 0001, or base")
    action.add_argument("--yes", action="store_true", help="do not ask (needed where there is no terminal)")
    action.set_defaults(run=_downgrade)


def _add_sql(actions: Any) -> None:
    text = "Prints the SQL of the migrations; needs no database and no settings."
    action = actions.add_parser("sql", help="print the SQL of the migrations", description=text)
    action.add_argument("range", nargs="?", default="head", metavar="FROM:TO", help="such as 0001:head (default: all)")
    action.set_defaults(run=_sql)


def _upgrade(arguments: argparse.Namespace) -> int:
    from migrations import commands
    from service.cli.schema import revision_of

    with located(load()) as place:
        # Only our own database is asked first: with any other the command itself says best why it cannot connect.
        before = revision_of(place) if place.embedded else None
        _finish(place, commands.upgrade(place.url, arguments.revision))
        now = revision_of(place)
    was = f", and was at {before}" if before is not None else ""
    print(f"The {place.name} is at revision {now}{was if before != now else ' already'}.")
    return 0


def _downgrade(arguments: argparse.Namespace) -> int:
    from migrations import commands

    with located(load()) as place:
        if not arguments.yes:
            _confirm(f"Take the {place.name} back to {arguments.revision}, with all data in what is newer?")
        _finish(place, commands.downgrade(place.url, arguments.revision))
        print(f"The {place.name} is taken back to revision {arguments.revision}.")
    return 0


def _sql(arguments: argparse.Namespace) -> int:
    from migrations import commands
    from service.cli.database import in_one_sentence

    with in_one_sentence(commands.MigrationError):
        print(commands.sql(arguments.range), end="")
    return 0


def _check(_arguments: argparse.Namespace) -> int:
    from migrations import commands

    with located(load()) as place:
        differences = _finish(place, commands.check(place.url))
        print("\n".join(differences) or f"The schema of the {place.name} is the one that this release expects.")
    return 1 if differences else 0


def _finish(place: Place, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Runs one of the commands of `migrations`. Raises StartupError for what they tell the user."""
    from migrations.commands import MigrationError
    from persistence.revision import SchemaError
    from service.cli.database import in_one_sentence

    try:
        with in_one_sentence(MigrationError, SchemaError):
            return asyncio.run(work)
    except OSError as error:
        reason = error.strerror or "no answer in time"
        raise StartupError(f"The {place.name} cannot be reached: {reason}.") from error


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise StartupError("`taxiway db downgrade` destroys data: say --yes where there is no terminal to ask on.")
    print(f"{question} Type yes: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise StartupError("Nothing was changed.")
