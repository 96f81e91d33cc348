"""Authenticated encryption of single values with the service's keys, which can be rotated (database.md, R12)."""

import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_ID, _NONCE = 4, 12  # bytes that stand before the ciphertext


class SealError(Exception):
    """The bytes were not sealed with one of these keys for this place, or were changed."""


class Sealer:
    """AES-256-GCM with a key for one purpose, derived (HKDF-SHA256) of each of the service's keys, the newest first.

    A sealed value is key id (4 bytes), nonce (12 bytes), ciphertext and tag (16 bytes).
    """

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        derived = [HKDF(SHA256(), 32, None, purpose.encode()).derive(key) for key in keys]
        self._ciphers = {sha256(key).digest()[:_ID]: AESGCM(key) for key in derived}
        self._newest = next(iter(self._ciphers))
        self._marking = [HKDF(SHA256(), 32, None, f"{purpose}.mark".encode()).derive(key) for key in keys]

    def marks(self, value: bytes) -> list[bytes]:
        """HMAC-SHA-256 of a value by each key, the newest first: what may be compared, and not guessed, in a dump."""
        return [hmac.digest(key, value, "sha256") for key in self._marking]

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it; no other one needs to be kept for it then."""
        return sealed[:_ID] == self._newest

    def seal(self, place: bytes, plaintext: bytes) -> bytes:
        """Encrypts for a place: that of `place` below, or whatever else the value must not leave."""
        nonce = os.urandom(_NONCE)
        return self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, plaintext, place)

    def open(self, place: bytes, sealed: bytes) -> bytes:
        """The plaintext; raises SealError for another place, an unknown key, or bytes that were changed."""
        cipher = self._ciphers.get(sealed[:_ID])
        if cipher is None or len(sealed) < _ID + _NONCE:
            raise SealError("sealed with an unknown key")
        try:
            return cipher.decrypt(sealed[_ID : _ID + _NONCE], sealed[_ID + _NONCE :], place)
        except InvalidTag:
            raise SealError("sealed for another place, or changed") from None


def place(table: str, column: str, row_id: bytes) -> bytes:
    """Where a sealed value stands: moved to another row or column, it opens no more."""
    return f"{table}.{column}:".encode() + row_id


@dataclass(frozen=True, slots=True)
class Sealers:
    """What a unit seals with: one for each purpose, all of the same keys."""

    requests: Sealer
    personal: Sealer
    signing: Sealer


def sealers(keys: Sequence[bytes]) -> Sealers:
    """`keys` are the service's own, the newest first."""
    return Sealers(Sealer(keys, "requests.answer"), Sealer(keys, "personal_data"), Sealer(keys, "signing_keys"))
