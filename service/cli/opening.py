"""The database of a command that is not `serve`: found or started, and opened for use cases as the service opens it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from service.errors import StartupError

if TYPE_CHECKING:
    from persistence.database import Database
    from persistence.embedded import EmbeddedPostgres
    from service.cli.database import Place
    from service.secret_key import SecretKeys
    from service.settings import Settings

INTERRUPTED = 130  # the work was not done
Answer = TypeVar("Answer")
Work = Callable[["Database", "SecretKeys"], Awaitable[Answer]]


def load() -> Settings:
    """The settings, checked for a command that does not serve. Raises StartupError."""
    from service.cli.preparation import prepare

    return prepare(serving=False)


@contextmanager
def located(settings: Settings) -> Iterator[Place]:
    """The database to work on, as it is; an embedded one that is started for the command says so on standard error."""
    from service.cli.database import database, ended_by_signals

    with ended_by_signals(INTERRUPTED), database(settings, _announce, attach=True) as place:
        yield place


def run(settings: Settings, work: Work[Answer]) -> Answer:
    """What `work` answers, on the database of the settings.

    An embedded one that does not run yet is started for the command and brought up to date, as `serve` does.
    Raises StartupError for whatever a user can put right.
    """
    from service.cli.database import database, ended_by_signals
    from service.cli.schema import bring_up_to_date

    started: list[EmbeddedPostgres] = []
    with ended_by_signals(INTERRUPTED), database(settings, started.append, attach=True) as place:
        for server in started:
            _announce(server)
            bring_up_to_date(place)
        keys = _keys(settings, place, attached=place.embedded and not started)
        return asyncio.run(_opened(settings, place, keys, work))


async def _opened(settings: Settings, place: Place, keys: SecretKeys, work: Work[Answer]) -> Answer:
    """What `work` answers, on the database at `place`, opened as the service does but for the purge.

    Raises StartupError for whatever a user can put right.
    """
    from importlib.metadata import version

    import migrations
    from persistence.opening import Release, open_database

    release, pooler = Release(version("taxiway"), migrations.head()), settings.pooler == "transaction"
    with _in_one_sentence(place):
        async with open_database(place.url, keys.values, release, pooler=pooler, purging=False) as db:
            return await work(db, keys)


def _announce(server: EmbeddedPostgres) -> None:
    print("Started the embedded PostgreSQL for this command.", file=sys.stderr)
    if server.notice is not None:
        print(server.notice, file=sys.stderr)


def _keys(settings: Settings, place: Place, *, attached: bool) -> SecretKeys:
    """Whoever holds the lock of the data directory makes the key: beside a process that runs there it is not made."""
    from service import secret_key

    if attached and settings.secret_key is None and not (settings.data_dir / secret_key.FILE).exists():
        raise StartupError(f"The {place.name} is in use and has no secret key yet: try again when `serve` listens.")
    return secret_key.load(settings, embedded=place.embedded)


@contextmanager
def _in_one_sentence(place: Place) -> Iterator[None]:
    """Turns what a user can put right into StartupError; what is a bug stays as it is."""
    from persistence.errors import PersistenceError
    from persistence.opening import OpenError
    from persistence.revision import SchemaError
    from persistence.sealing import SealError
    from persistence.url import UrlError
    from service.errors import ServiceError

    try:
        yield
    except (UrlError, OpenError, SchemaError) as error:
        raise StartupError(str(error)) from error
    except ServiceError as error:
        raise StartupError(error.message) from error
    except SealError as error:
        raise StartupError(_OTHER_KEY) from error
    except PersistenceError as error:
        raise StartupError(f"The {place.name} refused the work ({type(error).__name__}): {_RIGHTS}.") from error


_OTHER_KEY = (
    "What this command must read is sealed with another secret key: set TAXIWAY_SECRET_KEY (or the file that "
    "TAXIWAY_SECRET_KEY_FILE names) as the service has it."
)
_RIGHTS = "give the account the rights on all tables, on a server that takes writes"
