"""The address of the database: what libpq accepts, translated to what SQLAlchemy and asyncpg accept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from sqlalchemy.engine import URL

from persistence.url_parameters import UrlError, asyncpg_arguments, once, read

__all__ = ["DatabaseUrl", "UrlError", "parse"]

_SCHEMES = ("postgres", "postgresql", "postgresql+asyncpg")
_AUTHORITY = re.compile(r"(?:(?P<user>[^:@]*)(?::(?P<password>.*))?@)?(?P<hosts>[^@]*)", re.DOTALL)
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.%]+\]|[^\[\]:]*)(?::(?P<port>[^:]*))?")
_PORT = re.compile(r"[0-9]{1,5}")
_DEFAULT_PORT = 5432


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where the database is. `url` and `connect_args` go to `create_async_engine` together."""

    url: URL
    connect_args: Mapping[str, object] = field(repr=False)

    def __str__(self) -> str:
        """`host:port,host:port/database`, without the account: fit for messages."""
        host, port = self.connect_args.get("host", self.url.host), self.connect_args.get("port", self.url.port)
        hosts, ports = (value if isinstance(value, list) else [value] for value in (host, port))
        places = [f"{name or 'localhost'}:{number or _DEFAULT_PORT}" for name, number in zip(hosts, ports, strict=True)]
        return f"{','.join(places)}/{self.url.database}"


def parse(text: str) -> DatabaseUrl:
    """Reads `postgres://`, `postgresql://` or `postgresql+asyncpg://` with libpq's parameters.

    Certificates are loaded here, so that a missing file is known at start. Raises UrlError.
    Source: PostgreSQL 18, 32.1.1.2 Connection URIs and 32.1.2 Parameter Key Words.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise UrlError(f"The database URL must begin with {', '.join(f'{name}://' for name in _SCHEMES)}.")
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    if "@" in path or "@" in query:
        raise UrlError("The database URL has an @ behind the host: write @ / ? and # in a password as %40 %2F %3F %23.")
    if scheme != "postgresql+asyncpg":  # SQLAlchemy writes a space as +, libpq knows %20 alone
        query = query.replace("+", "%2B")
    parts = _authority(authority) | {"dbname": unquote(path)}
    given = once({name: value for name, value in parts.items() if value}, read(query))
    for name, value in given.items():
        _refuse_unsendable(name, value)
    return _assemble(given)


def _authority(text: str) -> dict[str, str]:
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise UrlError("The database URL has no readable host.")
    return {name: unquote(match[group] or "") for name, group in (("user", 1), ("password", 2), ("host", 3))}


def _refuse_unsendable(name: str, value: str) -> None:
    """A NUL would end the field on the wire and begin another one; a lone surrogate has no bytes."""
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise UrlError(f"{name} in the database URL holds a character that cannot be sent.")


def _assemble(given: Mapping[str, str]) -> DatabaseUrl:
    if not given.get("dbname"):
        raise UrlError("The database URL names no database: it ends with /NAME.")
    hosts, ports = _hosts(given.get("host", ""), given.get("port", ""))
    arguments = asyncpg_arguments(given)
    url = URL.create("postgresql+asyncpg", given.get("user"), given.get("password"), database=given["dbname"])
    if len(hosts) == 1 and not hosts[0].startswith("/"):
        return DatabaseUrl(url.set(host=hosts[0] or None, port=ports[0]), arguments)
    # SQLAlchemy splits hosts at colons and commas, which IPv6 addresses and paths of sockets may hold.
    return DatabaseUrl(url, arguments | {"host": hosts, "port": [port or _DEFAULT_PORT for port in ports]})


def _hosts(hosts: str, ports: str) -> tuple[list[str], list[int | None]]:
    pairs = [_host(host) for host in hosts.split(",")]
    names, numbers = [name for name, _ in pairs], [number for _, number in pairs]
    if len(names) > 1 and not all(names):
        raise UrlError("host in the database URL has an empty place in its list.")
    if not ports:
        return names, numbers
    listed = [_port(port) for port in ports.split(",")]
    if any(numbers) or len(listed) not in (1, len(names)):
        raise UrlError("port in the database URL does not fit the hosts: give one for all, or one for each.")
    return names, listed * len(names) if len(listed) == 1 else listed


def _host(text: str) -> tuple[str, int | None]:
    if text.startswith("/"):  # the directory of a unix socket
        return text, None
    match = _HOST.fullmatch(text)
    if match is None:
        raise UrlError("host in the database URL is not readable: an IPv6 address stands in brackets.")
    return match["name"].strip("[]"), _port(match["port"])


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not _PORT.fullmatch(text) or not 1 <= int(text) <= 65535:
        raise UrlError("port in the database URL must be a number from 1 to 65535.")
    return int(text)
