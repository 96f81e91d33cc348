"""Who gets in: keys, tokens and what they stand for, made once and handed to the chain and to AuthService."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from persistence.database import Database
from persistence.errors import PersistenceError
from persistence.pulse import Changed
from service.credentials.access_tokens import AccessTokens
from service.credentials.principals import KEPT, Principals
from service.credentials.refusals import Refusals
from service.credentials.signing_keys import KeyRing, ensure_keys
from service.credentials.usage import Usage
from service.interceptors.authenticate import Authenticate
from service.interceptors.authorize import Authorize
from service.settings import Settings

REFUSALS_EACH, USAGE_EACH = 1, 60  # seconds


@dataclass(frozen=True, slots=True)
class Entrance:
    key_ring: KeyRing
    access_tokens: AccessTokens
    authenticate: Authenticate
    authorize: Authorize


@asynccontextmanager
async def entrance(db: Database, settings: Settings) -> AsyncIterator[Entrance]:
    """Makes the first signing keys where there are none. What has come together in memory is written at the end."""
    await db.change(ensure_keys, None, None)
    ring, usage, refusals = KeyRing(db), Usage(), Refusals()
    db.pulse.listen(_following(ring))
    tokens = AccessTokens(ring, settings.issuer, settings.audience)
    authenticate = Authenticate(tokens, Principals(db), usage, refusals, settings.trusted_proxies, time.time)
    books = asyncio.create_task(_keep_books(db, usage, refusals))
    try:
        yield Entrance(ring, tokens, authenticate, Authorize(refusals))
    finally:
        books.cancel()
        with suppress(asyncio.CancelledError):
            await books
        await _write(db, usage, refusals)


def _following(ring: KeyRing) -> Callable[[Changed], None]:
    """The keys are read again where something else is told of them than before, and after a silence."""
    last, told = float("-inf"), (0, 0)

    def follow(changed: Changed) -> None:
        nonlocal last, told
        now, news = asyncio.get_running_loop().time(), changed.get(None, (0, 0))
        if news != told or now - last > KEPT:
            ring.stale()
        last, told = now, news

    return follow


async def _keep_books(db: Database, usage: Usage, refusals: Refusals) -> None:
    seconds = 0
    while True:
        await asyncio.sleep(REFUSALS_EACH)
        seconds += REFUSALS_EACH
        await _write(db, usage if seconds % USAGE_EACH == 0 else Usage(), refusals)


async def _write(db: Database, usage: Usage, refusals: Refusals) -> None:
    """What cannot be written now is kept, and tried again with what comes next."""
    try:
        await refusals.flush(db)
        await usage.flush(db)
    except PersistenceError as error:
        structlog.get_logger("taxiway").warning("audit events and times of use wait", because=type(error).__name__)
