"""What a command does before anything else: read the settings, refuse what the mode refuses, set logging up."""

from __future__ import annotations

from urllib.parse import unquote

from service import logging, settings
from service.errors import StartupError
from service.settings import Settings


def prepare(*, serving: bool) -> Settings:
    """The settings, checked for what the command needs. Raises StartupError with a line for each fault."""
    found = settings.load()
    refused = refusals(found) if serving else _refusals_of_database(found)
    if refused:
        raise StartupError("\n".join(refused))
    logging.configure(found.log_level, found.log_format, _secret_texts(found))
    return found


def refusals(given: Settings) -> list[str]:
    """Why `serve` would not start with these settings, a sentence each."""
    return [*_refusals_of_database(given), *_refusals_of_key(given), *_refusals_of_address(given)]


def _refusals_of_database(given: Settings) -> list[str]:
    if given.mode == "development" or given.database_url is not None:
        return []
    return [
        "TAXIWAY_MODE=production refuses the embedded database: "
        "set TAXIWAY_DATABASE_URL_FILE (or TAXIWAY_DATABASE_URL) to a PostgreSQL of your own."
    ]


def _refusals_of_key(given: Settings) -> list[str]:
    if given.mode == "development" or given.secret_key is not None:
        return []
    return [
        "TAXIWAY_MODE=production refuses to make a secret key: let TAXIWAY_SECRET_KEY_FILE "
        "name a file that holds one, such as `openssl rand -base64 32` prints."
    ]


def _refusals_of_address(given: Settings) -> list[str]:
    if given.listen.is_loopback:
        return []
    because = "every call runs as a built-in administrator until access control lands"
    if given.mode == "production":
        because = f"TAXIWAY_MODE=production refuses plaintext off loopback, there is no TLS yet, and {because}"
    return [f"TAXIWAY_LISTEN must have a loopback host (127.0.0.1, [::1] or localhost): {because}."]


def _secret_texts(given: Settings) -> list[str]:
    """What must not appear in the log even where a library quotes it: the secrets, and the password in the URL."""
    secrets = [secret.get_secret_value() for secret in (given.database_url, given.secret_key) if secret is not None]
    keys = [key.strip() for secret in secrets for key in secret.split(",")]
    passwords = [secret.partition("://")[2].rpartition("@")[0].partition(":")[2] for secret in secrets]
    return [*secrets, *keys, *passwords, *map(unquote, passwords)]
