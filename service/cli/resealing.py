"""`taxiway db rotate-keys`: what is sealed with an older secret key is sealed anew with the newest."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

from service.cli.opening import load, run
from service.errors import StartupError

if TYPE_CHECKING:
    from persistence.database import Database
    from persistence.unit_of_work import UnitOfWork
    from service.secret_key import SecretKeys

BATCH = 500  # accounts of one transaction

_DESCRIPTION = """\
Seals personal data and signing keys anew with the newest secret key, so that the old one can be dropped.

Put the new key before the old one, joined by a comma (TAXIWAY_SECRET_KEY, the file that
TAXIWAY_SECRET_KEY_FILE names, or `secret_key` in the data directory of the embedded database),
and restart every server with both; then run this, while they serve. One that was interrupted goes on
where it ended: what the newest key has sealed is skipped.

Stored answers of request ids stay as they are: the old key is needed for 24 hours more."""


def add_to(actions: Any) -> None:
    """Adds the action to the group `db`."""
    action = actions.add_parser("rotate-keys", help="seal anew with the newest secret key", description=_DESCRIPTION)
    action.set_defaults(run=_rotate_keys)


def _rotate_keys(_arguments: argparse.Namespace) -> int:
    keys, values = run(load(), _reseal)
    print(
        f"Sealed anew with the newest secret key: {keys} signing keys, personal data of {values} accounts.\n"
        "Answers that are stored for request ids need the old key for 24 hours more; then it may be dropped."
    )
    return 0


async def _reseal(db: Database, keys: SecretKeys) -> tuple[int, int]:
    """How many signing keys and how many accounts had been sealed with an older key."""
    if len(keys.values) < 2:
        raise StartupError("There is one secret key: put the new one before it, joined by a comma, and restart first.")
    signing_keys = await db.change(_reseal_signing_keys, None, None)
    accounts, after, more = 0, None, True
    while more:
        after, resealed = await db.change(_reseal_users, None, after)
        accounts, more = accounts + resealed, after is not None
        _show(accounts, end="" if more else "\n")
    await db.change(_note, None, None)
    return signing_keys, accounts


async def _reseal_signing_keys(uow: UnitOfWork, _caller: None, _command: None) -> int:
    return await uow.signing_keys.reseal()


async def _reseal_users(uow: UnitOfWork, _caller: None, after: UUID | None) -> tuple[UUID | None, int]:
    return await uow.users.reseal(after, BATCH)


async def _note(uow: UnitOfWork, _caller: None, _command: None) -> None:
    await uow.audit.add("SECRET_KEYS_ROTATED", None)


def _show(accounts: int, end: str) -> None:
    """One line that grows, on a terminal alone."""
    if sys.stderr.isatty():
        print(f"\r{accounts} accounts", end=end, file=sys.stderr, flush=True)
