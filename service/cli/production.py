"""What TAXIWAY_MODE=production refuses: each setting that is weaker than a service on a network may be."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

from service import secret_key
from service.address import Address
from service.cli.combinations import is_plaintext
from service.errors import StartupError
from service.settings import Settings

if TYPE_CHECKING:
    from persistence.url import DatabaseUrl

# The least that OWASP's Password Storage Cheat Sheet names for argon2id: 19 MiB and 2 passes over one lane.
LEAST_MEMORY, LEAST_TIME = 19 * 1024, 2
LEAST_BYTES = 8  # different ones in a secret key: random ones have fewer once in 10^36 keys


def weaknesses(given: Settings) -> list[str]:
    """What production refuses in these settings, a sentence each, all of them at once."""
    weak = [
        *_of_database(given),
        (
            given.secret_key is None,
            "to make a secret key: let TAXIWAY_SECRET_KEY_FILE name a file that holds one, such as "
            f"`{secret_key.MAKE_ONE}` prints",
        ),
        (_repeats_itself(given), f"a secret key that repeats itself: `{secret_key.MAKE_ONE}` prints a random one"),
        (
            is_plaintext(given),
            "plaintext off loopback: set TAXIWAY_TLS_CERT_FILE and TAXIWAY_TLS_KEY_FILE, or let TAXIWAY_LISTEN have a "
            "loopback host",
        ),
        (given.allow_plaintext, "TAXIWAY_ALLOW_PLAINTEXT=true: it is for trying things out"),
        (
            given.argon2_memory < LEAST_MEMORY,
            f"TAXIWAY_ARGON2_MEMORY below {LEAST_MEMORY}: stolen hashes would be guessed too fast",
        ),
        (
            given.argon2_time < LEAST_TIME,
            f"TAXIWAY_ARGON2_TIME below {LEAST_TIME}: stolen hashes would be guessed too fast",
        ),
        (
            any(network.prefixlen == 0 for network in given.trusted_proxies),
            "a TAXIWAY_TRUSTED_PROXIES that trusts every address: callers would choose their own",
        ),
        (given.log_level == "debug", "TAXIWAY_LOG_LEVEL=debug: it says more than a log may keep"),
    ]
    return _sentences(weak)


def weaknesses_of_database(given: Settings) -> list[str]:
    """Those of them that a command meets which works on the database alone."""
    return _sentences(_of_database(given))


def _sentences(weak: list[tuple[bool, str]]) -> list[str]:
    return [f"TAXIWAY_MODE=production refuses {what}." for is_weak, what in weak if is_weak]


def _of_database(given: Settings) -> list[tuple[bool, str]]:
    return [
        (
            given.database_url is None,
            "the embedded database: set TAXIWAY_DATABASE_URL_FILE (or TAXIWAY_DATABASE_URL) to one of your own",
        ),
        (
            _is_unverified(given),
            "a database that anybody could pass for: add sslmode=verify-full to the database URL, with sslrootcert, "
            "or reach it on loopback or by a Unix socket",
        ),
    ]


def _repeats_itself(given: Settings) -> bool:
    if given.secret_key is None:
        return False
    try:
        keys = secret_key.load(given, embedded=False).values
    except StartupError:  # its form is wrong, which is said apart
        return False
    return any(len(set(key)) < LEAST_BYTES for key in keys)


def _is_unverified(given: Settings) -> bool:
    """Whether the connection to the database crosses a network without a check of the server's name."""
    if given.database_url is None:
        return False
    from persistence.url import UrlError, parse

    try:
        url = parse(given.database_url.get_secret_value())
    except UrlError:  # its form is wrong, which is said apart
        return False
    return not all(map(_is_local, _hosts(url))) and not _verifies(url.connect_args.get("ssl"))


def _hosts(url: DatabaseUrl) -> list[str]:
    """Where the URL names none asyncpg asks libpq's variable, and then tries the sockets of this machine."""
    given = url.connect_args.get("host") or url.url.host or os.environ.get("PGHOST", "")
    return [str(host) for host in given] if isinstance(given, list) else str(given).split(",")


def _is_local(host: str) -> bool:
    return not host or host.startswith("/") or Address(host, 0).is_loopback


def _verifies(given: object) -> bool:
    """Where the URL names no mode asyncpg asks libpq's variable."""
    mode = os.environ.get("PGSSLMODE") if given is None else given
    return mode.check_hostname if isinstance(mode, ssl.SSLContext) else mode == "verify-full"
