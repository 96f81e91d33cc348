"""The parameters of a database URL: libpq's names and rules, as arguments of `asyncpg.connect`."""

import re
import ssl
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_VERIFIED = ("require", "verify-ca", "verify-full")
_TLS_FILES = ("sslrootcert", "sslcert", "sslkey")
_SESSIONS = ("any", "primary", "standby", "prefer-standby", "read-write", "read-only")
# Wishes of libpq that asyncpg fulfils by doing nothing; what it cannot do ("require") is refused and not dropped.
_WITHOUT_EFFECT = {"channel_binding": ("disable", "prefer"), "gssencmode": ("disable", "prefer")}
_ADDRESS = ("host", "port", "user", "password", "dbname")
_PLAIN = ("connect_timeout", "application_name", "options", "target_session_attrs", "passfile")
# `ssl` is what SQLAlchemy's own URLs for asyncpg call sslmode.
_KNOWN = frozenset((*_ADDRESS, *_PLAIN, "sslmode", "ssl", *_TLS_FILES, *_WITHOUT_EFFECT))
_OPTION = re.compile(
    r"(?:-c\s*|--)(?P<name>[A-Za-z_][\w.-]*)=(?P<value>(?:\\.|[^\\\s])*)(?:\s+|$)", re.ASCII | re.DOTALL
)


class UrlError(ValueError):
    """The address cannot be used: one sentence that names the part at fault and never repeats a value of it."""


def read(query: str) -> dict[str, str]:
    """The parameters behind the `?`, decoded. Raises UrlError for an unknown one and for one that is given twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=100)
    except ValueError:
        raise UrlError("The parameters of the database URL must be name=value, joined by &.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in _KNOWN:
            shown = name if re.fullmatch(r"[\w.-]{1,40}", name, re.ASCII) else "of unreadable name"
            raise UrlError(f"The database URL has an unknown parameter {shown}.")
        found = once(found, {name: value})
    return found


def once(given: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    """Both together. Raises UrlError where they share a name: which of the two was meant, nobody knows."""
    for name in given.keys() & more.keys():
        raise UrlError(f"The database URL gives {name} twice.")
    return given | more


def asyncpg_arguments(given: Mapping[str, str]) -> dict[str, object]:
    """What `asyncpg.connect` takes beside the address: `ssl`, `timeout`, `server_settings` and so on."""
    for name, allowed in {**_WITHOUT_EFFECT, "target_session_attrs": _SESSIONS}.items():
        _one_of(name, given.get(name, allowed[0]), allowed)
    found: dict[str, object] = {name: given[name] for name in ("passfile", "target_session_attrs") if name in given}
    if "connect_timeout" in given:
        found["timeout"] = _seconds(given["connect_timeout"])
    settings = _options(given.get("options", ""))
    if "application_name" in given:
        settings["application_name"] = given["application_name"]
    return found | ({"server_settings": settings} if settings else {}) | _tls(given)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UrlError(f"{name} in the database URL must be one of {', '.join(allowed)}.")


def _seconds(text: str) -> float | None:
    """Seconds; 0 waits for ever, as in libpq."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise UrlError("connect_timeout in the database URL must be a whole number of seconds.")
    return float(text) or None


def _options(text: str) -> dict[str, str]:
    """`-c name=value --other-name=value`, a backslash before what stands for itself (PostgreSQL, `pg_split_opts`)."""
    settings: dict[str, str] = {}
    rest = text.strip()
    while rest:
        match = _OPTION.match(rest)
        if match is None:
            raise UrlError("options in the database URL must be of the form -c name=value.")
        settings[match["name"].replace("-", "_")] = re.sub(r"\\(.)", r"\1", match["value"], flags=re.DOTALL)
        rest = rest[match.end() :]
    return settings


def _tls(given: Mapping[str, str]) -> dict[str, object]:
    """The name of the mode where no file is named, so that asyncpg applies its own default files; else a context."""
    if "sslmode" in given and "ssl" in given:
        raise UrlError("The database URL gives sslmode twice: ssl means the same.")
    mode = given.get("sslmode", given.get("ssl"))
    files = {name: given[name] for name in _TLS_FILES if given.get(name)}
    if mode is not None:
        _one_of("sslmode", mode, _TLS_MODES)
    if not files:
        return {} if mode is None else {"ssl": mode}
    if mode not in _VERIFIED:
        raise UrlError(f"{next(iter(files))} in the database URL needs an sslmode of {', '.join(_VERIFIED)}.")
    if "sslrootcert" not in files and mode != "require":
        raise UrlError(f"sslmode={mode} in the database URL needs sslrootcert: a file, or system.")
    return {"ssl": _context(mode, files)}


def _context(mode: str, files: Mapping[str, str]) -> ssl.SSLContext:
    """With a root certificate `require` verifies the chain, as libpq does, and only `verify-full` the host's name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    _trust(context, files.get("sslrootcert"))
    if "sslkey" in files and "sslcert" not in files:
        raise UrlError("sslkey in the database URL needs sslcert.")
    if "sslcert" in files:
        # An empty password, so that an encrypted key is an error and not a question on the terminal.
        _load("sslcert", lambda: context.load_cert_chain(files["sslcert"], files.get("sslkey"), lambda: ""))
    return context


def _trust(context: ssl.SSLContext, root: str | None) -> None:
    if root is None:
        context.verify_mode = ssl.CERT_NONE
    elif root != "system":
        _load("sslrootcert", lambda: context.load_verify_locations(cafile=root))
    elif context.check_hostname:
        context.load_default_certs()
    else:  # anybody can have a certificate of a public authority: only the name tells the server (libpq refuses it too)
        raise UrlError("sslrootcert=system in the database URL needs sslmode=verify-full.")


def _load(name: str, load: Callable[[], None]) -> None:
    try:
        load()
    except OSError as error:  # SSLError is one of them
        reason = "is not a readable certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise UrlError(f"{name} in the database URL cannot be used: {reason}.") from None
