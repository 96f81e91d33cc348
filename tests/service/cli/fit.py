"""Settings that production takes, and what `serve` would say of others."""

from __future__ import annotations

import base64
from typing import Any

from pydantic import SecretStr

from service.address import Address
from service.cli.preparation import refusals
from service.settings import Settings

FOREIGN, LOOPBACK = Address("0.0.0.0", 50051), Address("127.0.0.1", 50051)  # noqa: S104 - Nothing listens there.


def key(content: bytes) -> SecretStr:
    return SecretStr(base64.b64encode(content).decode())


def url(rest: str) -> SecretStr:
    return SecretStr(f"postgresql://taxiway:canary@{rest}")


KEY = key(bytes(range(32)))
VERIFIED = url("db.example/taxiway?sslmode=verify-full&sslrootcert=system")
FIT = {"mode": "production", "database_url": VERIFIED, "secret_key": KEY}


def refused(**given: Any) -> list[str]:
    return refusals(Settings(**given))
