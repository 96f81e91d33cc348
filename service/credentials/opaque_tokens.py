"""Tokens that mean nothing but a row of ours: API keys (`twk_`), refresh tokens (`twr_`), reset tokens (`twp_`)."""

from __future__ import annotations

import hmac
import math
import os
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Prefix = Literal["twk_", "twr_", "twp_"]

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_ID, _SECRET, _MAC, _CHECKSUM = 16, 32, 16, 4  # bytes
SECRET_BYTES: dict[Prefix, int] = {"twk_": _SECRET, "twr_": _SECRET + _MAC, "twp_": 16}


@dataclass(frozen=True, slots=True)
class Opaque:
    """What a token carries: the id of its row, by which it is looked up, and the secret, which is then compared."""

    row_id: UUID
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`genuine`: made by this service, if not the newest of its session; else somebody guesses."""

    session_id: UUID
    secret: bytes = field(repr=False)
    genuine: bool


def make(prefix: Prefix, row_id: UUID, secret: bytes) -> str:
    """Prefix and base62 of id, secret (`SECRET_BYTES` of the prefix) and CRC-32, by which scanners know a leaked one.

    Raises ValueError for a secret of another length.
    """
    if len(secret) != SECRET_BYTES[prefix]:
        raise ValueError(f"a secret of {SECRET_BYTES[prefix]} bytes belongs to {prefix}, not one of {len(secret)}")
    content = row_id.bytes + secret
    return prefix + _text(content + _checksum(prefix, content))


def parse(prefix: Prefix, text: str) -> Opaque | None:
    """What `make` made this very text of; None for any other, before anything is asked of the database."""
    size = _ID + SECRET_BYTES[prefix] + _CHECKSUM
    whole = _bytes(text.removeprefix(prefix), size) if text.startswith(prefix) else None
    if whole is None:
        return None
    content, checksum = whole[:-_CHECKSUM], whole[-_CHECKSUM:]
    return Opaque(UUID(bytes=content[:_ID]), content[_ID:]) if checksum == _checksum(prefix, content) else None


def digest(secret: bytes) -> bytes:
    """What is stored of a secret: SHA-256. It is random in full length, so that nothing slower protects it better."""
    return sha256(secret).digest()


class RefreshTokens:
    """Refresh tokens carry a MAC: an old one of ours is told from a guess without a hash of each that ever was.

    HMAC-SHA-256, cut to 16 bytes, by a key derived (HKDF-SHA256) of each of the service's keys: the newest makes it,
    all of them verify.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(HKDF(SHA256(), 32, None, b"refresh_token").derive(key) for key in keys)

    def make(self, session_id: UUID) -> tuple[str, bytes]:
        """A new token with 256 random bits, and the digest of them to store."""
        secret = os.urandom(_SECRET)
        text = make("twr_", session_id, secret + _mac(self._keys[0], session_id, secret))
        return text, digest(secret)

    def parse(self, text: str) -> RefreshToken | None:
        """What the token carries; None for a text that is none."""
        opaque = parse("twr_", text)
        if opaque is None:
            return None
        secret, given = opaque.secret[:_SECRET], opaque.secret[_SECRET:]
        genuine = any(hmac.compare_digest(given, _mac(key, opaque.row_id, secret)) for key in self._keys)
        return RefreshToken(opaque.row_id, secret, genuine)


def _mac(key: bytes, session_id: UUID, secret: bytes) -> bytes:
    return hmac.digest(key, session_id.bytes + secret, "sha256")[:_MAC]


def _checksum(prefix: Prefix, content: bytes) -> bytes:
    return zlib.crc32(prefix.encode() + content).to_bytes(_CHECKSUM)


def _text(content: bytes) -> str:
    """Base62, as many digits as the largest number of that many bytes has."""
    number, digits = int.from_bytes(content), ""
    for _ in range(_digits(len(content))):
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits


def _bytes(text: str, size: int) -> bytes | None:
    if len(text) != _digits(size) or not _VALUE.keys() >= set(text):
        return None
    number = 0
    for character in text:
        number = number * 62 + _VALUE[character]
    return number.to_bytes(size) if number < 1 << 8 * size else None


def _digits(size: int) -> int:
    return math.ceil(size * 8 / math.log2(62))
