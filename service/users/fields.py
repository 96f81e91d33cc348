"""The kinds of fields that an account has beyond plain text, each with its rule."""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from persistence.types import ACCESS_SCOPES as SCOPES
from service.fields import BoundedText, caseless

State = Literal["ACTIVE", "SUSPENDED"]

ANNOTATIONS = 64  # entries of one user
ANNOTATION_BYTES = 16 << 10  # so that a page of users stays a page
CERTIFICATE_URIS = 10  # of one account
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f.]+(\.[^\s@\x00-\x1f\x7f.]+)*")
_PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
_URI = re.compile(r"(?=.{1,512}\Z)[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]*", re.ASCII)
_address = BoundedText(3, 254)
_annotation_key = BoundedText(1, 63)
_annotation_value = BoundedText(0, 1000)


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    """The names that the package tzdata lists, the same on every server; read once, and not at import."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}


def _username(value: str) -> str:
    if not _USERNAME.fullmatch(value):
        raise ValueError("must consist of ASCII letters, digits and `._-`, and begin with a letter or digit")
    return value


def _email(value: str | None) -> str | None:
    if not value:
        return None
    text = _address(value)
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be a mail address, as in ada@example.com")
    if len(caseless(text)) > _address.longest:  # one code point may become 18, and an index entry has its limit
        raise ValueError(f"must have at most {_address.longest} code points without case (NFKC, casefold) too")
    return text


def _phone_number(value: str | None) -> str | None:
    if not value:
        return None
    if not _PHONE_NUMBER.fullmatch(value):
        raise ValueError("must be a number in E.164, as in +4930123456: `+` and 2 to 15 digits, the first not 0")
    return value


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        raise ValueError("must be an IANA time zone, as in Europe/Berlin")
    return value


def merged_annotations(value: dict[str, str]) -> dict[str, str]:
    """The annotations in NFC. Raises ValueError where they break a limit."""
    if len(value) > ANNOTATIONS:
        raise ValueError(f"must have at most {ANNOTATIONS} entries, not {len(value)}")
    if sum(len(key.encode()) + len(text.encode()) for key, text in value.items()) > ANNOTATION_BYTES:
        raise ValueError(f"must have at most {ANNOTATION_BYTES} bytes of UTF-8, keys and values together")
    try:
        checked = {_annotation_key(key): _annotation_value(text) for key, text in value.items()}
    except ValueError as fault:
        raise ValueError(f"has a key (1 to 63 code points) or a value (up to 1000) that {fault}") from None
    if len(checked) < len(value):
        raise ValueError("has two keys that are the same text in NFC")
    return checked


def _scopes(value: Sequence[str]) -> list[str]:
    """In one order, whatever order they come in. Before each is looked at: half a million would name as many faults."""
    if len(value) > len(SCOPES) or len(set(value)) < len(value) or not set(value) <= set(SCOPES):
        raise ValueError(f"must be some of {', '.join(SCOPES)}, each at most once")
    return [scope for scope in SCOPES if scope in value]


def _certificate_uris(value: Sequence[str]) -> list[str]:
    if len(value) > CERTIFICATE_URIS or len(set(value)) < len(value):
        raise ValueError(f"must be at most {CERTIFICATE_URIS} URIs, each at most once")
    if not all(_URI.fullmatch(uri) for uri in value):
        raise ValueError("must be URIs of 1 to 512 printable ASCII characters, as in spiffe://example.com/billing")
    return list(value)


Username = Annotated[str, AfterValidator(BoundedText(1, 63)), AfterValidator(_username)]
Email = Annotated[str | None, AfterValidator(_email)]
PhoneNumber = Annotated[str | None, AfterValidator(_phone_number)]
DisplayName = Annotated[str, AfterValidator(BoundedText(0, 200))]
TimeZone = Annotated[str, AfterValidator(BoundedText(1, 64)), AfterValidator(_time_zone)]
Annotations = Annotated[dict[str, str], AfterValidator(merged_annotations)]
Scopes = Annotated[list[str], BeforeValidator(_scopes)]
CertificateUris = Annotated[list[str], BeforeValidator(_certificate_uris)]
