"""Access tokens as nobody may make them: signed with the real keys of a server, or with what is no key of it."""

import base64
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.credentials.signing_keys import KeyRing, thumbprint
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service

Header = dict[str, Any]
Claims = dict[str, Any]
WITHOUT = object()  # in place of a value: leave the member out


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def part(content: object) -> str:
    return base64url(json.dumps(content).encode())


@dataclass(frozen=True)
class Forge:
    """Makes tokens for the session of an account, each wrong in what it is told."""

    account: Account
    other: Account
    kid: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    @property
    def pem(self) -> bytes:
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def jwk(self, private: Ed25519PrivateKey | None = None) -> dict[str, str]:
        """The public half of a key, ours where none is given, as a JSON Web Key."""
        x = (private or self.private).public_key().public_bytes_raw()
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(x), "kid": thumbprint(x), "alg": "EdDSA", "use": "sig"}

    def header(self, **changes: Any) -> Header:
        return _changed({"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid}, changes)

    def claims(self, **changes: Any) -> Claims:
        now = int(time.time())
        ids = {"sub": str(self.account.id), "sid": str(self.account.credential_id), "jti": str(uuid4())}
        return _changed({"iss": "taxiway", "aud": "taxiway", "iat": now, "exp": now + 600, **ids}, changes)

    def token(
        self, header: Header | None = None, claims: object = None, private: Ed25519PrivateKey | None = None
    ) -> str:
        """Signed with our key, or with another one."""
        signed = f"{part(header or self.header())}.{part(self.claims() if claims is None else claims)}"
        return f"{signed}.{base64url((private or self.private).sign(signed.encode()))}"

    def with_claims(self, **changes: Any) -> str:
        return self.token(claims=self.claims(**changes))

    def with_header(self, **changes: Any) -> str:
        return self.token(self.header(**changes))

    def by_stranger(self, **header: Any) -> str:
        """A well-made token of somebody who has a key of their own; `jwk=True` puts that into the header."""
        stranger = Ed25519PrivateKey.generate()
        given = {name: self.jwk(stranger) if value is True else value for name, value in header.items()}
        return self.token(self.header(**given), private=stranger)

    def with_mac(self, secret: bytes, algorithm: str = "HS256") -> str:
        """By a secret that is none: what everybody may read."""
        signed = f"{part(self.header(alg=algorithm))}.{part(self.claims())}"
        return f"{signed}.{base64url(hmac.digest(secret, signed.encode(), sha256))}"

    def unsigned(self, algorithm: str, signature: str = "") -> str:
        return f"{part(self.header(alg=algorithm))}.{part(self.claims())}.{signature}"


def _changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not WITHOUT}


async def forge(service: Service, role: str = "USER") -> Forge:
    """For two new accounts."""
    key = await KeyRing(service.lifecycle.db).current()
    account, other = [await service.accounts.make(role) for _ in range(2)]
    return Forge(account, other, key.kid, key.private)
