"""`taxiway user`: the first administrator of a database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from service.cli.opening import load, run
from service.errors import InvalidArgument, StartupError

_DESCRIPTION = """\
Makes accounts where nobody can sign in yet to do so over the network.

It works on the database in TAXIWAY_DATABASE_URL (or the file TAXIWAY_DATABASE_URL_FILE names), without one
on the embedded database in TAXIWAY_DATA_DIR."""

_EPILOG = """\
example:
  taxiway user create-admin --email ada@example.com --username ada

exit codes:
  0  done
  1  a bug, which the log describes
  2  something to put right, such as a name that is taken: one sentence says what"""

_CREATE = """\
Makes an account of role ADMIN and prints a one-time token, alone on standard output and this once, which
sets its password (AuthService.SetPassword) within 3 days. Nobody else chooses it, and there is no default."""

_HOW = """\
The administrator {username} is made: users/{user_id}.
The token sets its password, once, until {end:%Y-%m-%dT%H:%M:%SZ}. This reads both from standard input, as
{{"reset_token": "twp_...", "new_password": "15 bytes or more"}}:

  grpcurl -d @ HOST:PORT taxiway.v1.AuthService/SetPassword

Then sign in with AuthService.SignIn."""


def add_to(commands: Any) -> None:
    """Adds the group to the subparsers."""
    group = commands.add_parser("user", help="the first administrator", description=_DESCRIPTION, epilog=_EPILOG)
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create-admin", help="make an administrator", description=_CREATE)
    create.add_argument("--email", required=True, metavar="ADDRESS", help="mail address, as in ada@example.com")
    create.add_argument("--username", required=True, metavar="NAME", help="ASCII letters, digits and ._-")
    create.add_argument("--display-name", default="", metavar="NAME", help="shown to people (default: none)")
    create.set_defaults(run=_create_admin)


def _create_admin(arguments: argparse.Namespace) -> int:
    from service.first_administrator import drafted, make_administrator

    settings = load()
    with _faults_by_option():
        draft = drafted(arguments.email, arguments.username, arguments.display_name)
    made = run(settings, lambda db, _: db.change(make_administrator, None, draft))
    print(made.token)
    how = _HOW.format(username=draft.username, user_id=made.user_id, end=made.expire_time)
    print(how, file=sys.stderr)
    return 0


@contextmanager
def _faults_by_option() -> Iterator[None]:
    """Turns each violation into a sentence that names the option."""
    try:
        yield
    except InvalidArgument as error:
        faults = [f"--{fault.field.replace('_', '-')} {fault.description}." for fault in error.violations]
        raise StartupError("\n".join(faults)) from None
