"""`taxiway token`: an access token for local use, on the embedded database alone."""

from __future__ import annotations

import argparse
import os
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from service.cli.opening import load, run
from service.errors import StartupError

if TYPE_CHECKING:
    from persistence.database import Database
    from persistence.unit_of_work import UnitOfWork
    from service.secret_key import SecretKeys
    from service.settings import Settings

USER_AGENT = "taxiway token"  # of the session that it begins

_DESCRIPTION = """\
Signs in to the embedded database in TAXIWAY_DATA_DIR without a password, and prints an access token, which
holds for 10 minutes, alone on standard output. Whoever may read the data directory may do that, and nobody else.

Without --user it is the token of the oldest administrator; where there is none, one is made."""

_EPILOG = """\
example:
  TOKEN=$(taxiway token)
  grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d '{"name": "users/me"}' \\
    127.0.0.1:50051 taxiway.v1.UserService/GetUser

exit codes:
  0  done
  1  a bug, which the log describes
  2  something to put right, such as a database of your own, or no such account: one sentence says what"""


def add_to(commands: Any) -> None:
    """Adds the command to the subparsers."""
    parser = commands.add_parser(
        "token", help="sign in to the embedded database", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("--user", metavar="ACCOUNT", help="its user name, mail address or id")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = load()
    if settings.database_url is not None:
        raise StartupError(
            "`taxiway token` is for the embedded database, and TAXIWAY_DATABASE_URL names another: "
            "sign in with AuthService.SignIn; `taxiway user create-admin` makes a first administrator."
        )
    print(run(settings, partial(_mint, settings, arguments.user)))
    return 0


async def _mint(settings: Settings, login: str | None, db: Database, _keys: SecretKeys) -> str:
    from service.credentials.access_tokens import AccessTokens
    from service.credentials.signing_keys import KeyRing, ensure_keys

    await db.change(ensure_keys, None, None)
    user_id, session_id = await db.change(_begin_session, None, login)
    token, _ = await AccessTokens(KeyRing(db), settings.issuer, settings.audience).issue(user_id, session_id)
    return token


async def _begin_session(uow: UnitOfWork, _caller: None, login: str | None) -> tuple[UUID, UUID]:
    """A session whose refresh token nobody gets to know. Answers the account and the session."""
    from service.credentials.opaque_tokens import digest
    from service.first_administrator import find_or_make_local
    from service.identifiers import new_id

    user_id = await _account(uow, login) if login is not None else (await find_or_make_local(uow, None, None))[0]
    session_id = new_id()
    await uow.sessions.add(session_id, user_id, digest(os.urandom(32)), USER_AGENT, "")
    await uow.audit.add("TOKEN_MINTED", None, user_id, session_id)
    return user_id, session_id


async def _account(uow: UnitOfWork, login: str) -> UUID:
    """The id of a living, active account of a person. Raises StartupError where there is none of that name."""
    from service.fields import caseless
    from service.identifiers import parse_uuid

    user_id = parse_uuid(login)
    row = await (uow.users.get(user_id) if user_id else uow.credentials.get_by_login(caseless(login)))
    if row is None or row.deleted_at is not None:
        raise StartupError(f"There is no account {login!r}.")
    if row.state != "ACTIVE":
        raise StartupError(f"The account {login!r} is suspended: an administrator can reactivate it.")
    if row.role == "SERVICE":
        raise StartupError(f"The account {login!r} is a service's: an administrator can make an API key for it.")
    found: UUID = row.id
    return found
