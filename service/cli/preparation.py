"""What a command does before anything else: read the settings, refuse what cannot be served, set logging up."""

from __future__ import annotations

from urllib.parse import unquote

from service import logging, secret_key, settings
from service.cli import production
from service.cli.combinations import contradictions
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
    """Why `serve` would not start with these settings, a sentence each. Reads the files that they name."""
    return [
        *(production.weaknesses(given) if given.mode == "production" else []),
        *contradictions(given),
        *_faults_of_certificates(given),
        *_faults_of_key(given),
        *_faults_of_url(given),
    ]


def _refusals_of_database(given: Settings) -> list[str]:
    return production.weaknesses_of_database(given) if given.mode == "production" else []


def _faults_of_certificates(given: Settings) -> list[str]:
    from service import certificates

    files = certificates.files_of(given)
    if files is None:
        return []
    try:
        outside = certificates.read(files).outside(certificates.now())
    except StartupError as error:
        return [str(error)]
    refused = outside is not None and given.mode == "production"
    return [f"TAXIWAY_MODE=production refuses a certificate that does not hold: {outside}"] if refused else []


def _faults_of_key(given: Settings) -> list[str]:
    """That there is none is no fault with the embedded database, and production says it in its own words."""
    if given.secret_key is None and (given.database_url is None or given.mode == "production"):
        return []
    try:
        secret_key.load(given, embedded=False)
    except StartupError as error:
        return [str(error)]
    return []


def _faults_of_url(given: Settings) -> list[str]:
    if given.database_url is None:
        return []
    from persistence.url import UrlError, parse

    try:
        parse(given.database_url.get_secret_value())
    except UrlError as error:
        return [str(error)]
    return []


def _secret_texts(given: Settings) -> list[str]:
    """What must not appear in the log even where a library quotes it: the secrets, and the password in the URL."""
    secrets = [secret.get_secret_value() for secret in (given.database_url, given.secret_key) if secret is not None]
    keys = [key.strip() for secret in secrets for key in secret.split(",")]
    passwords = [secret.partition("://")[2].rpartition("@")[0].partition(":")[2] for secret in secrets]
    return [*secrets, *keys, *passwords, *map(unquote, passwords)]
