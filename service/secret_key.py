"""The secret key: it signs page tokens and seals stored answers. Two of them while one replaces the other."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from service.errors import StartupError
from service.settings import Settings

SIZE = 32  # bytes
FILE = "secret_key"
MAKE_ONE = "openssl rand -base64 32"


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """One or two keys of 32 bytes each: `values[0]`, the newest, signs and seals; all of them verify and open."""

    values: tuple[bytes, ...] = field(repr=False)


def load(settings: Settings, *, embedded: bool) -> SecretKeys:
    """The key of the settings; with the embedded database else the one in its directory, made there once.

    Raises StartupError where another database has no key with it, or where a key is not well formed.
    """
    if settings.secret_key is not None:
        return parse(settings.secret_key.get_secret_value(), "The secret key in the settings")
    if not embedded:
        raise StartupError(
            "A database of your own needs a secret key: let TAXIWAY_SECRET_KEY_FILE name a file "
            f"that holds one, such as `{MAKE_ONE}` prints."
        )
    path = settings.data_dir / FILE
    try:
        return parse(_read_or_make(path), f"The secret key in {path}")
    except OSError as error:
        raise StartupError(f"The secret key in {path} cannot be read or made: {error.strerror}.") from None


def parse(text: str, what: str) -> SecretKeys:
    """Reads one or two keys in base64, with either alphabet; `what` names them in the StartupError that it raises."""
    parts = text.strip().split(",")
    if len(parts) > 2:
        raise StartupError(
            f"{what} is a list of {len(parts)} keys: give one, or two while the newer replaces the older."
        )
    keys = tuple(_decode(part.strip(), what) for part in parts)
    if len(set(keys)) < len(keys):
        raise StartupError(f"{what} is the same key twice.")
    return SecretKeys(keys)


def _decode(text: str, what: str) -> bytes:
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != SIZE:
        raise StartupError(f"{what} is not the base64 form of {SIZE} bytes: `{MAKE_ONE}` prints one that is.")
    return key


def _read_or_make(path: Path) -> str:
    if not path.exists():
        _make(path)
    return path.read_text(encoding="ascii", errors="replace")


def _make(path: Path) -> None:
    """Written beside its place and renamed when it is on the disk: a crash leaves a whole key or none.

    The caller holds the lock of the data directory, so that no other process makes one at the same time.
    """
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # O_EXCL, 0600
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(SIZE)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(unfinished).rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
