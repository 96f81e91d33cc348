"""`taxiway keys`: the keys that sign access tokens, listed and rotated."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from service.cli.opening import load, run

if TYPE_CHECKING:
    from persistence.database import Database
    from persistence.unit_of_work import UnitOfWork
    from service.secret_key import SecretKeys

_DESCRIPTION = """\
Works on the keys that sign access tokens: one is current, one is next, and others are retired.

They are in the database in TAXIWAY_DATABASE_URL (or the file TAXIWAY_DATABASE_URL_FILE names), sealed with
the secret key; without one in the embedded database in TAXIWAY_DATA_DIR. It works while servers run."""

_EPILOG = """\
example:
  taxiway keys rotate                 every now and then
  taxiway keys rotate --revoke        when a key may be in other hands

exit codes:
  0  done
  1  a bug, which the log describes
  2  something to put right: one sentence says what"""

_ROTATE = """\
The next key signs from now on, and a new one is made to come after it. The one that signed until now
verifies for an hour more, so that no valid token is refused.

With --revoke every key is taken away, the next one too, and two new ones are made."""


def add_to(commands: Any) -> None:
    """Adds the group to the subparsers."""
    group = commands.add_parser(
        "keys", help="the keys that sign access tokens", description=_DESCRIPTION, epilog=_EPILOG
    )
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    rotate = actions.add_parser("rotate", help="sign with the next key", description=_ROTATE)
    rotate.add_argument(
        "--revoke",
        action="store_true",
        help="take all keys away, and refuse within a second what they signed: callers refresh",
    )
    rotate.set_defaults(run=_rotate)
    text = "Prints a line for each key: its id, its state, and since when there is such a key, or it is retired."
    actions.add_parser("list", help="list the keys", description=text).set_defaults(run=_list)


def _rotate(arguments: argparse.Namespace) -> int:
    kid = run(load(), partial(_advance, arguments.revoke))
    print(f"The key {kid} signs now.")
    return 0


def _list(_arguments: argparse.Namespace) -> int:
    for line in run(load(), _lines):
        print(line)
    return 0


async def _advance(revoke: bool, db: Database, _keys: SecretKeys) -> str:
    from service.credentials.signing_keys import ensure_keys, rotate_keys

    await db.change(ensure_keys, None, None)
    return await db.change(rotate_keys, None, revoke)


async def _lines(db: Database, _keys: SecretKeys) -> list[str]:
    return await db.look(_read, None, None)


async def _read(uow: UnitOfWork, _caller: None, _command: None) -> list[str]:
    return [_line(row) for row in await uow.signing_keys.all()]


def _line(row: Any) -> str:
    since = row.retired_at or row.created_at
    return f"{row.kid}  {row.state:7}  {since:%Y-%m-%dT%H:%M:%SZ}"
