"""Hashes of passwords that were made elsewhere: which of them can be taken over (ImportUsers)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

# What the reference implementation reads: no leading zeros, the parameters in this order, base64 without padding.
_NUMBER = r"([1-9][0-9]{0,9})"
_BASE64 = r"([A-Za-z0-9+/]+)"
_ARGON2 = re.compile(
    rf"\$argon2(?:id|i|d)(?:\$v=(?:16|19))?\$m={_NUMBER},t={_NUMBER},p={_NUMBER}\${_BASE64}\${_BASE64}"
)
# The last characters of salt and hash carry 2 and 4 bits: the others of their bits are zero.
_BCRYPT = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]")


def is_bcrypt(stored: str) -> bool:
    return stored.startswith("$2")


def fault(stored: str) -> str | None:
    """Why this hash cannot be taken over, as in `must ...`; None where it can, and is then verified without an error.

    Taken are argon2id, argon2i and argon2d up to 256 MiB, 10 passes and 8 lanes, and bcrypt of cost 4 to 14:
    a costlier one would let its owner's sign-in stop those of others.
    """
    if stored.startswith("$argon2"):
        return _argon2_fault(stored)
    if is_bcrypt(stored):
        return _bcrypt_fault(stored)
    return "must be a hash by argon2 or bcrypt, with the parameters in it"


def _argon2_fault(stored: str) -> str | None:
    match = _ARGON2.fullmatch(stored)
    if match is None:
        return "must be a well-formed hash by argon2"
    memory, time, lanes = int(match[1]), int(match[2]), int(match[3])
    if memory > 256 << 10 or time > 10 or lanes > 8:
        return "must have a cost of argon2 of at most m=262144, t=10, p=8"
    if memory < 8 * lanes or not 8 <= _size(match[4]) <= 64 or not 16 <= _size(match[5]) <= 64:
        return "must be a well-formed hash by argon2, with 8 to 64 bytes of salt and 16 to 64 of hash"
    return None


def _bcrypt_fault(stored: str) -> str | None:
    match = _BCRYPT.fullmatch(stored)
    if match is None:
        return "must be a well-formed hash by bcrypt, of the kind $2a$, $2b$ or $2y$"
    if not 4 <= int(match[1]) <= 14:
        return "must have a cost of bcrypt of 4 to 14"
    return None


def _size(text: str) -> int:
    """The number of bytes in base64 without padding; 0 where it is not their one canonical form."""
    if len(text) % 4 == 1:
        return 0
    decoded = b64decode(text + "=" * (-len(text) % 4))
    return len(decoded) if b64encode(decoded).decode().rstrip("=") == text else 0
